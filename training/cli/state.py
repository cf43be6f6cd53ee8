"""What a command works on: the database and the folder of bundles that the environment names."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from training.tracking.messages import Track, untracked

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from backend.bundles.places import Bundles
    from databases.places import RemoteFile
    from databases.registry import RegisteredModel
    from databases.settings import StateSettings


@dataclass(frozen=True)
class State:
    """`reports`: where pages about models go; `track`: who is to know of trainings and champions.
    `shared_reports`: where pages about models go as well, for services on other machines to show."""

    engine: "Engine"
    bundles: "Bundles"
    reports: Path
    track: Track = untracked
    shared_reports: "RemoteFile | None" = None

    def bundle(self, model: "RegisteredModel") -> Path:
        """Where the bundle of a model lies on this machine; fetched if need be.

        Raises:
            BadBundle, BundleUnreachable: it cannot be had.
        """
        from backend.bundles.places import bundle_folder

        return bundle_folder(self.bundles, model.bundle_uri)

    @property
    def unpacked(self) -> Path:
        """Where archives are unpacked: beside the database, or beside the bundles where that is no file, or
        in the project's folder where these are no folder either."""
        from databases.settings import PROJECT

        url = self.engine.url
        if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
            return Path(str(url.database)).absolute().parent / "unpacked"
        folder = self.bundles.absolute().parent if isinstance(self.bundles, Path) else PROJECT
        return folder / "unpacked"


def open_state() -> State:
    """Opens the database, made or upgraded where that is needed."""
    from databases.schema import open_for_writing
    from databases.settings import StateSettings, load_settings

    settings = load_settings(StateSettings)
    return _state(open_for_writing(settings.database_url), settings)


@contextmanager
def open_tracked_state() -> Iterator[State]:
    """As `open_state`, for commands that train or promote: MLflow learns of it until the block ends."""
    from training.cli.console import Bars
    from training.tracking.telling import tracking

    with tracking(Bars()) as track:
        yield replace(open_state(), track=track)


def open_state_to_read() -> State:
    """Opens the database as it is, for commands that change nothing.

    Raises:
        SchemaMismatch: it is absent, or another version's; the message says what to run.
    """
    from databases.schema import open_for_serving
    from databases.settings import StateSettings, load_settings

    settings = load_settings(StateSettings)
    return _state(open_for_serving(settings.database_url, read_only=True), settings)


def open_state_to_try() -> State:
    """As `open_state_to_read`; where SQLite's file is not there yet, an empty database as it would be made.

    Raises:
        SchemaMismatch: the database is another version's; the message says what to run.
    """
    from databases.schema import open_for_writing, sqlite_file
    from databases.settings import StateSettings, load_settings

    settings = load_settings(StateSettings)
    file = sqlite_file(settings.database_url)
    if file is None or file.is_file():
        return open_state_to_read()
    return _state(open_for_writing("sqlite://"), settings)


def _state(engine: "Engine", settings: "StateSettings") -> State:
    from backend.bundles.places import open_bundles

    reports = settings.reports
    if isinstance(reports, Path):
        return State(engine, open_bundles(settings), reports)
    return State(engine, open_bundles(settings), settings.cache / "reports", shared_reports=reports)


def only_task(state: State, named: str | None) -> str:
    """The task that was named, or else the library's only one.

    Raises:
        NoPictures: the library has none, or several, and none was named.
    """
    from sqlalchemy.orm import Session

    from databases import library
    from training.errors import NoPictures

    if named is not None:
        return named
    with Session(state.engine) as session:
        known = library.tasks(session)
    if not known:
        raise NoPictures("the library is empty; run: menagerie ingest DIR")
    if len(known) > 1:
        raise NoPictures(f"the library has several tasks, name one with --task: {', '.join(known)}")
    return known[0]
