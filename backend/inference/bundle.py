"""A bundle from disk: every file checked, the golden inputs run, before it may serve."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.inference.errors import BadBundle
from backend.inference.manifest import GOLDEN, MODEL, Manifest, read_manifest
from backend.inference.preprocessing import normalise
from backend.inference.runtime import ANIMAL_LOGIT, OnnxModel

# float32 sums differ by processor and library version in the last digits; a wrong model differs in the first.
GOLDEN_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Bundle:
    """A checked model that is ready to run."""

    folder: Path
    manifest: Manifest
    model: OnnxModel


@dataclass(frozen=True)
class Golden:
    """`pixels` uint8 [n, size, size, 3], and the float32 `logits` and `embedding` expected of them."""

    pixels: NDArray[np.uint8]
    logits: NDArray[np.float32]
    embedding: NDArray[np.float32]


def load_bundle(folder: Path, threads: int | None = None) -> Bundle:
    """Loads the bundle in `folder`; `threads` is by default the number of cores that may be used.

    Raises:
        BadBundle: a file is missing, changed or not understood, or the golden inputs give other outputs.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        _check_file(folder / name, expected)
    bundle = Bundle(folder, manifest, OnnxModel(folder / MODEL, threads))
    check_golden(bundle)
    return bundle


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_golden(bundle: Bundle) -> None:
    """Runs the golden inputs.

    Raises:
        BadBundle: the outputs have other shapes than the manifest says, or other values than were recorded.
    """
    manifest = bundle.manifest
    golden = _read_golden(bundle.folder / GOLDEN)
    if golden.pixels.shape[1:] != (manifest.preprocessing.size, manifest.preprocessing.size, 3):
        raise BadBundle(f"the golden inputs of {bundle.folder} have shape {golden.pixels.shape}")
    raw = bundle.model.run(normalise(golden.pixels, manifest.preprocessing))
    expected_shapes = (
        (len(golden.pixels), len(manifest.labels)),
        (len(golden.pixels), manifest.outputs.embedding_size),
    )
    if (raw.logits.shape, raw.embedding.shape) != expected_shapes:
        raise BadBundle(
            f"{bundle.folder / MODEL} gives {raw.logits.shape}, {raw.embedding.shape}: not {expected_shapes}"
        )
    if (ANIMAL_LOGIT in bundle.model.outputs) != manifest.outputs.animal_logit:
        raise BadBundle(f"{bundle.folder / MODEL} and its manifest disagree about {ANIMAL_LOGIT}")
    for name, given, expected in (
        ("logits", raw.logits, golden.logits),
        ("embedding", raw.embedding, golden.embedding),
    ):
        worst = float(
            np.abs(given - expected).max(initial=0) / max(1.0, float(np.abs(expected).max(initial=0)))
        )
        if not worst <= GOLDEN_TOLERANCE:
            raise BadBundle(f"the golden inputs of {bundle.folder} give other {name}: off by {worst:.2g}")


def _check_file(path: Path, expected: str) -> None:
    try:
        found = file_sha256(path)
    except OSError as error:
        raise BadBundle(f"{path} cannot be read: {error.strerror}") from error
    if found != expected:
        raise BadBundle(
            f"{path} is not the file that the manifest names: its SHA-256 is {found}, not {expected}"
        )


def _read_golden(path: Path) -> Golden:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return Golden(arrays["pixels"], arrays["logits"], arrays["embedding"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadBundle(f"{path} holds no golden inputs: {error}") from error
