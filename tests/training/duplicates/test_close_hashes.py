"""The close ones among many hashes, as comparing each with each would find them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.duplicates.close_hashes import WORDS, close_pairs
from training.duplicates.perceptual_hash import BITS, turned_and_mirrored


def as_hex(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()


@st.composite
def families(draw: st.DrawFn) -> tuple[list[str], list[int], list[bool]]:
    """Hashes, of which family each is, and whether it is new: relatives differ in fewer bits than there are
    words, and may be turned."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    hashes, family, new = [], [], []
    for number in range(draw(st.integers(1, 6))):
        first = chance.random(BITS) < 0.5
        for _ in range(draw(st.integers(1, 4))):
            flips = chance.choice(BITS, draw(st.integers(0, (WORDS - 1) // 2)), replace=False)
            relative = first.copy()
            relative[flips] ^= True
            hashes.append(as_hex(turned_and_mirrored(relative[None])[draw(st.integers(0, 7)), 0]))
            family.append(number)
            new.append(draw(st.booleans()))
    return hashes, family, new


def joined(count: int, pairs: NDArray[np.int64]) -> list[int]:
    """The lowest member of the group that each is in."""
    group = list(range(count))
    for _ in range(count):
        for i, j in pairs:
            group[i] = group[j] = min(group[i], group[j])
    return group


@settings(max_examples=60, deadline=None)
@given(families())
def test_relatives_find_each_other_in_any_position(drawn: tuple[list[str], list[int], list[bool]]) -> None:
    hashes, family, _ = drawn
    pairs = close_pairs(hashes, np.ones(len(hashes), bool))
    assert joined(len(hashes), pairs) == [family.index(one) for one in family]


@settings(max_examples=60, deadline=None)
@given(families())
def test_each_new_one_is_joined_with_all_its_relatives(
    drawn: tuple[list[str], list[int], list[bool]],
) -> None:
    hashes, family, new = drawn
    group = joined(len(hashes), close_pairs(hashes, np.array(new)))
    for i in range(len(hashes)):
        for j in range(i):
            if new[i] or new[j]:
                assert (group[i] == group[j]) == (family[i] == family[j])


def test_a_thousand_close_ones_are_no_million_pairs() -> None:
    chance = np.random.default_rng(0)
    first = chance.random(BITS) < 0.5
    hashes = []
    for _ in range(1000):
        relative = first.copy()
        relative[chance.choice(BITS, 6, replace=False)] ^= True
        hashes.append(as_hex(relative))
    pairs = close_pairs(hashes, np.ones(1000, bool))
    assert len(pairs) == 999
    assert len(np.unique(pairs[:, 1])) == 1


def test_a_thousand_equal_ones_are_no_million_pairs() -> None:
    assert len(close_pairs(["5a" * 32] * 1000, np.ones(1000, bool))) == 999


def test_where_none_is_new_none_is_compared() -> None:
    assert close_pairs(["5a" * 32] * 3, np.zeros(3, bool)).shape == (0, 2)
