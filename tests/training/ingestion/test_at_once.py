"""Several who write, and those who read meanwhile, on one database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from databases import library
from databases.schema import open_for_serving, open_for_writing
from tests.drawing import draw_class_folders

PER_LABEL = 300
SECONDS = 240


def start(folder: Path, url: str, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "training.cli.main", "ingest", str(folder), *options],
        env=os.environ | {"DATABASE_URL": url, "MENAGERIE_BUNDLES": str(folder.parent / "bundles")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three, of which no two hold the same picture."""
    parent = tmp_path_factory.mktemp("pictures")
    return [draw_class_folders(parent / f"colours-{n}", PER_LABEL, first=n * PER_LABEL) for n in range(3)]


@pytest.mark.parametrize("one_task", [False, True], ids=["tasks of their own", "one task"])
def test_ingests_at_once_and_readers_never_meet_a_locked_database(
    tmp_path: Path, folders: list[Path], one_task: bool
) -> None:
    url = f"sqlite:///{tmp_path / 'images.db'}"
    open_for_writing(url).dispose()
    options = ("--task", "colours") if one_task else ()
    processes = [start(folder, url, *options) for folder in folders]
    engine, reads = open_for_serving(url, read_only=True), 0
    while any(process.poll() is None for process in processes):
        with Session(engine) as session:
            library.tasks(session)
            library.count_labels(session, "colours")
        reads += 1
    told = [process.communicate(timeout=SECONDS)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    assert reads > 10
    with Session(engine) as session:
        tasks = {"colours"} if one_task else {folder.name for folder in folders}
        assert set(library.tasks(session)) == tasks
        images = [image for task in tasks for image in library.task_images(session, task)]
    engine.dispose()
    assert len(images) == 3 * 3 * PER_LABEL
    assert all(image.split for image in images)
