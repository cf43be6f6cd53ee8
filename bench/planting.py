"""Copies planted among real pictures, and how well a way to find them finds them."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageEnhance
from scipy.cluster.hierarchy import DisjointSet

from backend.inference.decoding import decode
from bench.trials import files_of

ORIGINALS = 300
EDGE = 0.075  # cut from each side, so that 85 % of each remain


def _cut(image: Image.Image) -> Image.Image:
    x, y = round(EDGE * image.width), round(EDGE * image.height)
    return image.crop((x, y, image.width - x, image.height - y))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "flipped": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned by 15": lambda image: image.rotate(15, Image.Resampling.BICUBIC),
    "turned by 90": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "cut to 85 %": _cut,
    "half as bright": lambda image: ImageEnhance.Brightness(image).enhance(0.5),
    "encoded at quality 30": lambda image: image,
    "half the size": lambda image: image.resize((max(1, image.width // 2), max(1, image.height // 2))),
}


@dataclass(frozen=True)
class Found:
    """Of the pairs that show the same, how many were put together, and of those put together, how many do."""

    recall: float
    precision: float


def plant(data: Path, folder: Path) -> list[Path]:
    """Writes pictures of `animals-8` and seven copies of each, a folder a picture; returns them all."""
    paths = files_of(data / "animals-8")
    for number in range(ORIGINALS):
        image = decode(paths[number * len(paths) // ORIGINALS].read_bytes()).image
        family = folder / f"{number:03}"
        family.mkdir(parents=True)
        image.save(family / "original.jpg", quality=95)
        for name, change in CHANGES.items():
            quality = 30 if name.startswith("encoded") else 90
            change(image).save(family / f"{name.replace(' %', '').replace(' ', '-')}.jpg", quality=quality)
    return files_of(folder)


def judge(paths: Sequence[Path], pairs: Iterable[tuple[Path, Path]]) -> Found:
    """How good it is to put together what `pairs` join, directly or by others."""
    joined = DisjointSet(paths)
    for one, other in pairs:
        joined.merge(one, other)
    put_together = right = 0
    for group in joined.subsets():
        families = Counter(path.parent for path in group)
        put_together += len(group) * (len(group) - 1) // 2
        right += sum(count * (count - 1) // 2 for count in families.values())
    sizes = Counter(path.parent for path in paths)
    wanted = sum(size * (size - 1) // 2 for size in sizes.values())
    return Found(right / wanted, right / put_together if put_together else 1.0)


def pairs_of(groups: Iterable[tuple[object, Path]]) -> list[tuple[Path, Path]]:
    """Pairs that join what has the same key."""
    members = defaultdict(list)
    for key, path in groups:
        members[key].append(path)
    return [pair for group in members.values() for pair in itertools.pairwise(group)]
