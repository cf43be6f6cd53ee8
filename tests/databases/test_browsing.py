"""Looking through a library, on both databases."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from databases import browsing, findings, library
from databases.browsing import Counted, Filters, LabelCounts
from databases.findings import Ranked
from databases.library import LibraryImage
from tests.databases.filling import Library

EVERYTHING = Filters("pets")


@pytest.fixture
def pets(session: Session) -> Library:
    """cat: 3 train, 1 val; dog: 2 train, 1 test, 1 excluded; one without a label; one damaged, one gone.
    One cat lies under another root, and another task has an owl."""
    pets = Library(session)
    pets.add_all(["cat/0.jpg", "cat/1.jpg", "cat/2.jpg", "dog/0.jpg", "dog/1.jpg"])
    pets.add("cat/3.jpg", split="val")
    pets.add("dog/2.jpg", split="test")
    pets.add("dog/3.jpg", excluded=True)
    pets.add("lone.jpg", label=None, split=None)
    pets.add("dog/broken.jpg", status="invalid", reason="truncated_image", width=None, split=None)
    pets.add("dog/gone.jpg", status="missing")
    Library(session, "more-pets", uri="/elsewhere").add("cat/9.jpg")
    Library(session, "birds", task="birds", uri="/birds").add("owl/0.jpg")
    return pets


def find(session: Session, filters: Filters, **page: int) -> list[LibraryImage]:
    return browsing.list_images(session, filters, **({"limit": 100} | page))


@pytest.mark.usefixtures("pets")
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, 9),
        ({"label": "cat"}, 5),
        ({"label": "cat", "split": "val"}, 1),
        ({"label": "cat", "source": "pets"}, 4),
        ({"split": "train"}, 6),
        ({"unlabelled": True}, 1),
        ({"source": "more-pets"}, 1),
        ({"source": "birds"}, 0),
        ({"label": "owl"}, 0),
        ({"excluded": True}, 1),
        ({"finding": "dark"}, 2),
        ({"finding": "dark", "label": "dog"}, 1),
    ],
)
def test_filters_choose_and_count_the_same_pictures(
    session: Session, wanted: dict[str, Any], expected: int
) -> None:
    images = library.task_images(session, "pets")
    dark = [next(image for image in images if image.label == label) for label in ("cat", "dog")]
    findings.replace(session, "pets", [Ranked(image.id, "dark", i, None) for i, image in enumerate(dark)])
    filters = Filters("pets", **wanted)
    found = find(session, filters)
    assert len(found) == browsing.count_images(session, filters).total == expected
    assert all(image.label == wanted.get("label", image.label) for image in found)
    assert all(image.task == "pets" for image in found)


@pytest.mark.usefixtures("pets")
def test_pages_follow_one_another_forth_and_back_without_gap_or_overlap(session: Session) -> None:
    everything = library.task_images(session, "pets")
    forth: list[LibraryImage] = []
    while page := find(session, EVERYTHING, after=forth[-1].id if forth else 0, limit=4):
        assert browsing.count_images(session, EVERYTHING, below=page[0].id) == Counted(9, len(forth))
        forth += page
    assert forth == everything
    back: list[LibraryImage] = []
    while page := find(session, EVERYTHING, before=back[0].id if back else 10**6, limit=4):
        back = page + back
    assert back == everything


@pytest.mark.usefixtures("pets")
def test_what_was_found_is_paged_through_from_the_worst_on(session: Session) -> None:
    worst_first = library.task_images(session, "pets")[5::-1]
    found = [Ranked(image.id, "dark", rank, None) for rank, image in enumerate(worst_first)]
    findings.replace(session, "pets", [*found, Ranked(worst_first[-1].id, "blurry", 0, None)])
    dark = Filters("pets", finding="dark")
    forth: list[LibraryImage] = []
    while page := find(session, dark, after=forth[-1].id if forth else 0, limit=4):
        assert browsing.count_images(session, dark, below=page[0].id) == Counted(6, len(forth))
        forth += page
    assert forth == worst_first
    assert find(session, dark, before=10**6, limit=2) == worst_first[-2:]
    assert find(session, dark, before=worst_first[-2].id, limit=2) == worst_first[2:4]


@pytest.mark.usefixtures("pets")
def test_an_overview_counts_labels_splits_and_sources_and_what_is_left_out(session: Session) -> None:
    overview = browsing.overview(session, "pets")
    assert overview.labels == (
        LabelCounts("cat", 5, train=4, val=1, test=0),
        LabelCounts("dog", 3, train=2, val=0, test=1),
        LabelCounts(None, 1, train=0, val=0, test=0),
    )
    assert overview.sources == {"more-pets": 1, "pets": 8}
    assert (overview.total, overview.excluded, overview.invalid) == (9, 1, 1)


def test_an_empty_library_counts_nothing(session: Session) -> None:
    overview = browsing.overview(session, "pets")
    assert (overview.labels, overview.sources, overview.total) == ((), {}, 0)
    assert find(session, EVERYTHING) == []
    assert browsing.count_images(session, EVERYTHING) == Counted(0, 0)
