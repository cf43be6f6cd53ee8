"""How many batches there are at a time."""

from collections.abc import Iterator

import pytest
from PIL import Image

from frontend.batch import jobs as jobs_module
from frontend.batch.jobs import Jobs, NothingInside, TooMany
from frontend.batch.sources import UnusableZip
from frontend.client import Api
from tests.frontend.at_the_page import encoded
from tests.frontend.batch.answering import answer_batches
from tests.frontend.batch.test_job import until
from tests.frontend.batch.test_sources import zipped
from tests.frontend.stand_in import StandIn

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
    jobs = Jobs()
    yield jobs
    jobs.close()


def test_a_batch_that_is_being_unpacked_has_its_place_already(jobs: Jobs, client: Api) -> None:
    class Slow(list[tuple[str, bytes]]):
        """Somebody else comes while these are unpacked."""

        def __iter__(self) -> Iterator[tuple[str, bytes]]:
            with pytest.raises(TooMany, match="Other batches take all the room"):
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
