"""PostgreSQL's extension pgvector: there, and new enough."""

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from databases.errors import MissingExtension

NEEDED = (0, 8)  # the first that goes on searching where a filter left too few


def require_pgvector(connection: Connection) -> None:
    """Installs pgvector in the database, where it is not.

    Raises:
        MissingExtension: the server has none, or an old one, or does not let us install it; says what to do.
    """
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except DBAPIError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise MissingExtension(
            "PostgreSQL needs the extension pgvector to search for similar pictures, and it cannot be "
            f"installed: {reason}. Install it on the server (Debian: postgresql-17-pgvector "
            "for version 17; image: pgvector/pgvector), then let a superuser run in this database: "
            "CREATE EXTENSION vector"
        ) from error
    found = connection.execute(
        text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    ).scalar_one()
    if tuple(int(part) for part in found.split(".")[:2]) < NEEDED:
        needed = ".".join(map(str, NEEDED))
        raise MissingExtension(
            f"the database's pgvector is {found}, this version needs {needed}. Install a newer one on the "
            "server, then let a superuser run in this database: ALTER EXTENSION vector UPDATE"
        )
