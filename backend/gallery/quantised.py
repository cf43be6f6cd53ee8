"""Embeddings in a byte a number: a quarter of float32's size, and several times as fast to compare.

The comparison is approximate, but by how much is known: who compares all that might be nearest once more by
float32 misses nothing. simsimd was chosen by measurement over float32 with BLAS, faiss and usearch, at all
sizes: see `make bench-gallery`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import simsimd
from numpy.typing import NDArray

MOST = 127  # -128 would have no counterpart


@dataclass(frozen=True)
class Quantised:
    """`codes`: int8 [n, embedding_size]. A vector is about codes x `scales` [n], off by one of length
    `errors` [n], both float64."""

    codes: NDArray[np.int8]
    scales: NDArray[np.float64]
    errors: NDArray[np.float64]


def quantise(vectors: NDArray[np.float32]) -> Quantised:
    """Rows of float32 [n, embedding_size], each by a scale of its own."""
    largest = np.abs(vectors).max(axis=1, initial=0).astype(np.float64)
    scales = np.where(largest > 0, largest / MOST, 1.0)
    codes = np.rint(vectors / scales[:, None].astype(np.float32)).clip(-MOST, MOST).astype(np.int8)
    errors = np.linalg.norm(vectors - restore(codes, scales), axis=1).astype(np.float64)
    return Quantised(codes, scales, errors)


def restore(codes: NDArray[np.int8], scales: NDArray[np.float64]) -> NDArray[np.float32]:
    """About the vectors float32 [n, embedding_size] that were quantised."""
    return np.multiply(codes, scales[:, None].astype(np.float32), dtype=np.float32)


def dots(query: NDArray[np.int8], codes: NDArray[np.int8], threads: int) -> NDArray[np.float64]:
    """Dot products [n] of codes int8 [embedding_size] with each of int8 [n, embedding_size]."""
    if not len(codes):
        return np.empty(0)
    compared: Any = simsimd.cdist(query[None], codes, metric="dot", threads=threads)
    return np.asarray(compared, np.float64).reshape(-1)


def farthest_off(query: Quantised, errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much at most [n] the product of a query's codes with others' is off that of the vectors, which
    have length 1, by the Cauchy-Schwarz inequality; `errors` [n] are the others'."""
    off: NDArray[np.float64] = errors + query.errors[0] * (1 + errors)
    return off
