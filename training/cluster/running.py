"""`training.running`, on a cluster."""

from collections.abc import Iterable, Iterator
from functools import partial

import ray

from backend.inference.bundle import Bundle
from backend.inference.runtime import Raw
from databases.library import LibraryImage
from training.cluster.parcels import Parcel, pack, unpack
from training.cluster.reading import readers_for
from training.cluster.spreading import spread
from training.cluster.windows import windows
from training.pictures import BATCH, run_model
from training.running import Ran

# Pictures that are looked up at a time: for each core, so many that the pause between two windows does not
# count, which is about half a minute's work; and no more than memory holds.
EACH_CORE, MOST = 4096, 2**18


def run_there(bundle: Bundle, chunks: Iterable[list[LibraryImage]]) -> Iterator[Ran]:
    """A `Runner` on the cluster that this process is connected to; it gives 32 pictures at a time.

    Raises:
        ClusterUnavailable: as `spread` does.
    """
    cores = int(ray.cluster_resources().get("CPU", 1))
    work = partial(_run, pack(bundle.folder))
    for batches in windows(chunks, BATCH, min(MOST, EACH_CORE * cores)):
        yield from zip(batches, spread(work, batches), strict=True)


def _run(parcel: Parcel, images: list[LibraryImage]) -> Raw:
    bundle, readers = unpack(parcel), readers_for(image.place for image in images)
    return run_model(bundle.model, images, bundle.manifest.preprocessing, lambda _: None, readers)
