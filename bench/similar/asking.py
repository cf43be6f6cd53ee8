"""Asks a gallery in a process of its own, and tells what it answered.

python -m bench.similar.asking URL FOLDER SIZE              # opens it, and tells how long that took
python -m bench.similar.asking URL FOLDER SIZE QUERIES.npy [LABEL]
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from backend.gallery.asking import Gallery
from backend.gallery.choosing import search
from backend.gallery.opening import open_gallery
from backend.inference.cpu import available_cpus
from bench.peers.searching import K, Timed, memory_mb, timed
from bench.similar.filling import TASK, Library
from databases import registry
from databases.nearest import Among
from databases.schema import open_for_serving
from databases.settings import PROJECT


@dataclass(frozen=True)
class Answers:
    """Of one client. `rows`: those of the crowd, by query, the nearest first. `grown_mb`: by how much the
    process grew while it opened the gallery and answered, with the mapped files, in 10**6 bytes."""

    rows: list[list[int]]
    ms: list[float]
    grown_mb: float

    def percentile(self, share: float) -> float:
        return Timed(self.rows, self.ms).percentile(share)


def seconds_to_open(library: Library) -> float:
    """Until the gallery can be asked, its index made where there is none, after Python has started."""
    return float(_told(library))


def ask(library: Library, queries: NDArray[np.float32], label: str | None) -> Answers:
    """Queries float32 [n, embedding_size] among the pictures with a label, or all for None."""
    asked = library.folder.parent / f"queries-{os.getpid()}.npy"
    np.save(asked, queries)
    answers = json.loads(_told(library, str(asked), *([] if label is None else [label])))
    asked.unlink()
    return Answers(**answers)


def _told(library: Library, *arguments: str) -> str:
    command = [sys.executable, "-m", "bench.similar.asking", library.url, str(library.folder)]
    command += [str(library.dimensions), *arguments]
    told = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return told.splitlines()[-1]


def opened(url: str, folder: Path, embedding_size: int) -> Gallery:
    """The gallery of a library that `fill` wrote."""
    engine = open_for_serving(url, read_only=True)
    with Session(engine) as session:
        model = next(model for model in registry.list_models(session) if model.task == TASK)
    return open_gallery(engine, model, embedding_size, folder, available_cpus())


def nearest_rows(gallery: Gallery, query: NDArray[np.float32], label: str | None, k: int = K) -> list[int]:
    """Row numbers of the k nearest, by the ids that `fill` gives."""
    return [match.image_id - 1 for match in search(gallery, query, Among(label=label), k=k).matches]


def main(url: str, folder: Path, size: int, *asked: str) -> str:
    begin, before = time.perf_counter(), memory_mb()
    gallery = opened(url, folder, size)
    if not asked:
        return str(time.perf_counter() - begin)
    label = asked[1] if len(asked) > 1 else None
    times = timed(lambda query: nearest_rows(gallery, query, label), np.load(asked[0]))
    grown = memory_mb() - before
    gallery.close()
    return json.dumps(asdict(Answers(times.answers, times.ms, grown)))


if __name__ == "__main__":
    print(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]))  # noqa: T201
