"""Splits, by their properties."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from databases.library import LibraryImage, Split
from tests.training.making import image
from training.ingestion.splitting import assign_splits

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
LABELS = ("cat", "dog", "owl")
few = settings(max_examples=40, deadline=None)


@st.composite
def pictures(draw: st.DrawFn) -> list[LibraryImage]:
    """Some pictures, copies among them; a copy may carry another label than its original."""
    drawn = draw(st.lists(st.tuples(st.sampled_from(LABELS), st.integers(0, 60)), max_size=60))
    return [image(number, label, content=str(of)) for number, (label, of) in enumerate(drawn)]


@st.composite
def different_pictures(draw: st.DrawFn) -> list[LibraryImage]:
    labels = draw(st.lists(st.sampled_from(LABELS), max_size=80))
    salt = draw(st.integers(0, 999))
    return [image(number, label, content=f"{salt}/{number}") for number, label in enumerate(labels)]


def with_splits(images: Sequence[LibraryImage], assigned: dict[int, str]) -> list[LibraryImage]:
    """As the library holds them after the splits were written."""
    return [replace(i, split=cast("Split", assigned[i.id]) if i.id in assigned else i.split) for i in images]


@few
@given(pictures(), st.integers(0, 5), st.randoms())
def test_splits_depend_on_content_and_seed_not_on_order_or_place(
    images: list[LibraryImage], seed: int, chance: object
) -> None:
    images = list({i.sha256: i for i in images}.values())
    first = assign_splits(images, SHARES, seed)
    shuffled = sorted(images, key=lambda _: chance.random())  # type: ignore[attr-defined]
    moved = [replace(i, uri=f"moved/{i.uri}", root="elsewhere") for i in shuffled]
    assert assign_splits(moved, SHARES, seed) == first


@few
@given(pictures(), pictures(), st.integers(0, 5))
def test_new_pictures_never_move_earlier_ones(
    images: list[LibraryImage], more: list[LibraryImage], seed: int
) -> None:
    before = with_splits(images, assign_splits(images, SHARES, seed))
    new = [replace(i, id=i.id + 1000) for i in more]
    later = assign_splits(before + new, SHARES, seed)
    assert set(later) == {i.id for i in new}


@few
@given(pictures(), pictures(), st.integers(0, 5))
def test_copies_stay_together_however_late_they_come(
    images: list[LibraryImage], more: list[LibraryImage], seed: int
) -> None:
    everything = images + [replace(i, id=i.id + 1000) for i in more]
    early = with_splits(everything, assign_splits(images, SHARES, seed))
    final = with_splits(early, assign_splits(early, SHARES, seed))
    splits: dict[str, set[str | None]] = {}
    for one in final:
        splits.setdefault(one.sha256, set()).add(one.split)
    assert all(len(found) == 1 for found in splits.values())


@few
@given(different_pictures(), st.integers(0, 5))
def test_each_label_gets_its_shares_within_rounding(images: list[LibraryImage], seed: int) -> None:
    final = with_splits(images, assign_splits(images, SHARES, seed))
    sizes = Counter(i.label for i in final)
    counts = Counter((i.label, i.split) for i in final)
    for label, size in sizes.items():
        for split, share in SHARES.items():
            assert abs(counts[label, cast("Split", split)] - share * size) <= 1


@few
@given(different_pictures())
def test_a_share_of_nothing_gets_nothing(images: list[LibraryImage]) -> None:
    assigned = assign_splits(images, {"train": 0.85, "val": 0.15, "test": 0.0}, seed=0)
    assert "test" not in assigned.values()


def test_given_splits_are_kept_and_counted() -> None:
    given_: list[LibraryImage] = [image(n, "cat", "val") for n in range(15)]
    new = [image(100 + n, "cat") for n in range(85)]
    assigned = assign_splits(given_ + new, SHARES, seed=0)
    assert set(assigned) == {i.id for i in new}
    assert Counter(assigned.values()) == {"train": 70, "test": 15}


def test_splits_that_were_not_asked_for_do_not_count() -> None:
    given_ = [image(n, "cat", "test") for n in range(50)]
    new = [image(100 + n, "cat") for n in range(20)]
    assigned = assign_splits(given_ + new, {"train": 0.75, "val": 0.25}, seed=0)
    assert Counter(assigned.values()) == {"train": 15, "val": 5}


def test_a_picture_that_was_moved_stays_in_its_split() -> None:
    moved = [image(n, "cat", content=f"moved {n}") for n in range(9)]
    unused = {one.sha256: split for one, split in zip(moved, ("train", "val", "test") * 3, strict=True)}
    assert assign_splits(moved, SHARES, 0, unused) == {one.id: unused[one.sha256] for one in moved}


def test_pictures_without_a_label_are_left_alone() -> None:
    assert assign_splits([image(1, None), image(2, "cat")], SHARES, seed=0).keys() == {2}


def test_another_seed_holds_back_other_pictures() -> None:
    images = [image(n, "cat") for n in range(100)]
    held_back = [
        {i for i, s in assign_splits(images, SHARES, seed).items() if s != "train"} for seed in (0, 1)
    ]
    assert held_back[0] != held_back[1]


@few
@given(st.lists(st.tuples(st.sampled_from(LABELS), st.integers(0, 20)), max_size=60), st.integers(0, 5))
def test_look_alikes_stay_together(drawn: list[tuple[str, int]], seed: int) -> None:
    images = [image(number, label, group=group) for number, (label, group) in enumerate(drawn)]
    assigned = assign_splits(images, SHARES, seed)
    of_group = {(i.duplicate_group, assigned[i.id]) for i in images}
    assert len(of_group) == len({i.duplicate_group for i in images})


def test_a_look_alike_follows_what_has_a_split_even_if_that_has_no_place_in_the_shares() -> None:
    first: Split = "test"
    images = [image(1, "cat", first, group=1), image(2, "cat", group=1)]
    assert assign_splits(images, {"train": 0.8, "val": 0.2}, seed=0) == {2: "test"}


def test_a_large_group_does_not_flood_what_is_held_back() -> None:
    burst = [image(n, "cat", group=0) for n in range(60)]
    others = [image(100 + n, "cat") for n in range(40)]
    counts = Counter(assign_splits(burst + others, SHARES, seed=0).values())
    assert counts == {"train": 70, "val": 15, "test": 15}
