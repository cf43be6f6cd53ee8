"""A trained network to a bundle in the registry: exported, calibrated, measured, checked, named."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from torch import nn

from backend.inference.bundle import load_bundle
from backend.inference.manifest import (
    FORMAT_VERSION,
    MODEL,
    Calibration,
    Manifest,
    Metrics,
    Outputs,
    Thresholds,
)
from backend.inference.preprocessing import Preprocessing
from backend.inference.runtime import OnnxModel
from databases import registry
from training.calibration import choose_thresholds, fit_temperature
from training.dataset import Dataset
from training.evaluation import measure
from training.exporting import export_model, file_hashes, library_versions, timestamp, write_manifest
from training.pictures import run_model
from training.progress import Progress


@dataclass(frozen=True)
class HeldOut:
    """Logits float32 [n, labels] of pictures that their network had not seen, and the right labels int64
    [n]."""

    logits: NDArray[np.float32]
    targets: NDArray[np.int64]


@dataclass(frozen=True)
class Trained:
    """What a training method hands over.

    `embedder` names what makes the embedding, None for the network itself. `held_out` is what to
    calibrate on where the method cross-validated; otherwise that is the val split. `open_set`: see the
    manifest's `Outputs`.
    """

    module: nn.Module
    preprocessing: Preprocessing
    embedding_size: int
    architecture: str
    embedder: str | None
    facts: dict[str, JsonValue]
    held_out: HeldOut | None = None
    open_set: bool = False


@dataclass(frozen=True)
class Fitted:
    """What the pictures held back say of a network."""

    calibration: Calibration
    thresholds: Thresholds
    metrics: Metrics | None


def publish(
    engine: Engine, bundles: Path, dataset: Dataset, trained: Trained, progress: Progress
) -> Manifest:
    """Exports, calibrates on what was held out, measures on test, and registers the bundle as a candidate.

    It is measured through the exported file, along the path that serves.
    """
    with open_draft(bundles) as draft:
        with progress.track("Exporting", 1) as advance:
            export_model(trained.module, trained.preprocessing, draft)
            advance(1)
        fitted = _fit(OnnxModel(draft / MODEL), dataset, trained, progress)
        # The name is taken last and together with its row: others may train on the same task meanwhile.
        with Session(engine) as session, session.begin():
            registry.lock(session)
            version = _free_version(session, bundles, dataset.task)
            manifest = build_manifest(
                draft, version, dataset.task, dataset.labels, trained, fitted, dataset.fingerprint
            )
            registry.register(session, manifest, manifest.recorded_metrics)
            finish(draft, bundles / version, manifest)
    return manifest


@contextmanager
def open_draft(bundles: Path) -> Iterator[Path]:
    """A folder beside the bundles to build one in, gone with the block unless it was given a name."""
    bundles.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", suffix=".draft", dir=bundles) as outer:
        draft = Path(outer) / "bundle"
        draft.mkdir()
        yield draft


def build_manifest(
    folder: Path,
    version: str,
    task: str,
    labels: tuple[str, ...],
    trained: Trained,
    fitted: Fitted,
    dataset_fingerprint: str | None,
) -> Manifest:
    """The manifest for the exported files in `folder`."""
    files = file_hashes(folder)
    return Manifest(
        format_version=FORMAT_VERSION,
        version=version,
        task=task,
        labels=labels,
        preprocessing=trained.preprocessing,
        outputs=Outputs(
            embedding_size=trained.embedding_size,
            animal_logit=fitted.thresholds.novelty is not None,
            open_set=trained.open_set,
        ),
        calibration=fitted.calibration,
        thresholds=fitted.thresholds,
        metrics=fitted.metrics,
        dataset_fingerprint=dataset_fingerprint,
        architecture=trained.architecture,
        embedder=trained.embedder or files[MODEL],
        training=trained.facts,
        libraries=library_versions(),
        created_at=timestamp(),
        files=files,
    )


def finish(draft: Path, target: Path, manifest: Manifest) -> None:
    """Checks a draft as the service would and gives it its place; until then nobody can mistake it for a
    bundle."""
    write_manifest(manifest, draft)
    load_bundle(draft)
    draft.rename(target)


def _fit(model: OnnxModel, dataset: Dataset, trained: Trained, progress: Progress) -> Fitted:
    spec = trained.preprocessing
    with progress.track("Measuring", len(dataset.val) + len(dataset.test)) as advance:
        val = run_model(model, dataset.val, spec, advance)
        test = run_model(model, dataset.test, spec, advance) if dataset.test else None
    held_out = trained.held_out or HeldOut(val.logits, np.array(dataset.targets(dataset.val)))
    temperature = fit_temperature(held_out.logits, held_out.targets)
    return Fitted(
        Calibration(temperature=temperature, fitted_on="cross-validation" if trained.held_out else "val"),
        choose_thresholds(held_out.logits, held_out.targets, temperature, val.animal_logit),
        None if test is None else measure(test, dataset.labels, dataset.test, temperature, "test").metrics,
    )


def _free_version(session: Session, bundles: Path, task: str) -> str:
    taken = registry.versions(session) | {entry.name for entry in bundles.iterdir()}
    number = 1
    while f"{task}-{number}" in taken:
        number += 1
    return f"{task}-{number}"
