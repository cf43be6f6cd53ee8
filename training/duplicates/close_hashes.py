"""Which of many perceptual hashes are close, without comparing each with each.

Two hashes that differ in fewer bits than they have words share a word: only those are compared (multi-index
hashing; Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from training.duplicates.perceptual_hash import BITS, to_bits, turned_and_mirrored

# Copies of 300 photographs that were scaled, re-encoded, mirrored, turned or darkened differ in at most 14 of
# the 256 bits, different ones in 67 at least.
CLOSE = 32
WORDS = BITS // 16
BLOCK = 8192  # hashes asked for at a time, in their eight positions: 17 MB
AT_ONCE = 1_000_000  # pairs compared in one go: 150 MB at most

Pairs = NDArray[np.int64]


def close_pairs(hashes: list[str], new: NDArray[np.bool_]) -> Pairs:
    """Index pairs int64 [m, 2] that join hashes which are close in one of eight positions, one at least
    `new`, directly or by others between them: at most one pair a hash.

    Those that differ in fewer than 16 bits are found for certain, others up to 32 mostly.
    """
    if not new.any():
        return np.empty((0, 2), np.int64)
    # Equal ones stand for each other.
    bits, first, same = np.unique(to_bits(hashes), axis=0, return_index=True, return_inverse=True)
    fresh = np.zeros(len(first), bool)
    np.logical_or.at(fresh, same, new)
    group = _grouped(bits, np.flatnonzero(fresh))
    _, lowest = np.unique(group, return_index=True)
    pairs = np.column_stack([np.arange(len(hashes)), first[lowest[group[same]]]])
    return np.asarray(pairs[pairs[:, 0] != pairs[:, 1]], np.int64)


def _grouped(bits: NDArray[np.bool_], fresh: Pairs) -> Pairs:
    """Group numbers from 0, int64 [n], of hashes bool [n, 256]: close ones are in one group."""
    packed = np.packbits(bits, axis=1)
    words = _numbered_words(packed)
    order = np.argsort(words, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(words, minlength=WORDS << 16)))  # of each word in that order
    group = np.arange(len(bits))
    for start in range(0, len(fresh), BLOCK):
        some = fresh[start : start + BLOCK]
        for position in turned_and_mirrored(bits[some]):
            asked = np.packbits(position, axis=1)
            wanted = _numbered_words(asked)
            for rows, places in _ranges(starts[wanted], starts[wanted + 1]):
                one, other = rows // WORDS, order[places] // WORDS
                # Of what is in one group already, there may be far too many pairs.
                apart = group[some[one]] != group[other]
                one, other = one[apart], other[apart]
                differing = np.bitwise_count(asked.view(np.uint64)[one] ^ packed.view(np.uint64)[other])
                close = differing.sum(axis=1) <= CLOSE
                group = _joined(group, group[some[one[close]]], group[other[close]])
    return group


def _joined(group: Pairs, one: Pairs, other: Pairs) -> Pairs:
    """Group numbers after each group of `one` was joined with that of `other`."""
    if not len(one):
        return group
    count = int(group.max()) + 1
    graph = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    _, member = connected_components(graph, directed=False)
    return np.asarray(member[group], np.int64)


def _numbered_words(packed: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """16-bit words of hashes uint8 [n, 32] as uint32 [n x 16]: each equals only the same word of others."""
    return (packed.view(np.uint16) + (np.arange(WORDS, dtype=np.uint32) << 16)).ravel()


def _ranges(begin: Pairs, end: Pairs) -> Iterator[tuple[Pairs, Pairs]]:
    """Each row with each place from its `begin` to its `end`, some rows at a time."""
    counts = end - begin
    total = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = int(total[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(total, done + AT_ONCE, "right")))
        some = counts[start:stop]
        rows = np.repeat(np.arange(start, stop), some)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(some) - some, some)
        yield rows, begin[rows] + within
        start = stop
