"""How much one request may ask: so many pictures, so many bytes of each, so many of all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create_app
from frontend.batch.job import Job
from frontend.batch.sources import store
from frontend.client import Api
from tests.backend.api.conftest import Library
from tests.backend.api.test_batch import as_form, as_zip, as_zip_in_form, codes, post_zip
from tests.backend.api.test_process import environment
from tests.drawing import picture
from tests.processes import free_port, running
from tests.waiting import wait_until
from tests.zip_forging import entry, zipped

MOST_BYTES = 500_000
ENVELOPE = 64 * 1024


@pytest.fixture
def strict(small_library: Library) -> Iterator[TestClient]:
    """Three pictures of 200,000 bytes each, and 500,000 of all."""
    limits = {"max_batch_items": 3, "max_batch_bytes": MOST_BYTES}
    with TestClient(create_app(small_library.settings.model_copy(update=limits))) as client:
        yield client


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("send", [as_form, as_zip_in_form, as_zip])
def test_one_picture_too_many_is_refused_and_the_most_are_answered(strict: TestClient, send: Any) -> None:
    files = [(f"{number}.jpg", picture("red", number)) for number in range(9)]
    assert codes(send(strict, files[:3])) == ["red"] * 3
    assert refusal(send(strict, files[:4])) == (413, "too_many_items")
    assert refusal(send(strict, files)) == (413, "too_many_items")
    assert "at most 3 pictures" in send(strict, files).json()["detail"]


def test_a_batch_may_be_larger_than_a_picture_and_not_than_its_own_limit(strict: TestClient) -> None:
    files = [(str(number), picture("red").ljust(190_000, b"\0")) for number in range(3)]
    assert codes(as_form(strict, files[:2])) == ["red"] * 2
    assert refusal(as_form(strict, files)) == (413, "too_many_bytes")
    assert refusal(post_zip(strict, bytes(MOST_BYTES + ENVELOPE + 1))) == (413, "too_many_bytes")
    assert refusal(strict.post("/predict", content=bytes(300_000))) == (413, "too_many_bytes")


@pytest.mark.parametrize("kind", ["application/zip", "multipart/form-data; boundary=b"])
def test_a_batch_without_an_announced_length_is_cut_off_at_the_limit(strict: TestClient, kind: str) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(1000):
            sent += 10_000
            yield bytes(10_000)

    answer = strict.post("/predict/batch", content=endless(), headers={"content-type": kind})
    assert refusal(answer) == (413, "too_many_bytes")


def test_what_a_zip_expands_to_counts(strict: TestClient) -> None:
    data = zipped(*(entry(str(number), bytes(199_000)) for number in range(3)))
    assert refusal(post_zip(strict, data)) == (413, "archive_too_large")
    assert codes(post_zip(strict, zipped(entry("a", bytes(201_000)), entry("b", picture("red"))))) == [
        "too_many_bytes",
        "red",
    ]


@pytest.mark.parametrize(
    "limit",
    [{"MENAGERIE_MAX_BATCH_BYTES": "300000"}, {"MENAGERIE_MAX_BATCH_ITEMS": "3"}],
    ids=["bytes", "items"],
)
def test_the_page_sends_a_service_no_more_than_it_takes(
    small_library: Library, tmp_path: Path, limit: dict[str, str]
) -> None:
    port, folder = free_port(), tmp_path / "batch"
    folder.mkdir()
    sent = [(f"{number}.png", picture("green", number, "PNG") + bytes(100_000)) for number in range(10)]
    sent[4] = ("huge.png", picture("red", 4, "PNG") + bytes(1_000_000))
    settings = environment(small_library, port) | limit
    base = f"http://127.0.0.1:{port}"
    with running(["backend.api"], settings, f"{base}/readyz", tmp_path / "log"):
        client = Api(base)
        job = Job(client, store(sent, folder), folder)
        wait_until(lambda: job.progress.state != "running")
        client.close()
    assert (job.progress.state, job.progress.failure) == ("done", None)
    too_large = {} if "MENAGERIE_MAX_BATCH_ITEMS" in limit else {"huge.png": "This file is too large."}
    assert [(row.name, row.problem) for row in job.rows] == [(name, too_large.get(name)) for name, _ in sent]
