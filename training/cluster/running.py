"""`training.running`, on a cluster."""

from collections.abc import Iterable, Iterator
from functools import partial

from backend.inference.bundle import Bundle
from backend.inference.runtime import Raw
from databases.library import LibraryImage
from training.cluster.parcels import Parcel, pack, unpack
from training.cluster.reading import readers_for
from training.cluster.spreading import spread
from training.pictures import BATCH, run_model
from training.running import Ran


def run_there(bundle: Bundle, chunks: Iterable[list[LibraryImage]]) -> Iterator[Ran]:
    """A `Runner` on the cluster that this process is connected to; it gives 32 pictures at a time.

    Raises:
        ClusterUnavailable: as `spread` does.
    """
    batches = [images[start : start + BATCH] for images in chunks for start in range(0, len(images), BATCH)]
    yield from zip(batches, spread(partial(_run, pack(bundle.folder)), batches), strict=True)


def _run(parcel: Parcel, images: list[LibraryImage]) -> Raw:
    bundle, readers = unpack(parcel), readers_for(image.place for image in images)
    return run_model(bundle.model, images, bundle.manifest.preprocessing, lambda _: None, readers)
