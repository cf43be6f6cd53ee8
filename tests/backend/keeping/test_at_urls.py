"""A state whose bundles, reports and sent pictures lie at URLs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.api.settings import Settings
from backend.bundles.places import open_bundles
from backend.keeping.backup import back_up
from backend.keeping.errors import CannotBackUp, CannotRestore
from backend.keeping.restoring import restore
from backend.keeping.swapping import Swap
from databases.models import Root
from databases.places import RemoteFile
from tests.backend.api.conftest import Library
from tests.backend.bundles.shop import Shop
from tests.backend.keeping.conftest import ask, send, serving
from tests.drawing import picture
from training.progress import Silent

TRACK = Silent().track
KEPT = RemoteFile("memory://kept")
REPORT = KEPT / "reports" / "colours-1" / "report.html"


@pytest.fixture
def shop(small_library: Library) -> Iterator[Shop]:
    shop = Shop(small_library.bundles)
    yield shop
    shop.close()


@pytest.fixture
def elsewhere(small_library: Library, shop: Shop, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a machine that has only the database and a cache."""
    changes = {
        "bundles": RemoteFile(shop.url),
        "reports": KEPT / "reports",
        "uploads": KEPT / "uploads",
        "cache": tmp_path / "cache",
    }
    REPORT.write_bytes(b"how good it is")
    yield small_library.settings.model_copy(update=changes)
    KEPT.remove_all()


@pytest.fixture
def in_store(small_library: Library, elsewhere: Settings) -> Settings:
    """The same with bundles where one can write."""
    for path in (small_library.bundles / "colours-1").iterdir():
        (KEPT / "bundles" / "colours-1" / path.name).send(path)
    return elsewhere.model_copy(update={"bundles": KEPT / "bundles"})


def kept() -> dict[str, bytes]:
    """What lies in the store, by name."""
    return {file.uri: file.read_bytes() for file in KEPT.files()}


def test_what_lies_at_urls_is_backed_up_and_answers_from_folders(
    small_library: Library, elsewhere: Settings, tmp_path: Path
) -> None:
    with serving(small_library, **dict(elsewhere)) as client:
        sent = send(client)
        answer, content = ask(client), client.get(f"/images/{sent}/content").content
    small_library.engine.dispose()
    backup = back_up(elsewhere, tmp_path / "kept.tar", TRACK)
    assert backup.contents.lacking == ()
    (KEPT / "uploads").remove_all()
    folder = tmp_path / "other"
    local = Settings(DATABASE_URL=f"sqlite:///{folder / 'images.db'}", bundles=folder / "bundles")
    restored = restore(local, backup.path, TRACK)
    assert (restored.damaged, restored.contents.lacking) == ((), ())
    assert (folder / "reports" / "colours-1" / "report.html").read_bytes() == b"how good it is"
    with serving(small_library, **dict(local)) as client:
        assert ask(client) == answer
        assert client.get(f"/images/{sent}/content").content == content
        assert send(client, picture("blue", 78)) > sent


def test_where_the_bundles_do_not_answer_no_backup_is_made(
    small_library: Library, elsewhere: Settings, shop: Shop, tmp_path: Path
) -> None:
    small_library.engine.dispose()
    shop.close()
    with pytest.raises(CannotBackUp, match="nothing was written"):
        back_up(elsewhere, tmp_path / "kept.tar", TRACK)
    assert not list(tmp_path.glob("*.tar"))
    assert open_bundles(elsewhere) != small_library.bundles


def test_what_was_lost_at_urls_comes_back_there_byte_for_byte_and_answers_as_before(
    small_library: Library, in_store: Settings, tmp_path: Path
) -> None:
    with serving(small_library, **dict(in_store)) as client:
        sent = send(client)
        answers = ask(client), client.get(f"/images/{sent}/content").content
    small_library.engine.dispose()
    backup, before = back_up(in_store, tmp_path / "kept.tar", TRACK), kept()
    KEPT.remove_all()
    shutil.rmtree(tmp_path / "state")
    shutil.rmtree(tmp_path / "cache")
    restored = restore(in_store, backup.path, TRACK)
    assert (restored.damaged, restored.aside) == ((), ())
    assert kept() == before
    with serving(small_library, **dict(in_store)) as client:
        assert (ask(client), client.get(f"/images/{sent}/content").content) == answers
        assert send(client, picture("blue", 90)) > sent  # and there it goes on


def test_at_a_url_what_differs_is_set_aside_and_all_else_stays(
    small_library: Library, in_store: Settings, tmp_path: Path
) -> None:
    small_library.engine.dispose()
    backup = back_up(in_store, tmp_path / "kept.tar", TRACK)
    REPORT.write_bytes(b"how bad it is")
    (KEPT / "uploads" / "colours" / "x.jpg").write_bytes(b"of nobody")
    before = kept()
    with pytest.raises(CannotRestore, match=r"there is a state already: .*memory://kept/bundles.*--force"):
        restore(in_store, backup.path, TRACK)
    restored = restore(in_store, backup.path, TRACK, force=True)
    (aside,) = (place for place in restored.aside if isinstance(place, RemoteFile))
    assert (aside / "colours-1" / "report.html").read_bytes() == b"how bad it is"
    moved = {f"reports/{aside.name}/colours-1/report.html": b"how bad it is"}
    assert kept() == before | moved | {"reports/colours-1/report.html": b"how good it is"}


def test_where_a_restore_fails_at_last_a_url_holds_what_it_held(
    small_library: Library, in_store: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_library.engine.dispose()
    backup = back_up(in_store, tmp_path / "kept.tar", TRACK)
    REPORT.write_bytes(b"how bad it is")
    (KEPT / "bundles" / "colours-1" / "model.onnx").remove()
    before = kept()

    def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Swap, "move", fail)
    with pytest.raises(OSError, match="the disk is gone"):
        restore(in_store, backup.path, TRACK, force=True)
    assert kept() == before


def test_pictures_of_roots_at_urls_are_told_to_be_left_out(small_library: Library, tmp_path: Path) -> None:
    with Session(small_library.engine) as session, session.begin():
        task = session.scalars(select(Root.task)).one()
        session.add(Root(name="shop", task=task, uri="memory://shop/pictures"))
    small_library.engine.dispose()
    without = back_up(small_library.settings, tmp_path / "without.tar", TRACK)
    made = back_up(small_library.settings, tmp_path / "with.tar", TRACK, pictures=True)
    assert (without.elsewhere, made.elsewhere) == ((), ("shop",))
    assert made.contents.lacking == ()
    assert any(name.startswith("pictures/") for name in made.contents.members)
