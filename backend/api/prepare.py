"""`python -m backend.api.prepare BUNDLE`: makes a fresh installation ready to serve, and does nothing to a
used one.

Brings the database to this version's schema, and where its task has no champion yet, takes the bundle in
and promotes it.
"""

import argparse
import shutil
import sys
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Bundles, has_bundle, open_bundles, workplace
from backend.bundles.putting import put
from backend.inference.bundle import load_bundle
from backend.inference.errors import InferenceError
from databases import registry
from databases.errors import DatabaseError
from databases.schema import open_for_writing
from databases.settings import SettingsError, StateSettings, load_settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m backend.api.prepare", description=__doc__)
    parser.add_argument("bundle", type=Path, help="the folder of a bundle, for example the starter's")
    arguments = parser.parse_args()
    try:
        settings = load_settings(StateSettings)
        prepare(open_for_writing(settings.database_url), open_bundles(settings), arguments.bundle)
    except (SettingsError, DatabaseError, InferenceError, OSError) as error:
        sys.exit(f"error: {error}")


def prepare(engine: Engine, bundles: Bundles, source: Path) -> None:
    """Copies, registers and promotes the bundle in `source` where its task has no champion."""
    manifest = load_bundle(source, whole=True).manifest
    with Session(engine) as session, session.begin():
        registry.lock(session)
        if registry.champion(session, manifest.task) is not None:
            return
        if not has_bundle(bundles, manifest.version):
            draft = workplace(bundles) / f".{manifest.version}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(source, draft)
            put(bundles, draft, manifest.version)
        if manifest.version not in registry.versions(session):
            registry.register(session, manifest, manifest.recorded_metrics)
        registry.promote(session, manifest.version)


if __name__ == "__main__":
    main()
