"""Commands with `--engine ray`: what they come to is what they come to here, whatever happens meanwhile."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from databases.models import Answer, Embedding, Image, Model
from databases.schema import open_for_writing
from tests.drawing import draw, draw_class_folders, encode, picture
from tests.processes import free_port, talking
from tests.training.cli.conftest import Menagerie, command
from tests.training.cli.predict.conftest import answers
from tests.training.cluster.conftest import RAY_IS_OLD, Joined, kill
from tests.training.making import add_tiny_bundle, take_in
from tests.waiting import SECONDS, wait_until

pytest.importorskip("ray", reason="Ray is not installed here: make test-cluster")
pytestmark = RAY_IS_OLD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures for three steps, and some that cannot be read, or hardly be named."""
    folder = draw_class_folders(tmp_path / "colours", 24)
    (folder / "red" / "cut.jpg").write_bytes(picture("red")[:300])
    (folder / "red" / "words.jpg").write_text("no picture at all")
    (folder / "blue" / os.fsdecode(b"caf\xe9\n.jpg")).write_bytes(picture("blue", 90))
    return folder


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder that keeps two cores busy for a while: large pictures, all of them one file."""
    folder = tmp_path / "many"
    folder.mkdir()
    first = folder / "0000.jpg"
    first.write_bytes(encode(draw("green", size=(1200, 800))))
    for number in range(1, 1_500):
        os.link(first, folder / f"{number:04}.jpg")
    return folder


@pytest.fixture
def champion(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_predict_writes_the_same_bytes(
    menagerie: Menagerie, cluster: Any, folder: Path, tmp_path: Path, suffix: str
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("file_path,label\ncolours/red/1.jpg,\ncolours/red/none.jpg,\n")
    here, there = tmp_path / f"here.{suffix}", tmp_path / f"there.{suffix}"
    told = menagerie("predict", folder, table, "--out", here).out
    ran = menagerie("predict", folder, table, "--out", there, "--engine", "ray", "--address", cluster.address)
    assert (ran.code, ran.out) == (0, told), ran.err
    assert there.read_bytes() == here.read_bytes()
    assert "none.jpg" in there.read_text()


@pytest.mark.usefixtures("champion")
def test_predict_goes_on_after_a_node_and_then_the_command_itself_were_killed(
    menagerie: Menagerie,
    environment: dict[str, str],
    cluster: Any,
    second_node: Joined,
    many: Path,
    tmp_path: Path,
) -> None:
    out, whole = tmp_path / "out.csv", tmp_path / "whole.csv"
    typed = ("predict", many, "--out", out, "--engine", "ray", "--address", cluster.address)

    def rows() -> int:
        return out.read_bytes().count(b"\n") if out.exists() else 0

    with second_node() as node, talking(command(*typed), environment) as process:
        wait_until(lambda: rows() > 100)
        kill(cluster, node)
        after = rows()
        wait_until(lambda: rows() > after + 100)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=SECONDS)
    ran = menagerie(*typed)
    assert ran.code == 0, ran.err
    assert "pictures answered in" in ran.out
    menagerie("predict", many, "--out", whole)
    assert out.read_bytes() == whole.read_bytes()
    assert len(answers(out)) == 1_500


def test_index_keeps_the_same_embeddings_and_answers(
    menagerie: Menagerie, cluster: Any, engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    take_in(engine, draw_class_folders(tmp_path / "colours", 24))
    add_tiny_bundle(engine, bundles, promoted=True)
    add_tiny_bundle(engine, bundles, "colours-2", embedder="another")
    assert menagerie("index", "--version", "colours-1").code == 0
    ran = menagerie("index", "--version", "colours-2", "--engine", "ray", "--address", cluster.address)
    assert ran.code == 0, ran.err
    assert "(72 pictures added)" in ran.out

    def kept(version: str, table: Any, *columns: Any) -> list[Any]:
        with Session(engine) as session:
            query = select(table.image_id, *columns).join(Model, Model.id == table.model_id)
            return list(session.execute(query.where(Model.version == version).order_by(table.image_id)))

    for columns in ((Embedding, Embedding.vector), (Answer, Answer.label, Answer.score, Answer.agreement)):
        here, there = (kept(version, *columns) for version in ("colours-1", "colours-2"))
        assert len(here) == 72
        assert here == there


def test_ingest_writes_the_same_rows(
    menagerie: Menagerie, cluster: Any, folder: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    def ingest(name: str, *more: str) -> list[tuple[object, ...]]:
        environment["DATABASE_URL"] = url = f"sqlite:///{tmp_path / name}.db"
        ran = menagerie("ingest", folder, "--copy-to", tmp_path / f"{name}-store", *more)
        assert ran.code == 0, ran.err
        engine = open_for_writing(url)
        columns = [column for column in Image.__table__.columns if column.name != "ingested_at"]
        with Session(engine) as session:
            rows = [tuple(row) for row in session.execute(select(*columns).order_by(Image.uri))]
        engine.dispose()
        return rows

    here, there = ingest("here"), ingest("there", "--engine", "ray", "--address", cluster.address)
    assert len(here) == 74
    assert here == there
    stores = [tmp_path / "here-store", tmp_path / "there-store"]
    stored = [sorted(path.relative_to(store) for path in store.rglob("*.*")) for store in stores]
    assert len(stored[0]) == 72
    assert stored[0] == stored[1]


@pytest.mark.usefixtures("champion")
def test_a_cluster_of_this_machine_alone_is_started_where_none_is_named(
    run_process: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    ran = run_process("predict", folder / "red", "--out", out, "--engine", "ray")
    assert (ran.code, len(answers(out))) == (0, 26), ran.err
    assert not [line for line in ran.err.splitlines() if "Answering" not in line], ran.err


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("nowhere", "'nowhere' is no address of a cluster: name its first machine as HOST:PORT"),
        ("ray://127.0.0.1:10001", "is no address of a cluster"),
        ("127.0.0.1:{free}", "no Ray cluster can be reached at 127.0.0.1:"),
    ],
)
def test_a_cluster_that_does_not_answer_is_one_line(
    menagerie: Menagerie, folder: Path, address: str, told: str
) -> None:
    where = address.format(free=free_port())
    error = menagerie("predict", folder, "--engine", "ray", "--address", where).error
    assert told in error
