"""Pictures of the library as arrays, decoded on all cores while the model works on the ones before."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.inference.cpu import available_cpus
from backend.inference.decoding import decode
from backend.inference.errors import UnreadableImage
from backend.inference.preprocessing import Preprocessing, normalise, resize
from backend.inference.runtime import OnnxModel, Raw, joined
from databases.library import LibraryImage
from databases.places import Unreachable
from training.errors import TrainingError
from training.progress import Advance

BATCH = 32


def iter_pixels(
    images: Sequence[LibraryImage], spec: Preprocessing, readers: int | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Batches of uint8 [<= 32, size, size, 3], in order; two are in memory at a time. `readers`: threads, by
    default one a core.

    Raises:
        TrainingError: a file is gone or no longer a picture.
        Unreachable: the place where it lies does not answer.
    """
    read = _reader(spec)
    with ThreadPoolExecutor(readers or available_cpus()) as pool:
        ahead: list[Future[NDArray[np.uint8]]] = []
        for start in range(0, len(images), BATCH):
            behind, ahead = ahead, [pool.submit(read, image) for image in images[start : start + BATCH]]
            if behind:
                yield np.concatenate([future.result() for future in behind])
        if ahead:
            yield np.concatenate([future.result() for future in ahead])


def read_pixels(images: Sequence[LibraryImage], spec: Preprocessing, advance: Advance) -> NDArray[np.uint8]:
    """All pictures at once, uint8 [n, size, size, 3]: for small sizes."""
    pixels = np.empty((len(images), spec.size, spec.size, 3), np.uint8)
    done = 0
    for batch in iter_pixels(images, spec):
        pixels[done : done + len(batch)] = batch
        done += len(batch)
        advance(len(batch))
    return pixels


def run_model(
    model: OnnxModel,
    images: Sequence[LibraryImage],
    spec: Preprocessing,
    advance: Advance,
    readers: int | None = None,
) -> Raw:
    """The raw outputs for pictures of the library, through the same path as the service's. `images` is not
    empty; `readers` as for `iter_pixels`.

    Raises: as `iter_pixels` does.
    """
    parts = []
    for pixels in iter_pixels(images, spec, readers):
        parts.append(model.run(normalise(pixels, spec)))
        advance(len(pixels))
    return joined(parts)


def read_picture(image: LibraryImage, least: int | None = None) -> Image.Image:
    """A picture of the library, upright RGB; `least` as the decoder takes it.

    Raises:
        TrainingError: its file is gone or no longer that picture.
        Unreachable: the place where it lies does not answer.
    """
    path = image.place
    try:
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != image.sha256:
            raise TrainingError(f"{path} changed since it was ingested; run menagerie ingest again")
        return decode(data, least=least).image
    except Unreachable:  # says nothing about the picture
        raise
    except FileNotFoundError as error:
        raise TrainingError(f"{path} is gone since it was ingested; run menagerie ingest again") from error
    except (OSError, UnreadableImage) as error:
        raise TrainingError(
            f"{path} changed since it was ingested ({error}); run menagerie ingest again"
        ) from error


def _reader(spec: Preprocessing) -> Callable[[LibraryImage], NDArray[np.uint8]]:
    return lambda image: resize([read_picture(image, spec.least)], spec)
