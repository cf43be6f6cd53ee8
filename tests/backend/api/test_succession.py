"""A promotion reaches the running service, and nothing else changes what serves."""

import gc
import logging
import threading
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.api import service, succession
from backend.api.app import create_app
from backend.api.service import open_service
from backend.api.succession import Succession
from backend.inference.manifest import read_manifest
from databases import registry
from databases.registry import RegisteredModel
from tests.backend.api.conftest import PER_LABEL, Library
from tests.backend.api.test_process import environment
from tests.drawing import picture
from tests.processes import free_port, running
from tests.tiny_bundle import LABELS, make_bundle
from tests.waiting import SECONDS, wait_until
from training.indexing import index
from training.progress import Silent

# The same colours under other names: an answer tells which model gave it.
NAMES = ("rot", "gruen", "blau")


def promote(library: Library, version: str = "colours-2") -> Path:
    """Registers a bundle with labels of its own, embeds the library with it, and promotes it."""
    folder = make_bundle(library.bundles, version, labels=NAMES, embedder=f"of {version}")
    with Session(library.engine) as session, session.begin():
        manifest = open_service(library.settings).predictor.manifest
        model = registry.register(
            session, manifest.model_copy(update={"version": version, "labels": NAMES}), None
        )
    index(library.engine, library.bundles, model, "colours", Silent())
    with Session(library.engine) as session, session.begin():
        registry.promote(session, version)
    return folder


def promote_unembedded(library: Library) -> RegisteredModel:
    """Registers a bundle that sees pictures in another way, and promotes it though none is embedded."""
    folder = make_bundle(library.bundles, "colours-2", labels=NAMES, embedder="another")
    with Session(library.engine) as session, session.begin():
        model = registry.register(session, read_manifest(folder), None)
        registry.promote(session, "colours-2")
    return model


@pytest.fixture
def following(small_library: Library) -> Succession:
    return Succession(open_service(small_library.settings))


def serving(following: Succession) -> str:
    following.check()
    return following.service.model.version


def test_a_promotion_and_a_rollback_are_followed(small_library: Library, following: Succession) -> None:
    assert serving(following) == "colours-1"
    before = following.service
    promote(small_library)
    assert serving(following) == "colours-2"
    assert len(following.service.gallery) == 3 * PER_LABEL + 1
    assert following.service.predictor.manifest.labels == NAMES
    # A request that is on its way has the old one to its end.
    assert (before.model.version, before.predictor.manifest.labels) == ("colours-1", LABELS)
    with Session(small_library.engine) as session, session.begin():
        registry.rollback(session, "colours")
    assert serving(following) == "colours-1"


def test_the_model_before_recommends_until_all_is_embedded_under_the_new_one(
    small_library: Library, following: Succession
) -> None:
    model = promote_unembedded(small_library)
    assert serving(following) == "colours-2"
    assert following.service.recommender.model.version == "colours-1"
    index(small_library.engine, small_library.bundles, model, "colours", Silent())
    assert following.service.recommender.model.version == "colours-1"  # until the gallery has taken it up
    assert following.service.gallery.follow()
    assert following.service.recommender is following.service
    assert following.service.predecessor is None


def test_the_model_before_recommends_after_a_restart_too(small_library: Library) -> None:
    model = promote_unembedded(small_library)
    service = open_service(small_library.settings)
    assert (service.model.version, service.recommender.model.version) == ("colours-2", "colours-1")
    assert len(service.recommender.gallery) == 3 * PER_LABEL + 1
    index(small_library.engine, small_library.bundles, model, "colours", Silent())
    assert service.gallery.follow()
    assert service.recommender is service
    assert open_service(small_library.settings).predecessor is None


def test_where_the_model_before_is_damaged_the_new_one_recommends(
    small_library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    promote_unembedded(small_library)
    (small_library.bundles / "colours-1" / "model.onnx").unlink()
    service = open_service(small_library.settings)
    assert service.recommender is service
    assert "colours-1 cannot recommend until colours-2 can" in caplog.text


def test_the_model_before_is_freed(small_library: Library) -> None:
    with TestClient(create_app(small_library.settings)) as client:
        assert client.post("/predict", files={"file": picture("red", 1)}).is_success
        before = weakref.ref(client.app.state.succession.service.predictor)  # type: ignore[attr-defined]
        assert before() is not None
        gc.collect()
        gc.freeze()  # as the server does: who frees is not the collector
        try:
            promote(small_library)
            wait_until(lambda: client.get("/models").json()["serving"]["version"] == "colours-2")
            wait_until(lambda: before() is None)
        finally:
            gc.unfreeze()


def test_another_tasks_promotion_is_not_followed(small_library: Library, following: Succession) -> None:
    manifest = following.service.predictor.manifest
    with Session(small_library.engine) as session, session.begin():
        other = manifest.model_copy(update={"version": "shades-1", "task": "shades"})
        registry.register(session, other, None)
        registry.promote(session, "shades-1")
    assert serving(following) == "colours-1"


def test_a_broken_champion_is_refused_and_tried_again_later(
    small_library: Library,
    following: Succession,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = promote(small_library) / "model.onnx"
    sound = model.read_bytes()
    model.write_bytes(sound[:-1])
    assert [serving(following) for _ in range(3)] == ["colours-1"] * 3
    (told,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert told.startswith("colours-1 serves on: colours-2 was promoted, but ")
    model.write_bytes(sound)
    assert serving(following) == "colours-1"
    monkeypatch.setattr(succession, "RETRY_SECONDS", 0)
    assert serving(following) == "colours-2"


def test_a_champion_that_fails_in_an_unforeseen_way_is_not_loaded_every_second(
    small_library: Library, following: Succession, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(small_library)
    tried = []

    def fail(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise OSError("no room left")

    monkeypatch.setattr(service, "open_gallery", fail)
    with pytest.raises(OSError, match="no room left"):
        following.check()
    assert [serving(following) for _ in range(3)] == ["colours-1"] * 3
    assert len(tried) == 1
    monkeypatch.undo()
    monkeypatch.setattr(succession, "RETRY_SECONDS", 0)
    assert serving(following) == "colours-2"


def test_while_the_database_is_away_the_old_one_serves_on(
    small_library: Library, following: Succession
) -> None:
    promote(small_library)
    with small_library.engine.begin() as connection:
        connection.execute(text("ALTER TABLE promotions RENAME TO gone"))
    assert serving(following) == "colours-1"
    with small_library.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO promotions"))
    assert serving(following) == "colours-2"


def test_what_was_not_foreseen_does_not_end_the_following(
    small_library: Library, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(succession, "CHECK_SECONDS", 0.01)
    failed, done = threading.Event(), threading.Event()

    def check(_: Succession) -> None:
        if failed.is_set():
            done.set()
        failed.set()
        raise RuntimeError("unheard of")

    monkeypatch.setattr(Succession, "check", check)
    with TestClient(create_app(small_library.settings)):
        assert done.wait(SECONDS)
    assert "unheard of" in caplog.text


def test_promotions_under_load_lose_and_mix_nothing(small_library: Library, tmp_path: Path) -> None:
    promote(small_library)
    port = free_port()
    base, ended = f"http://127.0.0.1:{port}", threading.Event()
    counted = [Counter[tuple[str, str]]() for _ in LABELS]

    def ask(colour: int) -> None:
        """Asks for one colour until the end; counts the answers by version and label."""
        with httpx.Client(base_url=base, trust_env=False, timeout=SECONDS) as client:
            while not ended.is_set():
                answer = client.post("/predict", files={"file": picture(LABELS[colour])})
                assert answer.status_code == 200, answer.text
                counted[colour][answer.json()["model"]["version"], answer.json()["label"]] += 1

    command = environment(small_library, port)
    with (
        running(["backend.api"], command, f"{base}/readyz", tmp_path / "log"),
        ThreadPoolExecutor(3) as pool,
    ):
        asked = [pool.submit(ask, colour) for colour in range(3)]

        def heard(version: str) -> bool:
            """Whether it serves, and all who ask had an answer of it; or one of them has failed."""
            told = all(version in dict(list(answers)) for answers in counted)  # of copies: they go on
            return any(one.done() for one in asked) or (told and _serves(base) == version)

        try:
            for version in ("colours-1", "colours-2", "colours-1"):
                with Session(small_library.engine) as session, session.begin():
                    registry.promote(session, version)
                wait_until(lambda: heard(version))  # noqa: B023  (it is over before the next)
        finally:
            ended.set()
        for one in asked:
            one.result()
    for colour, answers in enumerate(counted):
        assert set(answers) == {("colours-1", LABELS[colour]), ("colours-2", NAMES[colour])}


def _serves(base: str) -> str:
    return str(httpx.get(f"{base}/readyz", trust_env=False, timeout=SECONDS).json()["model"]["version"])
