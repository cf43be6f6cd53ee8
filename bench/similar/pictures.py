"""The starter's embeddings of the trial pictures, by what they show."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.inference.bundle import load_bundle
from backend.inference.cpu import available_cpus
from backend.inference.decoding import decode
from backend.inference.errors import UnreadableImage
from backend.inference.preprocessing import Preprocessing, preprocess
from bench.trials import files_of

FOLDERS = ("animals-8", "big-cats", "cats-dogs", "animal-or-not", "serengeti")
BATCH = 32

Kinds = dict[str, NDArray[np.float32]]


def kept_embeddings(data: Path, bundle: Path, kept: Path) -> Kinds:
    """Those that lie in the file `kept`, or else of `real_embeddings`, which are then put there."""
    if kept.is_file():
        with np.load(kept) as there:
            return dict(there)
    kinds = real_embeddings(data, bundle)
    arrays: dict[str, Any] = dict(kinds)
    np.savez(kept, **arrays)
    return kinds


def real_embeddings(data: Path, bundle: Path) -> Kinds:
    """float32 [pictures, embedding_size], of length 1, by the folder that the pictures lie in. Files that
    cannot be decoded are left out."""
    loaded = load_bundle(bundle)
    spec = loaded.manifest.preprocessing
    by_kind: dict[str, list[NDArray[np.float32]]] = {}
    with ThreadPoolExecutor(available_cpus()) as pool:
        for paths in _batches([path for name in FOLDERS for path in files_of(data / name)]):
            images = list(pool.map(lambda path: _pixels(path, spec), paths))
            known = [(path, pixels) for path, pixels in zip(paths, images, strict=True) if pixels is not None]
            rows = loaded.model.run(np.concatenate([pixels for _, pixels in known])).embedding
            for (path, _), row in zip(known, rows, strict=True):
                by_kind.setdefault(str(path.parent.relative_to(data)), []).append(row)
    return {kind: np.stack(rows) for kind, rows in sorted(by_kind.items())}


def _batches(paths: list[Path]) -> Iterator[list[Path]]:
    for start in range(0, len(paths), BATCH):
        yield paths[start : start + BATCH]


def _pixels(path: Path, spec: Preprocessing) -> NDArray[np.float32] | None:
    try:
        return preprocess([decode(path.read_bytes(), least=spec.least).image], spec)
    except UnreadableImage:
        return None
