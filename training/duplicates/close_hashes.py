"""Which of many perceptual hashes are close, without comparing each with each.

Two hashes that differ in fewer bits than they have words share a word: only those are compared (multi-index
hashing; Norouzi, Punjani and Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from training.duplicates.perceptual_hash import BITS, to_bits, turned_and_mirrored

# Copies of photographs that were scaled, re-encoded, mirrored, turned or darkened differ in at most 16 of the
# 256 bits, different photographs in 83 at least.
CLOSE = 32
WORDS = BITS // 16
BLOCK = 8192  # hashes asked for at a time, in their eight positions: 17 MB
AT_ONCE = 2_000_000  # pairs compared in one go: 128 MB

Pairs = NDArray[np.int64]


def close_pairs(hashes: list[str], new: NDArray[np.bool_]) -> Pairs:
    """Index pairs int64 [m, 2] of hashes that are close in one of eight positions, one at least `new`.

    Those that differ in fewer than 16 bits are found for certain, others up to 32 mostly.
    """
    if not new.any():
        return np.empty((0, 2), np.int64)
    bits = to_bits(hashes)
    # Equal ones stand for each other, so that a thousand copies are not a million pairs.
    _, first, same = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    fresh = np.zeros(len(first), bool)
    np.logical_or.at(fresh, same, new)
    found = [np.column_stack([np.arange(len(hashes)), first[same]])]
    found += [first[pairs] for pairs in _close(bits[first], np.flatnonzero(fresh))]
    pairs = np.concatenate(found)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0).astype(np.int64)


def _close(bits: NDArray[np.bool_], fresh: Pairs) -> Iterator[Pairs]:
    packed = np.packbits(bits, axis=1)
    words = _numbered_words(packed)
    order = np.argsort(words, kind="stable")
    in_order = words[order]
    for start in range(0, len(fresh), BLOCK):
        some = fresh[start : start + BLOCK]
        for position in turned_and_mirrored(bits[some]):
            asked = np.packbits(position, axis=1)
            wanted = _numbered_words(asked)
            begin, end = (np.searchsorted(in_order, wanted, side) for side in ("left", "right"))
            for rows, places in _ranges(begin, end):
                one, other = rows // WORDS, order[places] // WORDS
                differing = np.bitwise_count(asked.view(np.uint64)[one] ^ packed.view(np.uint64)[other])
                close = differing.sum(axis=1) <= CLOSE
                yield np.column_stack([some[one[close]], other[close]])


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
