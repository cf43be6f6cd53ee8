"""A torch module to the files of a bundle."""

import logging
import sys
import warnings
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from backend.inference.bundle import file_sha256
from backend.inference.manifest import GOLDEN, MANIFEST, MODEL, Manifest
from backend.inference.preprocessing import Preprocessing, normalise
from backend.inference.runtime import ANIMAL_LOGIT, EMBEDDING, INPUT, LOGITS

GOLDEN_INPUTS = 4


def export_model(module: nn.Module, spec: Preprocessing, folder: Path) -> None:
    """Writes `model.onnx` and `golden.npz`.

    `module` takes images float32 [n, 3, size, size] and gives logits, embedding and perhaps
    animal_logit. What is expected of the golden inputs comes from torch itself, so that loading the
    bundle tests the export.
    """
    module.eval()
    pixels = golden_pixels(spec.size)
    images = torch.from_numpy(normalise(pixels, spec))
    with torch.inference_mode():
        outputs = module(images)
    names = [LOGITS, EMBEDDING, ANIMAL_LOGIT][: len(outputs)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            module,
            (images,),
            folder / MODEL,
            input_names=[INPUT],
            output_names=names,
            dynamic_shapes=({0: torch.export.Dim("n")},),
            external_data=False,
            verbose=False,
        )
    logits, embedding = outputs[0].numpy(), outputs[1].numpy()
    np.savez_compressed(folder / GOLDEN, pixels=pixels, logits=logits, embedding=embedding)


def write_manifest(manifest: Manifest, folder: Path) -> None:
    text = manifest.model_dump_json(indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of the files that a manifest names."""
    return {name: file_sha256(folder / name) for name in (MODEL, GOLDEN)}


def library_versions() -> dict[str, str]:
    names = ("torch", "timm", "lightning", "scikit-learn", "onnx", "onnxruntime", "numpy", "pillow")
    return {"python": sys.version.split()[0]} | {name: version(name) for name in names}


def timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def golden_pixels(size: int) -> NDArray[np.uint8]:
    """Pictures made by rule, uint8 [4, size, size, 3]: waves of colour that differ in direction and
    frequency."""
    y, x = np.mgrid[0:size, 0:size] / size
    pictures = []
    for number in range(GOLDEN_INPUTS):
        angles = [number + channel for channel in range(3)]
        waves = [np.sin(2 * np.pi * (number + 2) * (x * np.cos(a) + y * np.sin(a))) for a in angles]
        pictures.append(np.stack(waves, axis=-1))
    return np.asarray((np.stack(pictures) + 1) * 127.5, np.uint8)
