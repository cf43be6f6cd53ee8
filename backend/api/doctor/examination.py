"""The whole examination, in the order in which one thing hangs on another."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.api.doctor import surroundings
from backend.api.doctor.database import examine_database, open_to_examine
from backend.api.doctor.findings import Finding
from backend.api.doctor.library import examine_library
from backend.api.doctor.models import examine_models
from backend.api.settings import Settings
from databases import examining, keys
from databases.engine import open_engine


def examine(settings: Settings) -> Iterator[Finding]:
    """Looks at everything and changes nothing. Where the database cannot be asked, what hangs on it is left
    out.

    Raises:
        DatabaseUnavailable: DATABASE_URL is none.
    """
    engine = open_engine(settings.database_url, read_only=True, existing=True)
    try:
        yield surroundings.versions()
        yield from surroundings.folders(settings)
        yield from _of_state(engine, settings)
    finally:
        engine.dispose()


def _of_state(engine: Engine, settings: Settings) -> Iterator[Finding]:
    closed = open_to_examine(engine, settings.database_url)
    found = list(examine_database(engine)) if closed is None else [closed]
    yield from found
    if any(finding.state == "fail" for finding in found):
        yield surroundings.clock(None, datetime.now(UTC))
        return
    with Session(engine) as session:
        yield surroundings.clock(examining.latest_moment(session), datetime.now(UTC))
        yield surroundings.exposure(settings, keys.active_keys(session))
        yield from examine_models(session, settings)
        yield from examine_library(session, settings)
