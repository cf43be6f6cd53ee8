"""Forms as plain as most are taken apart without the reader of all forms: what comes out must be the same."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from backend.api.uploads import _plain_file
from tests.drawing import picture

FORM = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
END = b"\r\n--b--\r\n"
PIECES = [
    b"--b",
    b"\r\n",
    b"\n",
    b"--",
    b"b",
    HEAD,
    b'Content-Disposition: form-data; name="file"; filename="a.jpg"',
    b'Content-Disposition: form-data; name="file"',
    b'Content-Disposition: form-data; name="other"; filename="a.jpg"',
    b'Content-Disposition: form-data; name="file"; filename="a\\"b.jpg"',
    b"Content-Type: image/jpeg\r\n",
    b"\r\n\r\n",
    b"\xff\xd8",
    END,
]


def read_by_all_means(body: bytes) -> list[bytes] | None:
    """What the files named `file` hold by the reader of all forms; None where that finds fault, or anything
    else in it."""

    async def read() -> list[bytes] | None:
        async def stream() -> AsyncGenerator[bytes]:
            yield body
            yield b""

        try:
            form = await MultiPartParser(Headers({"content-type": FORM}), stream()).parse()
        except MultiPartException:
            return None
        try:
            parts = form.multi_items()
            files = [part for name, part in parts if name == "file" and isinstance(part, UploadFile)]
            return [await file.read() for file in files] if len(files) == len(parts) else None
        finally:
            await form.close()

    return asyncio.run(read())


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=12).map(b"".join))
@example(HEAD + b"\r\n" + END)
@example(HEAD + b"Content-Type: image/jpeg\r\n\r\nxyz" + END)
@example(HEAD + b"\r\nxyz\r\n--bc" + END)
@example(HEAD.removeprefix(b"--b") + b"\r\nxyz" + END)
@example(HEAD + b"\r\nxyz" + END.strip() + END)
@example(HEAD + b"\r\nxyz\r\n" + HEAD + b"\r\nxyz" + END)
def test_what_is_taken_apart_at_once_is_what_the_reader_of_all_forms_finds(body: bytes) -> None:
    found = _plain_file(body, FORM)
    if found is not None:
        assert read_by_all_means(body) == [found]


def test_what_programs_send_is_plain() -> None:
    data = picture("red")
    for sent in (data, ("cat.jpg", data), ("Kätzchen.jpg", data, "image/jpeg")):
        request = httpx.Request("POST", "http://localhost/predict", files={"file": sent})
        assert _plain_file(request.read(), request.headers["content-type"]) == data


@pytest.mark.parametrize(
    "body",
    [
        HEAD + b"Content-Transfer-Encoding: binary\r\n\r\n%s" + END,
        HEAD.replace(b"a.jpg", b'a\\"b.jpg') + b"\r\n%s" + END,
        b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n' + HEAD + b"\r\n%s" + END,
        HEAD + b"\r\n%s" + END + b"and an epilogue",
    ],
)
def test_what_is_not_plain_is_read_all_the_same(client: TestClient, body: bytes) -> None:
    data = picture("red")
    sent = body.replace(b"%s", data)
    assert _plain_file(sent, FORM) is None
    answer = client.post("/predict", content=sent, headers={"content-type": FORM})
    assert (answer.status_code, answer.json()["label"]) == (200, "red")


def test_a_form_without_its_first_boundary_is_refused(client: TestClient) -> None:
    sent = HEAD.removeprefix(b"--b") + b"\r\n" + picture("red") + END
    answer = client.post("/predict", content=sent, headers={"content-type": FORM})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("path", ["/predict", "/similar"])
def test_a_browsers_form_in_which_nobody_chose_a_file_has_none(client: TestClient, path: str) -> None:
    empty = HEAD.replace(b"a.jpg", b"") + b"Content-Type: application/octet-stream\r\n\r\n" + END
    answer = client.post(path, content=empty, headers={"content-type": FORM})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_an_empty_file_with_a_name_is_told_to_be_empty(client: TestClient) -> None:
    answer = client.post("/predict", files={"file": ("cat.jpg", b"")})
    assert (answer.status_code, answer.json()["code"]) == (415, "empty_file")


def test_a_boundary_may_be_quoted(client: TestClient) -> None:
    sent, kind = HEAD + b"\r\n" + picture("red") + END, 'multipart/form-data; boundary="b"'
    assert _plain_file(sent, kind) is None
    assert client.post("/predict", content=sent, headers={"content-type": kind}).json()["label"] == "red"
