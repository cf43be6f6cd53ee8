"""How many batches there are at a time."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from databases.settings import PROJECT
from frontend.batch import job as job_module
from frontend.batch import jobs as jobs_module
from frontend.batch.errors import NoRoom, NothingInside, TooMany, UnusableZip
from frontend.batch.jobs import Jobs
from frontend.client import Api
from tests.filesystems import small_disk
from tests.frontend.at_the_page import encoded
from tests.frontend.batch.answering import answer_batches
from tests.frontend.batch.test_job import until
from tests.frontend.batch.test_sources import zipped
from tests.frontend.clock import Clock
from tests.frontend.stand_in import Asked, Json, Refused, StandIn
from tests.waiting import wait_until

FILES = [("a.jpg", encoded(Image.new("RGB", (6, 4), "orange")))]


@pytest.fixture
def client(api: StandIn) -> Iterator[Api]:
    answer_batches(api)
    client = Api(api.url)
    yield client
    client.close()


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """With room for one."""
    monkeypatch.setattr(jobs_module, "MOST_JOBS", 1)
    jobs = Jobs(kept_seconds=3600)
    yield jobs
    jobs.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Of all that tells when a batch is to go."""
    clock = Clock()
    for module in (job_module, jobs_module):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where batches have their files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_batch_that_is_being_unpacked_has_its_place_already(jobs: Jobs, client: Api) -> None:
    class Slow(list[tuple[str, bytes]]):
        """Somebody else comes while these are unpacked: when they are gone through for the second time."""

        times = 0

        def __iter__(self) -> Iterator[tuple[str, bytes]]:
            self.times += 1
            if self.times == 2:
                with pytest.raises(NoRoom, match="Other batches take all the room"):
                    jobs.begin(client, FILES)
            return super().__iter__()

    job = jobs.find(jobs.begin(client, Slow(FILES)))
    assert job is not None
    assert [row.name for row in until(job, "done").rows] == ["a.jpg"]


def test_a_batch_that_cannot_begin_gives_its_place_back(jobs: Jobs, client: Api) -> None:
    with pytest.raises(UnusableZip):
        jobs.begin(client, [("cut.zip", zipped(dict(FILES))[:-30])])
    with pytest.raises(NothingInside):
        jobs.begin(client, [("empty.zip", zipped({}))])
    assert jobs.find(jobs.begin(client, FILES)) is not None


def test_one_that_ended_makes_room_for_the_next(jobs: Jobs, client: Api) -> None:
    first = jobs.begin(client, FILES)
    job = jobs.find(first)
    assert job is not None
    until(job, "done")
    assert jobs.find(jobs.begin(client, FILES)) is not None
    assert jobs.find(first) is None


def test_the_files_of_all_batches_have_so_many_bytes_at_most(api: StandIn, client: Api) -> None:
    go_on = threading.Event()
    answer = api.more["POST", "/predict/batch"]

    def answer_late(asked: Asked) -> Json | bytes | Refused:
        go_on.wait(20)
        return answer(asked)

    jobs = Jobs(kept_seconds=3600, most_bytes=2_000_000)
    with pytest.raises(TooMany, match="These are 3 MB: at most 2 MB go at a time"):
        jobs.begin(client, [("a.jpg", bytes(3_000_000))])
    ended = jobs.find(jobs.begin(client, [("a.jpg", bytes(1_500_000))]))
    assert ended is not None
    until(ended, "done")
    api.more["POST", "/predict/batch"] = answer_late
    working = jobs.begin(client, [("b.jpg", bytes(1_000_000))])
    assert ended.picture(0) is None  # it made room
    with pytest.raises(NoRoom, match="Other batches take all the room"):
        jobs.begin(client, [("c.jpg", bytes(1_500_000))])
    go_on.set()
    at_work = jobs.find(working)
    assert at_work is not None
    until(at_work, "done")
    assert jobs.find(jobs.begin(client, [("c.jpg", bytes(1_500_000))])) is not None
    jobs.close()


def test_a_full_disk_is_said_and_nothing_stays_on_it(jobs: Jobs, client: Api, files: Path) -> None:
    with small_disk(files, megabytes=1):
        with pytest.raises(NoRoom, match="The disk of this page is full"):
            jobs.begin(client, [("a.jpg", FILES[0][1]), ("b.jpg", bytes(2_000_000))])
        assert not list(files.iterdir())
        job = jobs.find(jobs.begin(client, FILES))
        assert job is not None
        until(job, "done")
        jobs.close()


def test_one_that_nobody_looks_at_any_more_goes_with_its_files(
    client: Api, files: Path, clock: Clock
) -> None:
    jobs = Jobs(kept_seconds=0.5)
    for _ in range(2):  # the next one is watched as well
        name = jobs.begin(client, FILES)
        job = jobs.find(name)
        assert job is not None
        until(job, "done")
        assert job.picture(0) == FILES[0][1]
        clock.now += 0.6
        wait_until(lambda: not list(files.iterdir()))
        assert jobs.find(name) is None


@pytest.mark.usefixtures("files")
def test_one_that_is_at_work_or_looked_at_stays(api: StandIn, client: Api, clock: Clock) -> None:
    go_on = threading.Event()
    answer = api.more["POST", "/predict/batch"]

    def answer_late(asked: Asked) -> Json | bytes | Refused:
        go_on.wait(20)
        return answer(asked)

    api.more["POST", "/predict/batch"] = answer_late
    jobs = Jobs(kept_seconds=600)
    name = jobs.begin(client, FILES)
    job = jobs.find(name)
    assert job is not None

    def stays(seconds: float) -> bool:
        """Whether it is there after so many, when others come, for whom what is due makes room."""
        clock.now += seconds
        jobs.begin(client, FILES)
        return job.picture(0) is not None

    assert stays(700)
    go_on.set()
    until(job, "done")
    assert stays(500)  # its time begins when it ended, not when somebody looked at it last
    for _ in range(3):
        assert jobs.find(name) is not None
        assert stays(500)
    assert not stays(500)
    jobs.close()


BEGIN_AND_END = """
from frontend.batch.jobs import Jobs
from frontend.client import Api
jobs = Jobs(kept_seconds=3600)
print(jobs.begin(Api("http://127.0.0.1:9"), [("a.jpg", b"bytes")]))
"""


def test_nothing_stays_when_the_process_ends(files: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", BEGIN_AND_END],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(files)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ended.stdout.strip()
    assert not list(files.iterdir())
