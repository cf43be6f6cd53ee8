"""`training.ingestion.examining`, on a cluster."""

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from databases.places import Place
from training.cluster.reading import absolute, readers_for
from training.cluster.spreading import spread
from training.errors import ClusterUnavailable
from training.ingestion.examination import Findings, examine
from training.ingestion.examining import Examined, Seen
from training.ingestion.store import Store

BATCH = 32  # files that a worker gets at a time


def examine_there(files: Sequence[Seen], store: Store | None) -> Iterator[Examined]:
    """An `Examiner` on the cluster that this process is connected to.

    A file that a machine cannot reach is one that cannot be read.

    Raises:
        ClusterUnavailable: as `spread` does, or a machine does not see the store.
    """
    batches = [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
    sent = [[absolute(one.candidate.path) for one in batch] for batch in batches]
    with _marked(store) as mark:
        yield from zip(batches, spread(partial(_examine, store, mark), sent), strict=True)


def _examine(store: Store | None, mark: Path | None, places: Sequence[Place]) -> list[Findings]:
    if mark is not None and not mark.exists():  # what is written there would stay on that machine
        raise ClusterUnavailable(
            f"a machine of the cluster does not see {mark.parent}: copy to a folder that all of them "
            "share, or to an object store"
        )
    remote = store is not None and not isinstance(store.place, Path)
    readers = readers_for([*places, store.place] if store is not None and remote else places)
    with ThreadPoolExecutor(readers) as pool:
        return list(pool.map(partial(examine, store=store), places))


@contextmanager
def _marked(store: Store | None) -> Iterator[Path | None]:
    """A file in a store that is a local folder, for the time of the block, by which that is known again."""
    if store is None or not isinstance(store.place, Path):
        yield None
        return
    store.place.mkdir(parents=True, exist_ok=True)
    mark = store.place / f".{uuid.uuid4().hex}.shared"
    mark.touch()
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)
