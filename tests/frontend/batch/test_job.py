"""A batch at work, against a real server."""

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from frontend.batch import job as job_module
from frontend.batch.job import AT_ONCE, Job, State
from frontend.batch.sources import Source, store
from frontend.client import Api
from frontend.wording import notice_for
from tests.frontend.at_the_page import encoded
from tests.frontend.batch.answering import answer_batches
from tests.frontend.stand_in import Asked, Json, Refused, StandIn
from tests.waiting import wait_until

PHOTO = encoded(Image.new("RGB", (60, 40), "orange"))
PATIENCE = 60.0


@pytest.fixture
def client(api: StandIn) -> Iterator[Api]:
    client = Api(api.url)
    yield client
    client.close()


def photos(count: int) -> list[tuple[str, bytes]]:
    return [(f"{number}.jpg", PHOTO) for number in range(count)]


def until(job: Job, *states: State) -> Job:
    deadline = time.monotonic() + PATIENCE
    while job.progress.state not in states:
        assert time.monotonic() < deadline, job.progress
        time.sleep(0.01)
    return job


def test_every_picture_is_answered_in_its_order_a_few_at_a_time(
    api: StandIn, client: Api, tmp_path: Path
) -> None:
    answer_batches(api)
    job = until(Job(client, store(photos(2 * AT_ONCE + 3), tmp_path), tmp_path), "done")
    assert [row.name for row in job.rows] == [name for name, _ in photos(2 * AT_ONCE + 3)]
    assert api.paths() == ["/predict/batch"] * 3
    assert job.rows[0].label == "tiger"
    assert job.rows[0].thumbnail is not None
    assert job.picture(3) == PHOTO
    job.close()
    assert not tmp_path.exists()
    assert job.picture(3) is None


def test_of_large_pictures_fewer_are_sent_at_a_time(
    api: StandIn, client: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_batches(api)
    monkeypatch.setattr(job_module, "AT_ONCE_BYTES", 3 * len(PHOTO))
    files = [*photos(4), ("huge.jpg", PHOTO + bytes(4 * len(PHOTO))), *photos(2)]
    job = until(Job(client, store(files, tmp_path), tmp_path), "done")
    assert [row.name for row in job.rows] == [name for name, _ in files]
    assert [len(asked.names) for asked in api.asked] == [3, 1, 1, 2]


@pytest.mark.parametrize("limits", [{"most_items": 3}, {"most_bytes": 5 * len(PHOTO)}])
def test_a_service_that_takes_less_at_a_time_is_sent_less(
    api: StandIn, client: Api, tmp_path: Path, limits: dict[str, int]
) -> None:
    answer_batches(api, **limits)  # type: ignore[arg-type]
    files = photos(6 * AT_ONCE)
    job = until(Job(client, store(files, tmp_path), tmp_path), "done")
    assert [(row.name, row.problem) for row in job.rows] == [(name, None) for name, _ in files]
    # Learnt at the first two, of which the second was read ahead already.
    assert max(len(asked.names) for asked in api.asked[-AT_ONCE:]) <= 4


def test_what_is_refused_alone_is_a_row_and_what_lies_behind_it_is_answered(
    api: StandIn, client: Api, tmp_path: Path
) -> None:
    answer_batches(api, most_bytes=40 * len(PHOTO))
    files = [*photos(2), ("huge.jpg", PHOTO + bytes(50 * len(PHOTO))), *photos(AT_ONCE)]
    job = until(Job(client, store(files, tmp_path), tmp_path), "done")
    assert [row.name for row in job.rows] == [name for name, _ in files]
    assert [row.problem for row in job.rows if row.problem] == ["This file is too large."]
    assert job.rows[2].kind == "refused"


def test_the_files_of_a_very_large_batch_are_not_kept(
    api: StandIn, client: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "MOST_KEPT_BYTES", 2 * len(PHOTO))
    answer_batches(api)
    job = until(Job(client, store(photos(3), tmp_path), tmp_path), "done")
    wait_until(lambda: not tmp_path.exists())
    assert job.picture(0) is None
    assert job.rows[0].thumbnail is not None


def test_a_batch_that_is_closed_as_it_ends_leaves_no_fault_behind(
    api: StandIn, client: Api, tmp_path: Path
) -> None:
    answer_batches(api)
    answer = api.more[("POST", "/predict/batch")]

    def close_and_answer(asked: Asked) -> Json | bytes | Refused:
        shutil.rmtree(tmp_path)
        return answer(asked)

    api.more[("POST", "/predict/batch")] = close_and_answer
    job = until(Job(client, store(photos(1), tmp_path), tmp_path), "done")
    for thread in threading.enumerate():
        if thread.name == "batch":
            thread.join()
    assert len(job.rows) == 1


def test_an_unusable_file_is_a_row_with_its_reason(api: StandIn, client: Api, tmp_path: Path) -> None:
    answer_batches(api, refused={"b.jpg": "truncated_image"})
    files = [("a.jpg", PHOTO), ("b.jpg", PHOTO[:99]), ("c.zip", b"PK\5\6" + bytes(18)), ("d.jpg", PHOTO)]
    job = until(Job(client, store(files, tmp_path), tmp_path), "done")
    assert [(row.name, row.kind, row.problem) for row in job.rows] == [
        ("a.jpg", "confident", None),
        ("b.jpg", "refused", "Part of this picture is missing."),
        ("d.jpg", "confident", None),
    ]


@dataclass(frozen=True)
class Held:
    """A picture that cannot be read before its time has come."""

    name: str
    gate: threading.Event

    def read(self) -> bytes:
        assert self.gate.wait(PATIENCE)
        return PHOTO


def test_what_was_answered_stays_where_the_service_fails_and_it_goes_on_from_there(
    api: StandIn, client: Api, tmp_path: Path
) -> None:
    answer_batches(api)
    gate = threading.Event()
    first = store(photos(AT_ONCE), tmp_path)
    later: list[Source] = [Held(f"late-{number}.jpg", gate) for number in range(AT_ONCE + 2)]
    job = Job(client, [*first, *later], tmp_path)
    while job.progress.done < AT_ONCE:
        time.sleep(0.01)
    api.refuse("/predict/batch", 503, "not_ready")
    gate.set()
    progress = until(job, "paused").progress
    assert (progress.done, progress.failure and progress.failure.code) == (AT_ONCE, "not_ready")
    api.broken.clear()
    job.resume(client)
    assert [row.name for row in until(job, "done").rows] == [one.name for one in [*first, *later]]


def test_it_goes_on_by_the_key_of_today(api: StandIn, client: Api, tmp_path: Path) -> None:
    answer_batches(api)
    before = Api(api.url, "mng_revoked")
    api.refuse("/predict/batch", 401, "invalid_key")
    job = until(Job(before, store(photos(1), tmp_path), tmp_path), "paused")
    before.close()
    api.broken.clear()
    job.resume(client)
    assert len(until(job, "done").rows) == 1


def test_a_service_that_answers_too_few_pauses_the_batch_and_nothing_is_lost(
    api: StandIn, client: Api, tmp_path: Path
) -> None:
    answer_batches(api)
    whole = api.more["POST", "/predict/batch"]
    items = [{"name": "0.jpg", "prediction": api.prediction(), "error": None}] * (AT_ONCE - 1)
    api.more["POST", "/predict/batch"] = lambda _asked: {"items": items}
    job = until(Job(client, store(photos(3 * AT_ONCE), tmp_path), tmp_path), "paused")
    failure = job.progress.failure
    assert (job.rows, failure and failure.code) == ([], "unexpected_answer")
    assert failure
    assert failure.detail == f"{AT_ONCE} pictures were sent, {AT_ONCE - 1} were answered"
    job.resume(client)
    until(job, "paused")
    api.more["POST", "/predict/batch"] = whole
    job.resume(client)
    assert [row.name for row in until(job, "done").rows] == [name for name, _ in photos(3 * AT_ONCE)]
    assert max(len(asked.names) for asked in api.asked) == AT_ONCE


@dataclass(frozen=True)
class Unreadable:
    """A picture whose reading fails in a way that nobody thought of."""

    name: str

    def read(self) -> bytes:
        raise ValueError("nobody thought of this")


def test_a_file_that_fails_unforeseen_is_a_row_and_the_others_are_answered(
    api: StandIn, client: Api, tmp_path: Path
) -> None:
    answer_batches(api)
    job = until(Job(client, [Unreadable("a.jpg"), *store(photos(1), tmp_path)], tmp_path), "done")
    assert [(row.name, row.problem) for row in job.rows] == [
        ("a.jpg", "It cannot be read here."),
        ("0.jpg", None),
    ]


def test_a_fault_of_the_page_pauses_the_batch_and_is_told(
    api: StandIn, client: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answer_batches(api)
    gate = threading.Event()
    gate.set()
    unsendable = Held("\udc80.jpg", gate)  # a name that cannot be written in any request
    failure = until(Job(client, [unsendable], tmp_path), "paused").progress.failure
    assert failure
    assert failure.code == "page_fault"
    assert notice_for(failure).title == "This page made a mistake"
    assert "UnicodeEncodeError" in caplog.text


def test_a_busy_service_is_asked_again(
    api: StandIn, client: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_batches(api)
    monkeypatch.setattr(job_module, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(job_module, "RETRIES", 400)
    api.refuse("/predict/batch", 429, "rate_limited")
    job = Job(client, store(photos(1), tmp_path), tmp_path)
    while len(api.asked) < 2:
        time.sleep(0.01)
    api.broken.clear()
    assert len(until(job, "done").rows) == 1


def test_a_batch_that_is_stopped_keeps_what_it_has(api: StandIn, client: Api, tmp_path: Path) -> None:
    answer_batches(api)
    gate = threading.Event()
    later: list[Source] = [Held(f"{number}.jpg", gate) for number in range(3 * AT_ONCE)]
    job = Job(client, [*store(photos(AT_ONCE), tmp_path), *later], tmp_path)
    while job.progress.done < AT_ONCE:
        time.sleep(0.01)
    job.cancel()
    gate.set()
    job.resume(client)
    assert job.progress.state == "cancelled"
    assert len(job.rows) >= AT_ONCE
    job.close()
    assert not tmp_path.exists()
