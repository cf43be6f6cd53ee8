"""Bodies that are too slow, or too many at once."""

from concurrent.futures import ThreadPoolExecutor

from fastapi.testclient import TestClient

from backend.api.app import create_app
from tests.backend.api.asgi import RudeClient, ask_rudely
from tests.backend.api.conftest import Library
from tests.drawing import picture
from tests.waiting import wait_until


def test_a_body_that_does_not_come_is_not_waited_for(small_library: Library) -> None:
    settings = small_library.settings.model_copy(update={"upload_seconds": 0.05})
    with TestClient(create_app(settings)) as client:
        slow = RudeClient(picture("red")[:100])
        assert ask_rudely(client, slow) == 408
        assert slow.headers[b"connection"] == b"close"
        assert client.post("/predict", files={"file": picture("red")}).status_code == 200


def test_bodies_that_take_all_memory_together_are_refused_until_some_of_it_is_free(
    small_library: Library,
) -> None:
    limits = {"max_upload_bytes": 100_000, "max_batch_bytes": 100_000, "max_held_bytes": 300_000}
    settings = small_library.settings.model_copy(update=limits)
    with TestClient(create_app(settings)) as client, ThreadPoolExecutor(3) as pool:
        hoarders = [RudeClient(bytes(99_000)) for _ in range(3)]
        asked = [pool.submit(ask_rudely, client, hoarder) for hoarder in hoarders]
        big = picture("red") + bytes(50_000)

        def refused() -> bool:
            return client.post("/predict", files={"file": big}).status_code == 503

        wait_until(refused)
        told = client.post("/predict", files={"file": big})
        assert (told.json()["code"], told.headers["retry-after"]) == ("overloaded", "1")
        for hoarder in hoarders:
            hoarder.leave(client)
        for future in asked:
            future.result()
        assert client.post("/predict", files={"file": big}).status_code == 200
