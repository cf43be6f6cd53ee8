"""Does a database take now what is written to it?"""

from sqlalchemy import text
from sqlalchemy.orm import Session


def check_writable(session: Session) -> None:
    """Writes what is there already.

    Raises:
        OperationalError: the database is locked for longer than its timeout, full, or does not answer.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        # A row that stays as it is SQLite does not write; this, which nobody reads, it does.
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")
    else:
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
