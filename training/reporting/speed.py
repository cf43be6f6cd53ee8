"""How long one picture takes, and how large a bundle is."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.inference.bundle import Bundle
from backend.inference.cpu import available_cpus
from backend.inference.decoding import decode
from backend.inference.preprocessing import preprocess
from databases.library import LibraryImage

TIMED, WARM_UP = 30, 3


@dataclass(frozen=True)
class Speed:
    """Milliseconds for one picture, from decoded pixels to raw outputs; `megabytes` (10^6) on disk."""

    median_ms: float
    p95_ms: float
    pictures: int
    cores: int
    megabytes: float


def measure_speed(bundle: Bundle, images: Sequence[LibraryImage]) -> Speed:
    """Times a bundle on the first 30 of `images`, which are not empty, one by one."""
    for _ in range(WARM_UP):
        _milliseconds(bundle, images[0])
    times = [_milliseconds(bundle, image) for image in images[:TIMED]]
    median, p95 = np.percentile(times, [50, 95])
    size = sum(file.stat().st_size for file in bundle.folder.iterdir() if file.is_file())
    return Speed(float(median), float(p95), len(times), available_cpus(), size / 1e6)


def _milliseconds(bundle: Bundle, image: LibraryImage) -> float:
    picture = decode(image.place.read_bytes(), least=bundle.manifest.preprocessing.least).image
    begin = time.perf_counter()
    bundle.model.run(preprocess([picture], bundle.manifest.preprocessing))
    return 1000 * (time.perf_counter() - begin)
