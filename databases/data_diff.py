"""What became of a data set: pictures that came, went, got another label or went to another split."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from databases.dataset_versions import Member


@dataclass(frozen=True)
class Changed:
    """A picture with another label or split than before, or both."""

    before: Member
    after: Member


@dataclass(frozen=True)
class DataDiff:
    """How a second data set differs from a first; each copy of a picture counts.

    `labels`: how many pictures of each label the first and the second have. A picture that was relabelled and
    moved to another split is in both lists.
    """

    labels: dict[str, tuple[int, int]]
    added: tuple[Member, ...]
    removed: tuple[Member, ...]
    changed: tuple[Changed, ...]

    @property
    def contents(self) -> set[str]:
        """The content hashes of all that differs."""
        return {one.sha256 for one in (*self.added, *self.removed, *(one.after for one in self.changed))}

    @property
    def relabelled(self) -> tuple[Changed, ...]:
        return tuple(one for one in self.changed if one.before.label != one.after.label)

    @property
    def moved(self) -> tuple[Changed, ...]:
        return tuple(one for one in self.changed if one.before.split != one.after.split)


def diff(first: Iterable[Member], second: Iterable[Member]) -> DataDiff:
    """How `second` differs from `first`."""
    before, after = Counter(first), Counter(second)
    came, went = _by_content(after - before), _by_content(before - after)
    added, removed, changed = [], [], []
    for sha256 in sorted(came.keys() | went.keys()):
        for old, new in itertools.zip_longest(went[sha256], came[sha256]):
            if old is None:
                added.append(new)
            elif new is None:
                removed.append(old)
            else:
                changed.append(Changed(old, new))
    return DataDiff(_labels(before, after), tuple(added), tuple(removed), tuple(changed))


def _by_content(members: Counter[Member]) -> dict[str, list[Member]]:
    found = defaultdict(list)
    for member in sorted(members.elements(), key=lambda one: (one.label, one.split)):
        found[member.sha256].append(member)
    return found


def _labels(before: Counter[Member], after: Counter[Member]) -> dict[str, tuple[int, int]]:
    counts: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for members, count in zip((before, after), counts, strict=True):
        for member, copies in members.items():
            count[member.label] += copies
    return {label: (counts[0][label], counts[1][label]) for label in sorted(counts[0] | counts[1])}
