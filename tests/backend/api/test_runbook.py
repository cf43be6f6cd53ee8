"""What fails around the service, as in docs/operations.md: what it answers meanwhile, and that it recovers by
itself."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.api import gallery_follower, recorder, succession
from backend.api.app import create_app
from backend.api.routes import feedback
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle, BundleUnreachable
from backend.keeping.backup import back_up
from backend.keeping.restoring import restore
from databases import engine as databases_engine
from databases import registry
from databases.engine import open_engine
from databases.models import Prediction, Root
from databases.places import RemoteFile
from tests.backend.api.conftest import Library
from tests.backend.bundles.shop import Shop
from tests.drawing import picture
from tests.filesystems import fill, small_disk
from tests.postgresql import empty, stopped
from tests.tiny_bundle import make_bundle
from tests.waiting import wait_until
from training.progress import Silent

RED = picture("red")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again after seconds is so at once, and who waits for a lock does not for long."""
    for module in (succession, gallery_follower, recorder):
        monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(succession, "CHECK_SECONDS", 0.01)
    monkeypatch.setattr(databases_engine, "BUSY_TIMEOUT_MS", 50)
    for name in ("SOON_SECONDS", "WRITTEN_SECONDS"):
        monkeypatch.setattr(feedback, name, 0.1)


@contextmanager
def serving(library: Library) -> Iterator[TestClient]:
    with TestClient(create_app(library.settings), raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, data: bytes = RED) -> dict[str, Any]:
    answer = client.post("/predict", files={"file": data})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["label"] == "red"
    return found


def say(client: TestClient, asked: dict[str, Any]) -> Any:
    said = {"prediction_id": asked["prediction_id"], "correct": False, "comment": "no" * 900}
    return client.post("/feedback", json=said)


def refused(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def told_of_database(client: TestClient) -> str:
    """What is told whether it answers: the service itself is ready all the while."""
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    return str(answer.json()["database"])


def recorded(url: str) -> int:
    engine = open_engine(url)
    try:
        with Session(engine) as session:
            return session.scalar(select(func.count()).select_from(Prediction)) or 0
    finally:
        engine.dispose()


@pytest.fixture
def _own_disk(tmp_path: Path) -> Iterator[None]:
    with small_disk(tmp_path, 16):
        yield


@pytest.mark.usefixtures("_own_disk")
def test_disk_full(small_library: Library, tmp_path: Path) -> None:
    with serving(small_library) as client, serving(small_library) as another_worker:
        first = ask(client)
        wait_until(lambda: recorded(small_library.settings.database_url) == 1)
        filler = fill(tmp_path)
        answers = [say(client, first) for _ in range(20)]
        assert refused(answers[-1]) == (503, "storage_full")
        assert int(answers[-1].headers["retry-after"]) > 0
        asked = [ask(client, picture("red", number)) for number in range(5)]
        for worker in (client, another_worker):  # though it is not written down yet
            assert refused(say(worker, asked[-1])) == (503, "storage_full")
        assert client.post("/similar", files={"file": RED}).status_code == 200
        assert client.get("/images/1/thumbnail").status_code == 200
        assert client.get("/readyz").status_code == 200
        filler.unlink()
        wait_until(lambda: recorded(small_library.settings.database_url) == 6)
        assert [say(client, one).status_code for one in (first, asked[-1])] == [201, 201]


def test_database_locked(small_library: Library) -> None:
    with serving(small_library) as client, serving(small_library) as another_worker:
        first = ask(client)
        wait_until(lambda: recorded(small_library.settings.database_url) == 1)
        other = sqlite3.connect(str(small_library.engine.url.database), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        locked_out = ask(client)
        for worker, asked in product((client, another_worker), (first, locked_out)):
            answer = say(worker, asked)
            assert refused(answer) == (503, "database_busy")
            assert int(answer.headers["retry-after"]) > 0
        assert client.post("/similar", files={"file": RED}).status_code == 200
        assert client.get("/images").status_code == 200
        other.execute("ROLLBACK")
        other.close()
        wait_until(lambda: recorded(small_library.settings.database_url) == 2)
        assert [say(client, asked).status_code for asked in (first, locked_out)] == [201, 201]
        assert say(another_worker, locked_out).status_code == 201


def test_database_gone(small_library: Library, tmp_path: Path) -> None:
    small_library.engine.dispose()
    with serving(small_library) as client:
        first = ask(client)
        wait_until(lambda: recorded(small_library.settings.database_url) == 1)
        files = sorted((tmp_path / "state").glob("images.db*"))
        moved = {file: file.rename(tmp_path / file.name) for file in files}
        without = ask(client)
        assert (without["neighbours_agree"], without["nearest"]) == (None, None)
        wait_until(lambda: told_of_database(client) == "unavailable")
        for path in ("/images", "/labels"):
            assert refused(client.get(path)) == (503, "database_unavailable")
        assert refused(client.post("/similar", files={"file": RED})) == (503, "database_unavailable")
        assert refused(say(client, first)) == (503, "database_unavailable")
        assert client.get("/livez").status_code == 200
        assert not (tmp_path / "state" / "images.db").exists()  # an empty one would pass for the library
        # The database last: with it alone in place, who tries again in between would begin another log.
        for place, elsewhere in reversed(moved.items()):
            elsewhere.rename(place)
        wait_until(lambda: told_of_database(client) == "ok")
        wait_until(lambda: recorded(small_library.settings.database_url) == 2)
        assert say(client, first).status_code == 201
        assert ask(client)["nearest"] is not None


def test_database_damaged(small_library: Library, tmp_path: Path) -> None:
    small_library.engine.dispose()
    with serving(small_library) as client:
        ask(client)
        wait_until(lambda: recorded(small_library.settings.database_url) == 1)
        file, kept = tmp_path / "state" / "images.db", tmp_path / "kept.db"
        damaged = tmp_path / "damaged.db"
        damaged.write_bytes(b"no database " * 1000)
        file.rename(kept)
        damaged.replace(file)  # at once: of a file that is empty yet, SQLite makes a database
        ask(client)
        assert refused(client.get("/images")) == (503, "database_unavailable")
        kept.replace(file)
        wait_until(lambda: client.get("/images").status_code == 200)


def test_bundle_corrupt_while_it_serves(small_library: Library) -> None:
    model = small_library.bundles / "colours-1" / "model.onnx"
    with serving(small_library) as client:
        flip(model)
        ask(client)
        assert client.get("/models").status_code == 200


def test_bundle_corrupt_before_the_start(small_library: Library, caplog: pytest.LogCaptureFixture) -> None:
    promote(small_library, "colours-2")
    mend = flip(small_library.bundles / "colours-2" / "model.onnx")
    with serving(small_library) as client:
        assert ask(client)["model"]["version"] == "colours-1"
        assert "colours-1 serves in the place of colours-2" in caplog.text
        assert "colours-2/model.onnx is not the file that the manifest names" in caplog.text
        mend()
        wait_until(lambda: ask(client)["model"]["version"] == "colours-2")


def test_no_sound_bundle_at_the_start(small_library: Library) -> None:
    mend = flip(small_library.bundles / "colours-1" / "model.onnx")
    with pytest.raises(BadBundle, match=r"^no champion can serve: .*colours-1/model\.onnx is not the file"):
        create_app(small_library.settings)
    mend()
    with serving(small_library) as client:
        ask(client)


def test_model_store_unreachable(small_library: Library, tmp_path: Path) -> None:
    bundles = small_library.bundles
    make_bundle(bundles, "colours-2")
    with serving(small_library) as client:
        elsewhere = bundles.rename(tmp_path / "elsewhere")
        register(small_library, "colours-2", elsewhere)
        assert [ask(client)["model"]["version"] for _ in range(5)] == ["colours-1"] * 5
        told = client.get("/models").json()["models"]
        assert [model["version"] for model in told] == ["colours-2", "colours-1"]
        refusal = client.post("/models/colours-2/promote", json={"force": True})
        assert refused(refusal) == (409, "bad_bundle")
        with pytest.raises(BadBundle, match=r"^no champion can serve: no readable manifest"):
            create_app(small_library.settings)
        elsewhere.rename(bundles)
        wait_until(lambda: ask(client)["model"]["version"] == "colours-2")


def test_model_store_at_a_url_unreachable(small_library: Library, tmp_path: Path) -> None:
    shop = Shop(small_library.bundles)
    make_bundle(small_library.bundles, "colours-2")
    away = {"bundles": RemoteFile(shop.url), "cache": tmp_path / "cache"}
    library = replace(small_library, settings=small_library.settings.model_copy(update=away))
    bare = library.settings.model_copy(update={"cache": tmp_path / "another"})
    with serving(library) as client:
        shop.close()
        register(small_library, "colours-2", small_library.bundles)
        refusal = client.post("/models/colours-2/promote", json={"force": True})
        assert refused(refusal) == (503, "storage_unavailable")
        assert [ask(client)["model"]["version"] for _ in range(5)] == ["colours-1"] * 5
        with pytest.raises(BundleUnreachable, match=r"there is no copy of it here$"):
            create_app(bare)
        shop = Shop(small_library.bundles, shop.port)
        wait_until(lambda: ask(client)["model"]["version"] == "colours-2")
    shop.close()
    with serving(library) as client:  # with the copy that it has
        assert ask(client)["model"]["version"] == "colours-2"


def test_pictures_unreachable(small_library: Library, tmp_path: Path) -> None:
    with serving(small_library) as client:
        links = client.get("/images/1").json()["links"]
        kept = client.get(links["thumbnail"]).content
        other = client.get("/images/2").json()["links"]["thumbnail"]
        elsewhere = small_library.root.rename(tmp_path / "elsewhere")
        ask(client)
        assert client.post("/similar", files={"file": RED}).status_code == 200
        assert client.get(links["thumbnail"]).content == kept
        for path in (links["content"], other):
            assert refused(client.get(path)) == (404, "file_missing")
        with Session(small_library.engine) as session, session.begin():
            session.execute(update(Root).values(uri="nowhere://x"))
        for path in (links["content"], other):
            assert refused(client.get(path)) == (503, "storage_unavailable")
        with Session(small_library.engine) as session, session.begin():
            session.execute(update(Root).values(uri=str(small_library.root.resolve())))
        elsewhere.rename(small_library.root)
        assert [client.get(path).status_code for path in (links["content"], other)] == [200, 200]


def test_postgresql_stopped_and_started(small_library: Library, postgresql: str, tmp_path: Path) -> None:
    with serving(on_postgresql(small_library, postgresql, tmp_path)) as client:
        first = ask(client)
        wait_until(lambda: recorded(postgresql) == 1)
        with stopped(postgresql):
            assert ask(client)["nearest"] is None
            wait_until(lambda: told_of_database(client) == "unavailable")
            assert "menagerie_database_unavailable 1.0" in client.get("/metrics").text
            assert refused(client.get("/images")) == (503, "database_unavailable")
            assert refused(say(client, first)) == (503, "database_unavailable")
        wait_until(lambda: told_of_database(client) == "ok")
        wait_until(lambda: recorded(postgresql) == 2)
        assert say(client, first).status_code == 201
        assert ask(client)["nearest"] is not None


def on_postgresql(library: Library, url: str, tmp_path: Path) -> Library:
    """The same library in another database."""
    empty(url)
    library.engine.dispose()
    kept = back_up(library.settings, tmp_path / "kept.tar", Silent().track)
    changes = {"database_url": url, "bundles": tmp_path / "b2", "uploads": tmp_path / "u2"}
    settings = library.settings.model_copy(update=changes)
    restore(settings, kept.path, Silent().track)
    return replace(library, settings=settings)


def flip(path: Path) -> Callable[[], object]:
    """Turns a bit in the middle of a file; what is returned puts it right."""
    sound = path.read_bytes()
    at = len(sound) // 2
    path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
    return lambda: path.write_bytes(sound)


def register(library: Library, version: str, bundles: Path) -> None:
    """Promotes a bundle that is there."""
    manifest = load_bundle(bundles / version).manifest
    with Session(library.engine) as session, session.begin():
        registry.register(session, manifest, None)
        registry.promote(session, version)


def promote(library: Library, version: str) -> None:
    make_bundle(library.bundles, version)
    register(library, version, library.bundles)
