"""A service whose bundles lie at a URL: it serves copies of them, and goes on where nothing answers there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from backend.api.app import create_app
from backend.api.service import open_service
from backend.api.settings import Settings
from backend.api.succession import Succession
from backend.inference.errors import BundleUnreachable
from databases import registry
from databases.places import RemoteFile
from tests.backend.api.conftest import Library
from tests.backend.api.registered import add_model
from tests.backend.bundles.shop import Shop
from tests.drawing import picture


@pytest.fixture
def shop(small_library: Library) -> Iterator[Shop]:
    shop = Shop(small_library.bundles)
    yield shop
    shop.close()


@pytest.fixture
def elsewhere(small_library: Library, shop: Shop, tmp_path: Path) -> Settings:
    """Settings of a machine that has nothing of the library but the bundles' URL, and a cache."""
    changes = {"bundles": RemoteFile(shop.url), "cache": tmp_path / "cache"}
    return small_library.settings.model_copy(update=changes)


def promote(library: Library, version: str) -> None:
    with Session(library.engine) as session, session.begin():
        registry.promote(session, version)


def test_a_service_answers_from_its_copy_and_tells_of_the_bundle(elsewhere: Settings, shop: Shop) -> None:
    with TestClient(create_app(elsewhere)) as client:
        answer = client.post("/predict", files={"file": picture("red")})
        assert answer.json()["label"] == "red"
        size = sum(path.stat().st_size for path in shop.bundle.iterdir())
        assert [model["bytes"] for model in client.get("/models").json()["models"]] == [size]
    shop.close()
    with TestClient(create_app(elsewhere)) as client:  # started anew, with the copy
        assert client.post("/predict", files={"file": picture("red")}).json()["label"] == "red"
        assert [model["bytes"] for model in client.get("/models").json()["models"]] == [None]


def test_where_nothing_answers_the_old_one_serves_until_something_does(
    small_library: Library, elsewhere: Settings, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    following = Succession(open_service(elsewhere))
    add_model(small_library, "colours-2", embedder="another")
    promote(small_library, "colours-2")
    shop.close()
    following.check()
    assert following.service.model.version == "colours-1"
    assert "colours-1 serves on: colours-2 was promoted, but http" in caplog.text
    following.service.close()


def test_a_promotion_by_request_tells_that_the_bundle_cannot_be_reached(
    small_library: Library, elsewhere: Settings, shop: Shop
) -> None:
    add_model(small_library, "colours-2", embedder="another")
    with TestClient(create_app(elsewhere)) as client:
        shop.close()
        answer = client.post("/models/colours-2/promote", json={"force": True})
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        assert shop.url not in answer.text


def test_without_a_copy_and_with_nothing_that_answers_it_does_not_start(
    elsewhere: Settings, shop: Shop
) -> None:
    shop.close()
    with pytest.raises(BundleUnreachable, match="there is no copy of it here"):
        open_service(elsewhere)
