"""What a gallery promises, on both databases."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.gallery.asking import Found, Match
from backend.gallery.choosing import search
from backend.gallery.neighbours import neighbours
from databases.models import Embedding, Image
from databases.nearest import Among
from tests.backend.gallery.shelving import SENT, SPLITS, Picture, Shelving, embed, many, on_day, unit

# Their dot products have few decimals, and many are the same.
DIRECTIONS = [
    (1, 0, 0, 0),
    (0, 1, 0, 0),
    (-1, 0, 0, 0),
    (3, 4, 0, 0),
    (4, 3, 0, 0),
    (1, 1, 1, 1),
    (1, -1, 1, 1),
]
QUERY = unit((1, 0, 0, 0))
ANY = Among()
LABELS = ("cat", "dog", None)


def ids(found: Found) -> list[int]:
    return [match.image_id for match in found.matches]


def ask(
    shelving: Shelving, pictures: Sequence[Picture], among: Among = ANY, k: int = 9, **more: object
) -> Found:
    model = shelving.fill(pictures)
    with shelving.opened(model) as gallery:
        return search(gallery, QUERY, among, k=k, **more)  # type: ignore[arg-type]


def compared_by_hand(
    pictures: Sequence[Picture], direction: Sequence[float], among: Among, k: int, own: set[str]
) -> Found:
    """What a search finds that knows no index, no database and no haste. `own`: what the asked one shows."""
    served = [one for one in pictures if one.served]
    passing = [
        one
        for one in served
        if one.shown not in own
        and among.label in (None, one.label)
        and not (among.labelled and one.label is None)
        and (among.sent or not (one.source == SENT and one.label is None))
        and among.split in (None, one.split)
        and among.source in (None, one.source)
        and (among.since is None or one.ingested_at >= among.since)
        and (among.before is None or one.ingested_at < among.before)
    ]
    alike = Counter(one.shown for one in passing)
    cosines = {one.id: round(float(unit(one.vector) @ unit(direction)), 6) for one in passing}
    best: dict[str, Picture] = {}
    for one in sorted(passing, key=lambda one: (-cosines[one.id], one.id)):
        best.setdefault(one.shown, one)
    matches = [Match(one.id, one.label, max(0.0, cosines[one.id]), alike[one.shown]) for one in best.values()]
    return Found(matches[:k], len(best))


PICTURES = st.lists(
    st.builds(
        Picture,
        id=st.integers(1, 400),
        vector=st.sampled_from(DIRECTIONS),
        label=st.sampled_from(LABELS),
        split=st.sampled_from(SPLITS),
        source=st.sampled_from(("pets", "more pets", SENT)),
        day=st.integers(1, 3),
        content=st.sampled_from(("", "", "", "a", "b")),
        group=st.sampled_from((None, None, 1, 2)),
        status=st.sampled_from(("ok", "ok", "ok", "missing")),
        excluded=st.sampled_from((False, False, False, True)),
        embedded=st.sampled_from((None, None, None, "what it was before")),
    ),
    max_size=25,
    unique_by=lambda picture: picture.id,
)
AMONG = st.builds(
    Among,
    label=st.sampled_from(LABELS),
    split=st.sampled_from((None, None, *SPLITS)),
    source=st.sampled_from((None, None, "pets", "more pets", SENT, "unheard of")),
    since=st.sampled_from((None, None, on_day(2))),
    before=st.sampled_from((None, None, on_day(3))),
    labelled=st.booleans(),
    sent=st.booleans(),
)
ASKED = st.tuples(st.sampled_from(DIRECTIONS), AMONG, st.integers(1, 12), st.sampled_from((None, "a", "c")))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pictures=PICTURES, asked=st.lists(ASKED, min_size=8, max_size=8))
def test_answers_are_those_of_comparing_all_whatever_the_filter(
    shelving: Shelving,
    pictures: list[Picture],
    asked: list[tuple[tuple[float, ...], Among, int, str | None]],
) -> None:
    shelving.empty()
    model = shelving.fill(pictures)
    with shelving.opened(model) as gallery:
        assert len(gallery) == sum(picture.served for picture in pictures)
        for direction, among, k, own in asked:
            without = None if own is None else replace(Picture(1, ()), content=own).sha256
            found = search(gallery, unit(direction), among, k=k, without=without)
            shown = {one.shown for one in pictures if one.sha256 == without}
            assert found == compared_by_hand(pictures, direction, among, k, shown)


def test_what_people_sent_is_an_answer_once_somebody_said_what_it_shows(shelving: Shelving) -> None:
    sent = Picture(1, (1, 0, 0, 0), label=None, source=SENT)
    model = shelving.fill([sent, Picture(2, (3, 4, 0, 0)), Picture(3, (4, 3, 0, 0), label=None)])
    with shelving.opened(model) as gallery:
        assert ids(search(gallery, QUERY, ANY, k=9)) == [3, 2]
        assert ids(search(gallery, QUERY, Among(sent=True), k=9)) == [1, 3, 2]
        assert neighbours(gallery, QUERY, None).nearest == 0.8
        assert gallery.find(1) is not None
        with Session(shelving.engine) as session, session.begin():
            session.execute(update(Image).where(Image.id == 1).values(label="cat"))
        gallery.follow()
        assert ids(search(gallery, QUERY, ANY, k=9)) == [1, 3, 2]
        assert len(gallery) == 3


def test_answers_are_those_of_float32_although_less_is_searched(shelving: Shelving) -> None:
    random = np.random.default_rng(0)
    near = random.standard_normal(64) + 0.02 * random.standard_normal((300, 64))  # all nearly alike
    pictures = many(np.concatenate([near, random.standard_normal((300, 64))]))
    model = shelving.fill(pictures)
    query = unit(near[0] + 0.02 * random.standard_normal(64))
    rows = np.stack([unit(one.vector) for one in pictures])
    with shelving.opened(model, size=64) as gallery:
        found = search(gallery, query, ANY, k=50)
    assert [m.similarity for m in found.matches] == pytest.approx(sorted(rows @ query)[:-51:-1], abs=2e-6)
    assert len(set(ids(found))) == 50


def test_the_pictures_own_copies_and_their_look_alikes_are_no_answers(shelving: Shelving) -> None:
    own = Picture(1, (1, 0, 0, 0), content="own", group=1)
    pictures = [
        own,
        replace(own, id=2, label="dog"),
        Picture(3, (4, 3, 0, 0), group=1),
        Picture(4, (3, 4, 0, 0)),
    ]
    found = ask(shelving, pictures, without=own.sha256)
    assert (ids(found), found.available) == ([4], 1)


@pytest.mark.parametrize(
    "kept_out", [{"excluded": True}, {"status": "missing"}, {"embedded": "what it was before"}], ids=str
)
def test_look_alikes_of_a_copy_that_is_not_served_are_no_answers(
    shelving: Shelving, kept_out: dict[str, Any]
) -> None:
    own = Picture(1, (1, 0, 0, 0), content="own", group=1, **kept_out)
    others = [Picture(2, (4, 3, 0, 0), group=1), Picture(3, (3, 4, 0, 0))]
    model = shelving.fill([own, *others])
    with shelving.opened(model) as gallery:
        found = search(gallery, QUERY, ANY, k=5, without=own.sha256)
    assert ([match.image_id for match in found.matches], found.available) == ([3], 1)


def test_of_look_alikes_the_nearest_answers_and_tells_how_many_there_are(shelving: Shelving) -> None:
    pictures = [
        Picture(1, (3, 4, 0, 0), group=1),
        Picture(2, (4, 3, 0, 0), group=1),
        Picture(3, (1, 1, 1, 1)),
        Picture(4, (4, 3, 0, 0), group=1, label="dog"),
    ]
    found = ask(shelving, pictures, Among(label="cat"))
    assert [(match.image_id, match.alike) for match in found.matches] == [(2, 2), (3, 1)]
    assert found.available == 2


def test_many_look_alikes_leave_room_for_others(shelving: Shelving) -> None:
    crowd = [Picture(number, (1, 0, 0, 0), group=1) for number in range(1, 120)]
    found = ask(shelving, [*crowd, Picture(200, (3, 4, 0, 0)), Picture(201, (0, 1, 0, 0))], k=3)
    assert [(match.image_id, match.alike) for match in found.matches] == [(1, 119), (200, 1), (201, 1)]


def test_of_those_as_near_the_lower_id_comes_first(shelving: Shelving) -> None:
    pictures = [Picture(number, (4, 3, 0, 0)) for number in (80, 2, 500, 41, 7)]
    assert ids(ask(shelving, pictures, k=3)) == [2, 7, 41]


def test_similarity_is_the_cosine_from_0_to_1(shelving: Shelving) -> None:
    pictures = [Picture(1, (-1, 0, 0, 0)), Picture(2, (1, 0, 0, 0)), Picture(3, (1, 1, 1, 1))]
    assert [match.similarity for match in ask(shelving, pictures).matches] == [1.0, 0.5, 0.0]


def test_pictures_without_a_label_are_among_any_but_of_no_label(shelving: Shelving) -> None:
    model = shelving.fill([Picture(1, (1, 0, 0, 0), label=None), Picture(2, (0, 1, 0, 0))])
    with shelving.opened(model) as gallery:
        assert search(gallery, QUERY, ANY, k=9).matches[0] == Match(1, None, 1.0, 1)
        assert ids(search(gallery, QUERY, Among(label="cat"), k=9)) == [2]
        assert search(gallery, QUERY, Among(label="emu"), k=9) == Found([], 0)


def test_pictures_that_changed_went_or_were_excluded_are_not_served(shelving: Shelving) -> None:
    sound = Picture(1, (0, 1, 0, 0))
    pictures = [
        sound,
        Picture(2, (1, 0, 0, 0), embedded="another"),
        Picture(3, (1, 0, 0, 0), status="missing"),
        Picture(4, (1, 0, 0, 0), excluded=True),
    ]
    found = ask(shelving, pictures)
    assert (ids(found), found.available) == ([1], 1)


def test_pictures_of_another_task_or_model_are_not_served(shelving: Shelving) -> None:
    first = shelving.fill([Picture(1, (0, 1, 0, 0)), Picture(2, (1, 0, 0, 0), task="birds", source="birds")])
    second = shelving.fill([Picture(3, (1, 0, 0, 0), source="more")], "pets-2")
    for model, served in ((first, [1]), (second, [3])):
        with shelving.opened(model) as gallery:
            assert ids(search(gallery, QUERY, ANY, k=9)) == served


def test_a_rare_label_gives_all_it_has(shelving: Shelving) -> None:
    vectors = np.random.default_rng(0).standard_normal((500, 4))
    pictures = [
        replace(one, label="rare") if one.id in (50, 250, 450) else one for one in many(vectors, label="cat")
    ]
    found = ask(shelving, pictures, Among(label="rare"), k=10)
    assert (sorted(ids(found)), found.available) == ([50, 250, 450], 3)


def test_diverse_answers_differ_from_one_another(shelving: Shelving) -> None:
    crowd = [Picture(number, (10, number / 10, 0, 0)) for number in range(1, 6)]
    others = [Picture(11, (2, 0, 1, 0)), Picture(12, (2, 0, 0, 1))]
    model = shelving.fill([*crowd, *others])
    with shelving.opened(model) as gallery:
        assert ids(search(gallery, QUERY, ANY, k=3)) == [1, 2, 3]
        assert set(ids(search(gallery, QUERY, ANY, k=3, diversity=0.5))) == {1, 11, 12}
        everything = search(gallery, QUERY, ANY, k=9, diversity=1.0)
    assert (len(everything.matches), everything.available) == (7, 7)


def test_a_picture_is_found_by_its_id_as_long_as_it_is_served(shelving: Shelving) -> None:
    model = shelving.fill([Picture(1, (3, 4, 0, 0), label=None), Picture(2, (1, 0, 0, 0), excluded=True)])
    with shelving.opened(model) as gallery:
        entry = gallery.find(1)
        assert entry is not None
        assert (entry.image_id, entry.label, entry.sha256) == (1, None, Picture(1, ()).sha256)
        np.testing.assert_array_equal(entry.vector, unit((3, 4, 0, 0)))
        assert gallery.find(2) is None
        assert gallery.find(3) is None


@pytest.mark.parametrize("vector", [np.full(4, np.nan), np.eye(3)[0], np.zeros(0)], ids=["nan", "3", "none"])
def test_a_picture_whose_embedding_cannot_be_searched_is_not_found(
    shelving: Shelving, vector: NDArray[np.float64]
) -> None:
    model = shelving.fill([Picture(1, (3, 4, 0, 0))])
    with shelving.opened(model) as gallery:
        assert gallery.find(1) is not None
        with shelving.engine.begin() as connection:
            connection.execute(update(Embedding).values(vector=vector.astype("<f4").tobytes()))
        assert gallery.find(1) is None


def test_what_comes_goes_or_is_relabelled_is_followed(shelving: Shelving) -> None:
    first, second = Picture(1, (1, 0, 0, 0)), Picture(2, (3, 4, 0, 0))
    model = shelving.fill([first, second])
    with shelving.opened(model) as gallery:
        assert not gallery.follow()
        with Session(shelving.engine) as session, session.begin():
            session.execute(update(Image).where(Image.id == 1).values(excluded=True))
            session.execute(update(Image).where(Image.id == 2).values(label="dog"))
        assert gallery.follow()
        assert (len(gallery), ids(search(gallery, QUERY, ANY, k=9))) == (1, [2])
        assert ids(search(gallery, QUERY, Among(label="cat"), k=9)) == []
        with Session(shelving.engine) as session, session.begin():
            session.execute(update(Image).where(Image.id == 1).values(excluded=False))
            embed(session, model, [replace(second, vector=(0, 0, 1, 0))])
        assert gallery.follow()
        assert [m.similarity for m in search(gallery, QUERY, ANY, k=9).matches] == [1.0, 0.0]
        assert not gallery.follow()


def test_an_empty_library_gives_nothing(shelving: Shelving) -> None:
    assert ask(shelving, [], without="0" * 64) == Found([], 0)
