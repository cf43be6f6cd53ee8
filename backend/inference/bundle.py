"""A bundle from disk: every file checked, the golden inputs run, before it may serve."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.inference.errors import BadBundle
from backend.inference.evidence import EVIDENCE, EvidenceModel
from backend.inference.manifest import GOLDEN, Manifest, read_manifest
from backend.inference.preprocessing import normalise
from backend.inference.runtime import ANIMAL_LOGIT, EMBEDDING, FEATURES, LOGITS, STRANGENESS, OnnxModel, Raw
from backend.inference.text import TextEncoder


@dataclass(frozen=True)
class Bundle:
    """A checked model that is ready to run. `text`: what reads texts, and `evidence`: what explains answers,
    where it has these."""

    folder: Path
    manifest: Manifest
    model: OnnxModel
    text: TextEncoder | None = None
    evidence: EvidenceModel | None = None


@dataclass(frozen=True)
class Golden:
    """`pixels` uint8 [n, size, size, 3], and what is expected of them; bundles of the first kind recorded
    neither `animal_logit` nor `strangeness`. `evidence`: for each one's likeliest label, float32
    [n, rows, columns]."""

    pixels: NDArray[np.uint8]
    expected: Raw
    evidence: NDArray[np.float32] | None


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
    evidence = None
    if manifest.explanation is not None:
        evidence = EvidenceModel(folder / manifest.explanation.model)
    bundle = Bundle(folder, manifest, OnnxModel(folder / manifest.serving.file, threads), text, evidence)
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
    raw = bundle.model.run(normalise(golden.pixels, manifest.preprocessing), features=True)
    _check_shapes(bundle, raw, len(golden.pixels))
    for name in (LOGITS, EMBEDDING, ANIMAL_LOGIT, STRANGENESS):
        given, expected = getattr(raw, name), getattr(golden.expected, name)
        if given is not None and expected is not None:
            _compare(bundle, name, given, expected)
    if bundle.evidence is not None and raw.features is not None:
        _check_evidence(bundle, bundle.evidence, raw.features, golden)


def _compare(bundle: Bundle, name: str, given: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    if given.shape != expected.shape:
        raise BadBundle(f"the golden inputs of {bundle.folder} give {name} {given.shape}")
    worst = float(np.abs(given - expected).max(initial=0) / max(1.0, float(np.abs(expected).max(initial=0))))
    if not worst <= bundle.manifest.serving.golden_tolerance:
        raise BadBundle(f"the golden inputs of {bundle.folder} give other {name}: off by {worst:.2g}")


def _check_evidence(
    bundle: Bundle, model: EvidenceModel, features: NDArray[np.float32], golden: Golden
) -> None:
    """All places and the rest must come to the logits that were expected, and the likeliest label's map be as
    it was recorded."""
    if golden.evidence is None:
        raise BadBundle(f"{bundle.folder / GOLDEN} holds no golden {EVIDENCE}")
    found = model.run(features)
    _compare(bundle, "sums of evidence", found.logits, golden.expected.logits)
    _compare(bundle, EVIDENCE, found.of_likeliest(golden.expected.logits), golden.evidence)


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
    told_shape = manifest.explanation and manifest.explanation.shape
    if bundle.model.features != told_shape:
        raise BadBundle(f"{path} and its manifest disagree about {FEATURES}")


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
            return Golden(arrays["pixels"], expected, arrays.get(EVIDENCE))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadBundle(f"{path} holds no golden inputs: {error}") from error
