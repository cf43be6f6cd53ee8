"""The database: does it answer, is it this version's, and whole?"""

from collections.abc import Iterator

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError as DriverError

from backend.api.doctor.findings import Finding, fail, ok
from databases import examining, holdings
from databases.engine import check_reachable
from databases.errors import DatabaseUnavailable
from databases.pgvector_extension import NEEDED
from databases.schema import head_revision, known_revisions, sqlite_file

RESTORE = "menagerie restore, from a backup"


def open_to_examine(engine: Engine, url: str) -> Finding | None:
    """What keeps the database from being asked at all."""
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        return fail("database", f"there is none at {file}", f"menagerie db upgrade makes one; or {RESTORE}")
    try:
        check_reachable(engine)
    except DatabaseUnavailable as error:
        next_ = RESTORE if file is not None else "start it, or see DATABASE_URL"
        return fail("database", str(error), next_)
    return None


def examine_database(engine: Engine) -> Iterator[Finding]:
    """A `fail` among them means that nothing else can be asked of it."""
    shown = engine.url.render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            current, head = holdings.revision(connection), head_revision()
            broken = examining.damage(connection)
            vectors = None
            if connection.dialect.name == "postgresql":
                vectors = examining.pgvector_version(connection)
    except DriverError as error:
        yield fail("database", f"{shown} fails: {str(error.orig).strip()}", RESTORE)
        return
    yield _of_schema(current, head)
    if broken is not None:
        yield fail("database", f"{shown} is damaged: {broken}", RESTORE)
    elif engine.dialect.name == "postgresql":
        yield _of_pgvector(shown, vectors)
    else:
        yield ok("database", f"{shown} answers, and is sound")


def _of_schema(current: str | None, head: str | None) -> Finding:
    if current == head:
        return ok("schema", f"{current}, as this version needs it")
    if current is not None and current not in known_revisions():
        told = f"{current}, which this version does not know: a newer one made it"
        return fail("schema", told, "install that version, or name another database in DATABASE_URL")
    return fail("schema", f"{current or 'none'}; this version needs {head}", "menagerie db upgrade")


def _of_pgvector(shown: str, found: str | None) -> Finding:
    least = ".".join(map(str, NEEDED))
    if found is None or tuple(int(part) for part in found.split(".")[:2]) < NEEDED:
        told = f"{shown} has pgvector {found or 'not at all'}, and {least} is needed"
        return fail("database", told, "install it on the server, then run: menagerie db upgrade")
    return ok("database", f"{shown} answers, with pgvector {found}")
