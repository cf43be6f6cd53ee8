"""Looking through a library, on both databases."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from databases import browsing, corrections, findings, library
from databases.browsing import Filters, LabelCounts, Page
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


def read(session: Session, filters: Filters, **page: int) -> Page:
    return browsing.read_page(session, filters, **({"limit": 100} | page))


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
    found = read(session, Filters("pets", **wanted))
    assert (len(found.images), found.total, found.earlier) == (expected, expected, 0)
    assert all(image.label == wanted.get("label", image.label) for image in found.images)
    assert all(image.task == "pets" for image in found.images)


def forth(session: Session, filters: Filters) -> list[LibraryImage]:
    """All pages of 4, from the first on."""
    seen: list[LibraryImage] = []
    while (page := read(session, filters, after=seen[-1].id if seen else 0, limit=4)).images:
        assert page.earlier == len(seen)
        seen += page.images
    assert (page.total, page.earlier) == (len(seen), len(seen))
    return seen


def back(session: Session, filters: Filters) -> list[LibraryImage]:
    """All pages of 4, from the last on."""
    seen: list[LibraryImage] = []
    while (page := read(session, filters, before=seen[0].id if seen else 10**6, limit=4)).images:
        seen = [*page.images, *seen]
        assert page.earlier == page.total - len(seen)
    assert page.earlier == 0
    return seen


@pytest.mark.usefixtures("pets")
def test_pages_follow_one_another_forth_and_back_without_gap_or_overlap(session: Session) -> None:
    everything = library.task_images(session, "pets")
    assert forth(session, EVERYTHING) == back(session, EVERYTHING) == everything


@pytest.mark.usefixtures("pets")
def test_pictures_of_a_finding_come_with_the_worst_first(session: Session) -> None:
    everything = library.task_images(session, "pets")
    worst = [everything[number] for number in (5, 2, 8, 0, 7, 1)]
    of_others = library.task_images(session, "birds")
    findings.replace(session, "pets", [Ranked(image.id, "dark", i, None) for i, image in enumerate(worst)])
    findings.replace(session, "birds", [Ranked(image.id, "dark", 0, None) for image in of_others])
    dark = Filters("pets", finding="dark")
    assert forth(session, dark) == back(session, dark) == worst
    # Whoever decides on what they see goes on from there.
    corrections.add(session, "pets", [worst[1].sha256], "include")
    assert [*read(session, dark, after=worst[1].id).images] == worst[2:]
    assert read(session, dark, after=worst[1].id).earlier == 1


@pytest.mark.usefixtures("pets")
def test_what_people_sent_is_seen_by_who_asks_for_it_until_somebody_says_what_it_shows(
    session: Session,
) -> None:
    root = "sent"
    image_id = Library(session, root, uri="/uploads/pets", sent=True).add("new.jpg", label=None, split=None)
    findings.replace(session, "pets", [Ranked(image_id, "dark", 0, None)])
    for filters in (EVERYTHING, Filters("pets", finding="dark"), Filters("pets", source=root)):
        assert image_id not in {image.id for image in read(session, filters).images}
        assert image_id in {image.id for image in read(session, replace(filters, sent=True)).images}
    assert [browsing.overview(session, "pets", sent=sent).total for sent in (False, True)] == [9, 10]
    assert [findings.counts(session, "pets", sent=sent) for sent in (False, True)] == [{}, {"dark": 1}]
    (sent,) = read(session, Filters("pets", source=root, sent=True)).images
    corrections.add(session, "pets", [sent.sha256], "label", label="cat")
    assert image_id in {image.id for image in read(session, EVERYTHING).images}


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


@pytest.mark.usefixtures("pets")
def test_an_overview_counts_each_part_among_what_else_is_chosen(session: Session) -> None:
    images = library.task_images(session, "pets")
    dark = [next(image for image in images if image.label == label) for label in ("cat", "dog")]
    findings.replace(session, "pets", [Ranked(image.id, "dark", i, None) for i, image in enumerate(dark)])

    def of(**asked: Any) -> browsing.Overview:
        return browsing.overview(session, "pets", within=Filters("pets", **asked))

    assert {entry.label: entry.pictures for entry in of(finding="dark").labels} == {"cat": 1, "dog": 1}
    assert sum(of(finding="dark", label="cat").sources.values()) == 1
    assert sum(entry.pictures for entry in of(source="more-pets").labels) == 1
    assert of(source="nowhere").labels == ()
    assert of(label="dog").labels == of().labels  # its own part is not narrowed
    assert sum(of(label="dog", split="train").sources.values()) == 2
    assert sum(of(unlabelled=True).sources.values()) == 1
    assert {of(**asked).total for asked in ({}, {"finding": "dark"}, {"source": "more-pets"})} == {9}
    chosen: list[tuple[dict[str, Any], int]] = [({"label": "cat"}, 1), ({"source": "more-pets"}, 0)]
    for asked, counted in chosen:
        among = browsing.chosen(Filters("pets", **asked))
        assert sum(findings.counts(session, "pets", among=among).values()) == counted, asked


def test_an_empty_library_counts_nothing(session: Session) -> None:
    overview = browsing.overview(session, "pets")
    assert (overview.labels, overview.sources, overview.total) == ((), {}, 0)
    assert read(session, EVERYTHING) == Page((), 0, 0)
