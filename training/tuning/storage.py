"""Where trials are kept, safe for several processes: a journal file, or a database by URL."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from databases.engine import check_reachable, parse_url
from databases.errors import DatabaseUnavailable
from training.errors import BadRecipe
from training.tuning.locks import JournalLock, exclusive

JOURNAL, JOURNAL_LOCK = "journal.log", "journal.lock"
# A database cannot see that a process on another machine died: one that is silent for so long is taken for
# dead.
BEAT_SECONDS, SILENT_SECONDS = 30, 180
OPTION = "--storage"
# PostgreSQL's advisory lock for who makes Optuna's tables.
TABLES_LOCK = 0x6F707475


def check_storage(url: str, jobs: int, library: Engine) -> None:
    """Raises BadRecipe where trials cannot be kept at `url`.

    Raises:
        DatabaseUnavailable: it is malformed, or of another kind of database than SQLite or PostgreSQL.
    """
    if is_sqlite(url) and jobs > 1:
        raise BadRecipe(
            f"--storage {url} with --jobs {jobs}: SQLite lets one process write at a time; leave --storage "
            "out, or name a PostgreSQL database"
        )
    if _place(parse_url(url, OPTION)) == _place(library.url):
        raise BadRecipe(
            "--storage names the library's own database, where Optuna would write its version of the tables "
            "over ours: name another one"
        )


def is_sqlite(url: str) -> bool:
    return parse_url(url, OPTION).get_backend_name() == "sqlite"


@contextmanager
def opened(
    folder: Path, url: str | None, lost: Callable[[optuna.Study, FrozenTrial], None]
) -> Iterator[BaseStorage]:
    """The journal in `folder`, or the database at `url`; `lost` is told of trials that fell silent there.

    Raises:
        DatabaseUnavailable: the database does not answer, or not any more.
    """
    if url is None:
        _mend(folder)
        yield JournalStorage(JournalFileBackend(str(folder / JOURNAL), JournalLock(folder / JOURNAL_LOCK)))
        return
    with warnings.catch_warnings(), _alone_with_tables(url):
        warnings.simplefilter("ignore", ExperimentalWarning)
        storage = RDBStorage(
            parse_url(url, OPTION).render_as_string(hide_password=False),
            heartbeat_interval=BEAT_SECONDS,
            grace_period=SILENT_SECONDS,
            heartbeat_stale_trial_callback=lost,
        )
    try:
        yield storage
    except (StorageInternalError, OperationalError) as error:
        shown = parse_url(url, OPTION).render_as_string(hide_password=True)
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise DatabaseUnavailable(
            f"the trials' database {shown} does not answer any more: {reason}; to go on, run the same "
            "command again"
        ) from error
    finally:
        storage.engine.dispose()


@contextmanager
def _alone_with_tables(url: str) -> Iterator[None]:
    """Optuna makes its tables where they are not there yet, and fails where another process, of whichever
    machine, makes them at the same time. SQLite has one process at a time."""
    engine = create_engine(parse_url(url, OPTION))
    try:
        check_reachable(engine)
        with engine.connect() as connection, connection.begin():
            if not is_sqlite(url):
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TABLES_LOCK})
            yield
    finally:
        engine.dispose()


def _mend(folder: Path) -> None:
    """Cuts off a last line that a full disk or a power cut left unfinished: no later one could be read."""
    with exclusive(folder / JOURNAL_LOCK), (folder / JOURNAL).open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def _place(url: URL) -> tuple[str | None, int | None, str | None]:
    database = url.database
    if url.get_backend_name() == "sqlite" and database:
        database = str(Path(database).absolute())
    return url.host, url.port, database
