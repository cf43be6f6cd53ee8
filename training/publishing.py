"""A trained network to a bundle in the registry: exported, calibrated, measured, checked, named."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Bundles, Mirror, bundle_names, workplace
from backend.bundles.putting import check_writable, claim, put, seal, send_files, take_back
from backend.inference.bundle import load_bundle
from backend.inference.manifest import FORMAT_VERSION, MODEL, Agreement, Manifest, Outputs, Serving, Text
from backend.inference.preprocessing import normalise
from backend.inference.runtime import ANIMAL_LOGIT, OnnxModel
from databases import dataset_versions, registry
from training.calibration import TARGET_PRECISION
from training.dataset import Dataset, spread
from training.errors import TrainingError
from training.explaining import explanation_of
from training.exporting import (
    check_agreement,
    export_model,
    file_hashes,
    library_versions,
    timestamp,
    write_manifest,
)
from training.fitting import Fitted as Fitted
from training.fitting import fit
from training.pictures import read_pixels
from training.progress import Progress
from training.trained import HeldOut as HeldOut
from training.trained import Trained as Trained

# Enough to show a wrong export; torch takes a second for them.
AGREEING_PICTURES = 32


def publish(
    engine: Engine,
    bundles: Bundles,
    dataset: Dataset,
    trained: Trained,
    progress: Progress,
    *,
    target_precision: float = TARGET_PRECISION,
    int8: bool = False,
    named: Callable[[str], None] | None = None,
) -> Manifest:
    """Exports, calibrates on what was held out, measures on test, and registers the bundle as a candidate,
    together with what it was trained on.

    It is measured through the exported file, along the path that serves. `target_precision`: how often
    confident answers should be right. `int8`: whether to try a variant in integers, which serves if it is no
    worse and faster. `named` is told the version just before it counts as registered, when nobody else can
    come to that name any more.

    Raises:
        BadExport: an exported file answers otherwise than the network.
    """
    with open_draft(bundles) as draft:
        agreement = _export(draft, dataset, trained, progress)
        text = _export_text(draft, dataset, trained, progress)
        serving = _serving(draft, dataset, trained, progress) if int8 else Serving()
        fitted = fit(draft, dataset, trained, serving, target_precision, progress)
        fitted = replace(fitted, agreement=agreement)
        # Hashing and loading come before the lock: for a large network they take longer than others wait.
        manifest = build_manifest(
            draft,
            f"{dataset.task}-draft",
            dataset.task,
            dataset.labels,
            trained,
            fitted,
            dataset.fingerprint,
            dataset.label_shares,
            text,
        )
        _check(draft, manifest)
        return _register(engine, bundles, dataset, draft, manifest, named)


def _register(
    engine: Engine,
    bundles: Bundles,
    dataset: Dataset,
    draft: Path,
    manifest: Manifest,
    named: Callable[[str], None] | None,
) -> Manifest:
    """Gives a draft its name and its place: last, and together with its row, since others may train on the
    same task meanwhile."""
    sent = _send(engine, bundles, draft, dataset.task) if isinstance(bundles, Mirror) else None
    with Session(engine) as session, session.begin():
        registry.lock(session)
        version = sent or _free_version(session, bundles, dataset.task)
        manifest = manifest.model_copy(update={"version": version})
        registry.register(session, manifest, manifest.recorded_metrics)
        dataset_versions.record(session, dataset.task, dataset.members)
        write_manifest(manifest, draft)
        seal(bundles, draft, version)
        try:
            if named is not None:
                named(version)
        except BaseException:  # it comes to no row, so nobody would list the bundle
            with suppress(OSError):
                take_back(bundles, version)
            raise
    return manifest


def _send(engine: Engine, bundles: Mirror, draft: Path, task: str) -> str:
    """Sends all of a bundle but its manifest to where the bundles lie, and returns the name that it has taken
    there: what takes long comes before the lock, so another training must find the name taken."""
    with Session(engine) as session, session.begin():
        registry.lock(session)
        version = _free_version(session, bundles, task)
        claim(bundles, version)
    send_files(bundles, draft, version)
    return version


@contextmanager
def open_draft(bundles: Bundles) -> Iterator[Path]:
    """A folder beside the bundles to build one in, gone with the block unless it was given a name.

    Raises:
        TrainingError: nothing can be written there.
    """
    try:
        check_writable(bundles)
        outer = tempfile.TemporaryDirectory(prefix=".", suffix=".draft", dir=workplace(bundles))
    except OSError as error:
        told = f"the folder of bundles, {bundles}" if isinstance(bundles, Path) else str(bundles.store)
        raise TrainingError(
            f"nothing can be written to {told} ({error.strerror or error}): MENAGERIE_BUNDLES names it"
        ) from None
    with outer as name:
        draft = Path(name) / "bundle"
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
    label_prior: tuple[float, ...] | None = None,
    text: Text | None = None,
) -> Manifest:
    """The manifest for the exported files in `folder`."""
    files = file_hashes(folder)
    model = OnnxModel(folder / fitted.serving.file)
    exact = fitted.serving.file == MODEL  # integers give other embeddings
    return Manifest(
        format_version=FORMAT_VERSION,
        version=version,
        task=task,
        labels=labels,
        label_prior=label_prior,
        preprocessing=trained.preprocessing,
        outputs=Outputs(
            embedding_size=trained.embedding_size,
            animal_logit=ANIMAL_LOGIT in model.outputs,
            open_set=trained.open_set,
        ),
        calibration=fitted.calibration,
        thresholds=fitted.thresholds,
        novelty=fitted.novelty,
        agreement=fitted.agreement,
        serving=fitted.serving,
        text=text,
        explanation=explanation_of(model),
        metrics=fitted.metrics,
        dataset_fingerprint=dataset_fingerprint,
        architecture=trained.architecture,
        embedder=trained.embedder if exact and trained.embedder else files[fitted.serving.file],
        training=trained.facts,
        libraries=library_versions(),
        created_at=timestamp(),
        files=files,
    )


def finish(bundles: Bundles, draft: Path, manifest: Manifest) -> None:
    """Checks a draft as the service would and gives it its place; until then nobody can mistake it for a
    bundle."""
    _check(draft, manifest)
    put(bundles, draft, manifest.version)


def _check(draft: Path, manifest: Manifest) -> None:
    write_manifest(manifest, draft)
    load_bundle(draft, whole=True)


def _export(draft: Path, dataset: Dataset, trained: Trained, progress: Progress) -> Agreement:
    sample = spread(dataset.val, AGREEING_PICTURES)
    with progress.track("Exporting", 1 + len(sample)) as advance:
        export_model(trained.module, trained.preprocessing, draft, trained.stock)
        advance(1)
        images = normalise(read_pixels(sample, trained.preprocessing, advance), trained.preprocessing)
        return check_agreement(trained.module, OnnxModel(draft / MODEL), images)


def _export_text(draft: Path, dataset: Dataset, trained: Trained, progress: Progress) -> Text | None:
    if trained.text is None:
        return None
    from training.text_exporting import export_text

    with progress.track("Exporting what reads texts", 1) as advance:
        text = export_text(trained.text, dataset.labels, draft, aligned=trained.embedder is not None)
        advance(1)
    return text


def _serving(draft: Path, dataset: Dataset, trained: Trained, progress: Progress) -> Serving:
    from training.quantising import choose_serving

    return choose_serving(draft, dataset, trained, progress)


def _free_version(session: Session, bundles: Bundles, task: str) -> str:
    taken = registry.versions(session) | bundle_names(bundles)
    number = 1
    while f"{task}-{number}" in taken:
        number += 1
    return f"{task}-{number}"
