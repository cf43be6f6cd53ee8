"""Will the programs take what one's own .env has compose pass on to them, and does it fit together?"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from unittest.mock import patch
from urllib.parse import urlsplit

from pydantic_settings import BaseSettings

from backend.api.reach import is_loopback
from backend.api.settings import Settings
from databases.engine import parse_url
from databases.errors import BadPlace, DatabaseUnavailable
from databases.places import parse_place, without_credentials
from databases.schema import sqlite_file
from databases.settings import SECRETS_VARIABLE, SettingsError, StateSettings, load_settings
from frontend import settings as page
from tests.images.compose import PROFILES, Compose, Service, chosen_profiles, environment, image_environment
from tests.images.compose_values import seconds
from training.cli.look_alikes import DuplicateSettings
from training.cli.under_way import CheckpointSettings
from training.ingestion.sources.archives import ArchiveLimits
from training.tracking.settings import SQLITE, TrackingSettings

# What the program of a service reads at its start, or when it needs it.
READ_BY: dict[str, tuple[type[BaseSettings], ...]] = {
    "prepare": (StateSettings,),
    "api": (Settings,),
    "ui": (page.PageSettings,),
    "training": (StateSettings, ArchiveLimits, CheckpointSettings, DuplicateSettings, TrackingSettings),
}
URL, ENDPOINT = "DATABASE_URL", "AWS_ENDPOINT_URL"
BUNDLES, CHECKPOINTS, STORE = "MENAGERIE_BUNDLES", "MENAGERIE_CHECKPOINTS", "MLFLOW_TRACKING_URI"


def find_refused(compose: Compose, outside: Mapping[str, str], folder: Path) -> list[str]:
    """`folder`: what relative paths begin at. Each sentence once, however many services it is true of."""
    told = [
        told
        for name in READ_BY
        for told in _refused_by(name, compose.services[name], compose, outside, folder)
    ]
    if not told:  # what fits together is asked of what is right by itself
        told = [*_too_short_a_grace(compose, outside), *_not_kept(compose, outside)]
    return list(dict.fromkeys([*told, *_not_started(compose, outside), *_not_let_in(outside)]))


def _refused_by(
    name: str, service: Service, compose: Compose, outside: Mapping[str, str], folder: Path
) -> Iterator[str]:
    """As the program itself says it, in an environment such as its container has."""
    around = environment(service, **outside)
    if service.build and (folder / service.build.dockerfile).is_file():  # else that is told already
        around = image_environment(service.build.dockerfile, folder) | around
    given = [compose.secrets[name] for name in service.secrets if name in compose.secrets]
    if given and (secrets := (folder / given[0].file).parent).is_dir():
        around[SECRETS_VARIABLE] = str(secrets)
    with patch.dict(os.environ, around, clear=True):
        for kind in READ_BY[name]:
            try:
                if kind is page.PageSettings:
                    page.load_settings()
                else:
                    load_settings(kind)
            except SettingsError as error:
                yield from error.args
            except page.SettingsError as error:
                yield str(error)
    yield from _refused_later(around)


def _refused_later(around: Mapping[str, str]) -> Iterator[str]:
    """What settings take as it is, and who opens it does not."""
    try:
        parse_url(around.get(URL, "sqlite://"))
    except DatabaseUnavailable as error:
        yield f"{_shown(URL, around)}: {error}"
    try:
        parse_place(around.get(CHECKPOINTS, "."))
    except BadPlace as error:
        yield f"{_shown(CHECKPOINTS, around)}: {error}"
    if not re.match(r"https?://[^/:]+", around.get(ENDPOINT) or "http://s3"):
        yield f"{_shown(ENDPOINT, around)}: an address begins with http:// or https://"


def _too_short_a_grace(compose: Compose, outside: Mapping[str, str]) -> Iterator[str]:
    api = compose.services["api"]
    with patch.dict(os.environ, environment(api, **outside), clear=True):
        drain = load_settings(Settings).drain_seconds
    grace = seconds(api.stop_grace_period)
    if grace is None or grace <= drain:
        yield (
            f"API_STOP_GRACE={api.stop_grace_period!r}: it has to be longer than the API's own time to end, "
            f"MENAGERIE_DRAIN_SECONDS={drain}, or an engine kills it amid its work"
        )


def _not_kept(compose: Compose, outside: Mapping[str, str]) -> Iterator[str]:
    """Of a path that is on no volume nothing outlives the container, whose own root cannot be written."""
    service = compose.services["training"]
    around = environment(service, **outside)
    volumes = [volume.split(":") for volume in service.volumes]
    kept = [PurePosixPath(inside) for _, inside, *mode in volumes if "ro" not in mode]
    for name, path in _local_paths(around):
        if not any(PurePosixPath("/app", path).is_relative_to(volume) for volume in kept):
            there = " and ".join(map(str, kept))
            yield f"{_shown(name, around)}: no volume of the containers keeps that; say a path below {there}"


def _local_paths(around: Mapping[str, str]) -> Iterator[tuple[str, PurePosixPath]]:
    file = sqlite_file(around[URL]) if URL in around else None
    if file is not None:
        yield URL, PurePosixPath(file)
    for name in sorted({BUNDLES, CHECKPOINTS} & around.keys()):
        place = parse_place(around[name])
        if isinstance(place, Path):
            yield name, PurePosixPath(place)
    store = around.get(STORE, "")
    if store.startswith(SQLITE):
        yield STORE, PurePosixPath(store.removeprefix(SQLITE))


def _not_started(compose: Compose, outside: Mapping[str, str]) -> Iterator[str]:
    """Services that are asked by name, and that `docker compose up` would not start."""
    chosen = chosen_profiles(outside)
    for name in sorted({URL, ENDPOINT, STORE} & outside.keys()):
        service = compose.services.get(_host(outside[name]))
        if service and service.profiles and chosen.isdisjoint({*service.profiles, "*"}):
            profile = service.profiles[0]
            yield (
                f"{_shown(name, outside)}: only the profile {profile} starts what that asks; say "
                f"{PROFILES}={','.join(sorted({*chosen, profile}))}"
            )


def _not_let_in(outside: Mapping[str, str]) -> Iterator[str]:
    """The page answers only to the names that it knows."""
    bind = outside.get("MENAGERIE_BIND") or "127.0.0.1"
    if not is_loopback(bind) and not outside.get("UI_HOSTS"):
        yield (
            f"MENAGERIE_BIND={bind!r}: beyond this machine browsers call the page by other names than "
            "localhost; say UI_HOSTS=NAME, several separated by spaces, or UI_HOSTS=* for any"
        )


def _shown(name: str, around: Mapping[str, str]) -> str:
    return f"{name}={without_credentials(around[name])!r}"


def _host(value: str) -> str:
    try:
        return urlsplit(value).hostname or ""
    except ValueError:  # what a URL cannot be
        return ""
