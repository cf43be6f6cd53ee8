"""A gallery while its library changes: what is added is found, and no kill leaves anything wrong.

python -m bench.similar.changing URL FOLDER SIZE QUERIES.npy PICTURES   # serves until so many are found
"""

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete
from sqlalchemy.orm import Session

from bench.peers.searching import Timed
from bench.similar.asking import nearest_rows, opened
from bench.similar.filling import Library, add
from bench.similar.mixing import BIG, Crowd
from databases.models import Embedding, Image
from databases.schema import open_for_writing
from databases.settings import PROJECT

LOOK = 0.5  # seconds between two looks at whether the library changed


@dataclass(frozen=True)
class Added:
    """`seconds` from the first row that was written until all were found; `p95_ms` of the queries that one
    client asked meanwhile, and `before_ms` of those just before."""

    seconds: float
    p95_ms: float
    before_ms: float


def add_while_serving(library: Library, crowd: Crowd) -> Added:
    """Adds the crowd's 10,000 later ones to the library, and takes them out again."""
    more, size = crowd.more, len(crowd.labels)
    command = [sys.executable, "-m", "bench.similar.changing", library.url, str(library.folder)]
    command += [str(library.dimensions), str(crowd.folder / "queries.npy"), str(size + len(more))]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        serving.stdout.readline()
        engine = open_for_writing(library.url)
        begin = time.time()
        try:
            add(engine, library.model, size + 1, [BIG] * len(more), more)
            told = json.loads(serving.stdout.readline())
        finally:
            remove_from(library.url, size + 1)
            engine.dispose()
    during = [ms for at, ms in told["asked"] if at >= begin]
    before = [ms for at, ms in told["asked"] if at < begin]
    return Added(
        told["found_at"] - begin, Timed([], during).percentile(0.95), Timed([], before).percentile(0.95)
    )


def remove_from(url: str, first: int) -> None:
    """Takes out the pictures with ids from `first` on."""
    engine = open_for_writing(url)
    with Session(engine) as session, session.begin():
        session.execute(delete(Embedding).where(Embedding.image_id >= first))
        session.execute(delete(Image).where(Image.id >= first))
    engine.dispose()


def serve(url: str, folder: Path, size: int, queries: NDArray[np.float32], pictures: int) -> None:
    """Asks in one thread and follows in another, as the service does; ends when there are so many
    pictures."""
    gallery = opened(url, folder, size)
    asked: list[tuple[float, float]] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            at, begin = time.time(), time.perf_counter()
            nearest_rows(gallery, queries[len(asked) % len(queries)], BIG)
            asked.append((at, 1000 * (time.perf_counter() - begin)))

    client = threading.Thread(target=ask)
    client.start()
    time.sleep(10 * LOOK)
    print("serving", flush=True)  # noqa: T201
    while len(gallery) < pictures:
        time.sleep(LOOK)
        gallery.follow()
    found_at = time.time()
    done.set()
    client.join()
    print(json.dumps({"found_at": found_at, "asked": asked}), flush=True)  # noqa: T201


if __name__ == "__main__":
    url, folder, size, queries, pictures = sys.argv[1:]
    serve(url, Path(folder), int(size), np.load(queries), int(pictures))
