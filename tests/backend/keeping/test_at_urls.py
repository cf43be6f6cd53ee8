"""A state whose bundles, reports and sent pictures lie at URLs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from backend.api.settings import Settings
from backend.bundles.places import open_bundles
from backend.keeping.backup import back_up
from backend.keeping.errors import CannotBackUp, CannotRestore
from backend.keeping.restoring import restore
from databases.places import RemoteFile
from tests.backend.api.conftest import Library
from tests.backend.bundles.shop import Shop
from tests.backend.keeping.conftest import ask, send, serving
from training.progress import Silent

TRACK = Silent().track


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
        "reports": RemoteFile("memory://kept/reports"),
        "uploads": RemoteFile("memory://kept/uploads"),
        "cache": tmp_path / "cache",
    }
    (RemoteFile("memory://kept/reports") / "colours-1" / "report.html").write_bytes(b"how good it is")
    yield small_library.settings.model_copy(update=changes)
    MemoryFileSystem().rm("/kept", recursive=True)


def test_what_lies_at_urls_is_backed_up_and_answers_from_folders(
    small_library: Library, elsewhere: Settings, tmp_path: Path
) -> None:
    with serving(small_library, **dict(elsewhere)) as client:
        sent = send(client)
        answer, content = ask(client), client.get(f"/images/{sent}/content").content
    small_library.engine.dispose()
    backup = back_up(elsewhere, tmp_path / "kept.tar", TRACK)
    assert backup.contents.lacking == ()
    with pytest.raises(CannotRestore, match=r"MENAGERIE_BUNDLES is http://.*restore, and copy"):
        restore(elsewhere, backup.path, TRACK, force=True)
    folder = tmp_path / "other"
    local = Settings(DATABASE_URL=f"sqlite:///{folder / 'images.db'}", bundles=folder / "bundles")
    restored = restore(local, backup.path, TRACK)
    assert (restored.damaged, restored.contents.lacking) == ((), ())
    assert (folder / "reports" / "colours-1" / "report.html").read_bytes() == b"how good it is"
    with serving(small_library, **dict(local)) as client:
        assert ask(client) == answer
        assert client.get(f"/images/{sent}/content").content == content


def test_where_the_bundles_do_not_answer_no_backup_is_made(
    small_library: Library, elsewhere: Settings, shop: Shop, tmp_path: Path
) -> None:
    small_library.engine.dispose()
    shop.close()
    with pytest.raises(CannotBackUp, match="nothing was written"):
        back_up(elsewhere, tmp_path / "kept.tar", TRACK)
    assert not list(tmp_path.glob("*.tar"))
    assert open_bundles(elsewhere) != small_library.bundles
