"""The bundles: is what serves sound, and what else is in the registry?"""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from backend.api.doctor.findings import Finding, fail, ok, warn
from backend.api.settings import Settings
from backend.bundles.places import bundle_folder, open_bundles
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle, BundleUnreachable
from backend.inference.manifest import MANIFEST
from databases import embeddings, examining, registry
from databases.registry import RegisteredModel
from databases.schema import sqlite_file


def examine_models(session: Session, settings: Settings) -> Iterator[Finding]:
    champion = registry.champion(session, settings.task)
    if champion is None:
        told = registry.nothing_promoted(session, settings.task)
        yield fail("champion", told, "menagerie starter, or menagerie train --promote")
    else:
        yield ok("champion", f"{champion.version} serves task {champion.task}")
    models = registry.list_models(session)
    here = settings.bundles
    if models and isinstance(here, Path) and not any((here / one.bundle_uri).exists() for one in models):
        told = f"of {len(models)} models none lies in {here}"
        yield fail("bundle", told, "mount it, or see MENAGERIE_BUNDLES; if all are lost: menagerie restore")
    else:
        yield from (_of_bundle(model, settings) for model in models)
    known = {model.bundle_uri for model in models}
    yield from _strangers(settings, known)
    if champion is not None:
        yield _of_gallery(session, champion, settings)


def _of_bundle(model: RegisteredModel, settings: Settings) -> Finding:
    """Every file is hashed, and the golden inputs are run."""
    try:
        load_bundle(bundle_folder(open_bundles(settings), model.bundle_uri), whole=True)
    except BundleUnreachable as error:
        return fail("bundle", f"{model.version}: {error}", "does the store answer, and are AWS_* set?")
    except BadBundle as error:
        if model.state == "champion":
            return fail("bundle", f"{model.version} serves: {error}", "menagerie models rollback, or restore")
        return warn("bundle", f"{model.version}: {error}", "put its files back: menagerie restore")
    return ok("bundle", f"{model.version} ({model.state}) is what it was, and answers its golden inputs")


def _strangers(settings: Settings, known: set[str]) -> Iterator[Finding]:
    if not isinstance(settings.bundles, Path) or not settings.bundles.is_dir():
        return
    for folder in sorted(settings.bundles.iterdir()):
        if folder.name not in known and not folder.name.startswith(".") and (folder / MANIFEST).is_file():
            yield warn(
                "bundle", f"{folder} is of no model in the registry", "move it away if nobody needs it"
            )


def _of_gallery(session: Session, champion: RegisteredModel, settings: Settings) -> Finding:
    lacking = len(embeddings.unembedded(session, champion.id, champion.task))
    there = examining.embedded(session, champion.id)
    if lacking:
        told = f"{lacking} pictures of {champion.task} are not in the gallery of {champion.version}"
        return warn("gallery", told, f"menagerie index --task {champion.task}")
    file = sqlite_file(settings.database_url)
    beside = "" if file is None else _index_told(f"{file}.galleries/{champion.version}/current.json")
    return ok("gallery", f"{there} pictures under {champion.version}{beside}")


def _index_told(path: str) -> str:
    return "" if Path(path).is_file() else "; its index is made when the service starts"
