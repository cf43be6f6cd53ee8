"""What became of a data set, by its properties and by example."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from databases.data_diff import Changed, diff
from databases.dataset_versions import Member

member = st.builds(
    Member, st.sampled_from("abcd"), st.sampled_from(("cat", "dog")), st.sampled_from(("train", "test"))
)
data_sets = st.lists(member, max_size=12)


@given(data_sets, data_sets)
def test_a_difference_leads_from_the_first_to_the_second(first: list[Member], second: list[Member]) -> None:
    found = diff(first, second)
    changed = Counter(first)
    changed.subtract([*found.removed, *(one.before for one in found.changed)])
    changed.update([*found.added, *(one.after for one in found.changed)])
    assert +changed == Counter(second)
    assert min(changed.values(), default=0) >= 0
    assert all(one.before.sha256 == one.after.sha256 and one.before != one.after for one in found.changed)
    assert not {one.sha256 for one in found.added} & {one.sha256 for one in found.removed}


@given(data_sets, st.randoms(use_true_random=False))
def test_the_same_pictures_in_any_order_do_not_differ(first: list[Member], chance: object) -> None:
    second = list(first)
    chance.shuffle(second)  # type: ignore[attr-defined]
    found = diff(first, second)
    assert (found.added, found.removed, found.changed, found.contents) == ((), (), (), set())
    assert all(before == after for before, after in found.labels.values())


def test_every_kind_of_change_is_told_apart() -> None:
    first = [
        Member("same", "cat", "train"),
        Member("gone", "cat", "train"),
        Member("named", "cat", "train"),
        Member("moved", "dog", "train"),
        Member("both", "dog", "val"),
    ]
    second = [
        Member("same", "cat", "train"),
        Member("named", "fox", "train"),
        Member("moved", "dog", "test"),
        Member("both", "cat", "test"),
        Member("new", "owl", "val"),
    ]
    found = diff(first, second)
    assert (found.added, found.removed) == ((second[4],), (first[1],))
    assert found.relabelled == (Changed(first[4], second[3]), Changed(first[2], second[1]))
    assert found.moved == (Changed(first[4], second[3]), Changed(first[3], second[2]))
    assert found.labels == {"cat": (3, 2), "dog": (2, 1), "fox": (0, 1), "owl": (0, 1)}
    assert found.contents == {"gone", "named", "moved", "both", "new"}


def test_a_copy_more_is_a_picture_more() -> None:
    one = Member("a", "cat", "train")
    found = diff([one], [one, one])
    assert (found.added, found.removed, found.changed) == ((one,), (), ())
