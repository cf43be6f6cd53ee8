"""Bodies that are too slow, too many at once, or made to take long."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from backend.api.app import create_app
from backend.api.body_limit import MOST_TEXT_BYTES, PIECE_BYTES, BodyLimit
from backend.api.errors import CLIENT_CLOSED_REQUEST
from backend.api.settings import Settings
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


def pieces_of(packets: list[Message]) -> list[Message]:
    """What an app hears of a body that comes in `packets`."""
    heard, left = list[Message](), iter(packets)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        while not heard or heard[-1].get("more_body", False):
            heard.append(await receive())

    async def receive() -> Message:
        return next(left)

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "http", "path": "/predict", "headers": [(b"content-type", b"image/jpeg")]}
    asyncio.run(BodyLimit(app, Settings(), {})(scope, receive, send))
    return heard


def packet(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_000_000, PIECE_BYTES - 65_536])
def test_a_picture_is_handed_on_in_one_piece(size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    packets = [packet(body[at : at + 65_536], more=True) for at in range(0, size, 65_536)]
    heard = pieces_of([*packets, packet(b"end", more=False)])
    assert [message["more_body"] for message in heard] == [False]
    assert heard[0]["body"] == b"".join(one["body"] for one in packets) + b"end"


def test_what_is_larger_is_not_held_twice() -> None:
    packets = [packet(bytes(65_536), more=True)] * 200
    heard = pieces_of([*packets, packet(b"", more=False)])
    assert sum(len(message["body"]) for message in heard) == 200 * 65_536
    assert max(len(message["body"]) for message in heard) < PIECE_BYTES + 65_536


def test_a_client_that_goes_amid_its_picture_is_told_of() -> None:
    heard = pieces_of([packet(b"half", more=True), {"type": "http.disconnect"}])
    assert heard == [{"type": "http.disconnect"}]


def test_more_text_than_anybody_has_to_say_is_refused(small_library: Library) -> None:
    settings = small_library.settings.model_copy(update={"max_upload_bytes": 8 * MOST_TEXT_BYTES})
    much = b" " * (2 * MOST_TEXT_BYTES)

    def in_parts() -> Iterator[bytes]:
        yield much + b"{}"

    with TestClient(create_app(settings)) as client:
        for path in ("/feedback", "/decisions"):
            for kind in ("application/json", "application/x-www-form-urlencoded"):
                for body in (much, in_parts()):
                    told = client.post(path, content=body, headers={"content-type": kind})
                    assert (told.status_code, told.json()["code"]) == (413, "too_many_bytes")
                    assert told.json()["detail"] == "at most 1 MiB are read"
        picture_and_more = picture("red") + much
        assert client.post("/predict", files={"file": picture_and_more}).status_code == 200


@pytest.mark.parametrize(
    ("charset", "status"), [("punycode", 415), ("idna", 415), ("UTF-8", 200), ("ascii", 200)]
)
def test_a_form_is_read_in_no_charset_that_takes_long(
    small_library: Library, charset: str, status: int
) -> None:
    with TestClient(create_app(small_library.settings)) as client:
        for path, name in (("/predict", "file"), ("/predict/batch", "files")):
            form = (
                f'--x\r\ncontent-disposition: form-data; name="{name}"; filename="..a"\r\n\r\n'.encode()
                + picture("red")
                + b"\r\n--x--\r\n"
            )
            kind = f"multipart/form-data; charset={charset}; boundary=x"
            told = client.post(path, content=form, headers={"content-type": kind})
            assert told.status_code == status, told.text
            assert status == 200 or told.json()["code"] == "unsupported_charset"
        as_file_says = {"content-type": "image/jpeg; charset=binary"}
        assert client.post("/predict", content=picture("red"), headers=as_file_says).status_code == 200


def test_who_goes_away_within_a_form_is_not_said_to_have_sent_a_bad_one(small_library: Library) -> None:
    with TestClient(create_app(small_library.settings)) as client, ThreadPoolExecutor(1) as pool:
        leaving = RudeClient(b"--x\r\n", kind="multipart/form-data; boundary=x")
        gone = pool.submit(ask_rudely, client, leaving)
        leaving.leave(client)
        assert gone.result() == CLIENT_CLOSED_REQUEST
