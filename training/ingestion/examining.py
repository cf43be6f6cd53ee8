"""Many files examined: here, or wherever a command says."""

import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from backend.inference.cpu import available_cpus
from databases.places import Place
from training.ingestion.examination import Findings, examine
from training.ingestion.sources import Candidate
from training.ingestion.store import Store

# A kill loses at most one batch; a batch of this size keeps both cores busy and its commit cheap.
BATCH = 256
# Given to a thread at once: a small picture takes no longer than to hand it over.
CHUNK_BYTES = 200_000
# On average: of 180 x 135 pixels two threads take 1.1 times as long as one, of 320 x 240 0.8 times.
SMALL_BYTES = 10_000


@dataclass(frozen=True)
class Seen:
    """A candidate with its size in bytes and modification time in nanoseconds; zeros where it cannot be
    asked, or is a pipe or the like."""

    candidate: Candidate
    bytes: int
    modified_ns: int


# Some files, and what was found in each.
Examined = tuple[Sequence[Seen], list[Findings]]


class Examiner(Protocol):
    """Examines files, in their order; each part that it gives is worth a commit.

    Raises:
        OSError: the store cannot be written, or what a file lies in does not answer.
    """

    def __call__(self, files: Sequence[Seen], store: Store | None) -> Iterator[Examined]: ...


def see(candidate: Candidate) -> Seen:
    try:
        status = candidate.path.stat()
    except OSError:
        return Seen(candidate, 0, 0)
    if isinstance(status, os.stat_result) and not stat.S_ISREG(status.st_mode):
        return Seen(candidate, 0, 0)
    return Seen(candidate, status.st_size, status.st_mtime_ns)


def examine_here(files: Sequence[Seen], store: Store | None) -> Iterator[Examined]:
    """On all cores of this machine."""
    # By turns: threads that examine and one that writes would wait for one another more than work.
    with ThreadPoolExecutor(available_cpus()) as pool:
        for start in range(0, len(files), BATCH):
            batch = files[start : start + BATCH]
            in_turn = map if _too_small_for_threads(batch, store) else pool.map
            found = in_turn(partial(examine_some, store=store), list(chunks(batch, CHUNK_BYTES)))
            yield batch, list(itertools.chain.from_iterable(found))


def examine_some(places: Sequence[Place], store: Store | None) -> list[Findings]:
    return [examine(place, store) for place in places]


def chunks(files: Sequence[Seen], size: int) -> Iterator[list[Place]]:
    """Where files lie, as many at a time as have `size` bytes together."""
    chunk: list[Place] = []
    total = 0
    for entry in files:
        chunk.append(entry.candidate.path)
        total += entry.bytes
        if total >= size:
            yield chunk
            chunk, total = [], 0
    if chunk:
        yield chunk


def _too_small_for_threads(batch: Sequence[Seen], store: Store | None) -> bool:
    """Whether threads would take longer to pass the interpreter to one another than to decode, and nothing
    else is waited for, such as a network."""
    local = store is None and all(isinstance(entry.candidate.path, Path) for entry in batch)
    return local and sum(entry.bytes for entry in batch) < SMALL_BYTES * len(batch)
