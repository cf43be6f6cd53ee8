"""A bundle from disk: every file checked, the golden inputs run, before it may serve."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.inference.errors import BadBundle
from backend.inference.manifest import GOLDEN, Manifest, read_manifest
from backend.inference.preprocessing import normalise
from backend.inference.runtime import ANIMAL_LOGIT, EMBEDDING, LOGITS, STRANGENESS, OnnxModel, Raw
from backend.inference.text import TextEncoder


@dataclass(frozen=True)
class Bundle:
    """A checked model that is ready to run. `text`: what reads texts, where it has that."""

    folder: Path
    manifest: Manifest
    model: OnnxModel
    text: TextEncoder | None = None


@dataclass(frozen=True)
class Golden:
    """`pixels` uint8 [n, size, size, 3], and what is expected of them; bundles of the first kind recorded
    neither `animal_logit` nor `strangeness`."""

    pixels: NDArray[np.uint8]
    expected: Raw


def load_bundle(folder: Path, threads: int | None = None, *, whole: bool = False) -> Bundle:
    """Loads the bundle in `folder`; `threads` is by default the number of cores that may be used.

    The network for texts runs its golden texts when it is first needed, or at once where the `whole` is to be
    checked. Its files' checksums are always looked at.

    Raises:
        BadBundle: a file is missing, changed or not understood, or the golden inputs give other outputs.
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        _check_file(folder / name, expected)
    text = None
    if manifest.text is not None:
        text = TextEncoder(folder, manifest.text, manifest.outputs.embedding_size, threads)
    bundle = Bundle(folder, manifest, OnnxModel(folder / manifest.serving.file, threads), text)
    check_golden(bundle)
    if text is not None and whole:
        text.check()
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
    _check_shapes(bundle, raw, len(golden.pixels))
    for name in (LOGITS, EMBEDDING, ANIMAL_LOGIT, STRANGENESS):
        given, expected = getattr(raw, name), getattr(golden.expected, name)
        if given is None or expected is None:
            continue
        worst = float(
            np.abs(given - expected).max(initial=0) / max(1.0, float(np.abs(expected).max(initial=0)))
        )
        if not worst <= manifest.serving.golden_tolerance:
            raise BadBundle(f"the golden inputs of {bundle.folder} give other {name}: off by {worst:.2g}")


def _check_shapes(bundle: Bundle, raw: Raw, n: int) -> None:
    manifest = bundle.manifest
    path = bundle.folder / manifest.serving.file
    expected = ((n, len(manifest.labels)), (n, manifest.outputs.embedding_size))
    if (raw.logits.shape, raw.embedding.shape) != expected:
        raise BadBundle(f"{path} gives {raw.logits.shape}, {raw.embedding.shape}: not {expected}")
    for name, told in (
        (ANIMAL_LOGIT, manifest.outputs.animal_logit),
        (STRANGENESS, manifest.novelty is not None),
    ):
        if (name in bundle.model.outputs) != told:
            raise BadBundle(f"{path} and its manifest disagree about {name}")


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
            expected = Raw(
                arrays[LOGITS], arrays[EMBEDDING], arrays.get(ANIMAL_LOGIT), arrays.get(STRANGENESS)
            )
            return Golden(arrays["pixels"], expected)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadBundle(f"{path} holds no golden inputs: {error}") from error
