"""Rows of a library that no database holds, and libraries of drawn pictures that one does."""

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.manifest import read_manifest
from databases import library, registry
from databases.library import LibraryImage, Split
from databases.registry import RegisteredModel
from tests.tiny_bundle import make_bundle
from training.duplicates.grouping import LookCloser
from training.ingestion.run import IngestReport, SplitPlan, ingest
from training.ingestion.sources import open_source
from training.progress import Progress, Silent

PLAN = SplitPlan()
SILENT = Silent()


def image(
    number: int,
    label: str | None,
    split: Split | None = None,
    content: str = "",
    group: int | None = None,
) -> LibraryImage:
    """A picture with id `number`; the same `content` makes copies, the same `group` look-alikes."""
    return LibraryImage(
        id=number,
        root="drawn",
        root_uri="/drawn",
        uri=f"{label}/{number}.jpg",
        file_name=f"{number}.jpg",
        bytes=1000,
        width=48,
        height=32,
        format="JPEG",
        sha256=hashlib.sha256((content or str(number)).encode()).hexdigest(),
        label=label,
        split=split,
        task="drawn",
        duplicate_group=group,
    )


def take_in(
    engine: Engine,
    source: Path,
    task: str = "colours",
    *,
    name: str | None = None,
    plan: SplitPlan = PLAN,
    progress: Progress = SILENT,
    look_closer: LookCloser | None = None,
) -> IngestReport:
    """Ingests a folder or table."""
    return ingest(
        engine,
        open_source(source),
        name=name or task,
        task=task,
        plan=plan,
        progress=progress,
        look_closer=look_closer,
    )


def pictures_of(engine: Engine, task: str = "colours") -> dict[str, LibraryImage]:
    """The usable pictures of a task, by URI."""
    with Session(engine) as session:
        return {image.uri: image for image in library.task_images(session, task)}


def add_tiny_bundle(
    engine: Engine, bundles: Path, version: str = "colours-1", *, promoted: bool = False, **changes: Any
) -> RegisteredModel:
    """Makes a tiny bundle that tells red, green and blue apart, and registers it."""
    manifest = read_manifest(make_bundle(bundles, version, **changes))
    with Session(engine) as session, session.begin():
        registry.register(session, manifest, None)
        if promoted:
            registry.promote(session, version)
        return registry.get_model(session, version)


class Told(Silent):
    """Keeps the lines that people would be told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def tell(self, line: str) -> None:
        self.lines.append(line)
