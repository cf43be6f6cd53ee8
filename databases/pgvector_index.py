"""pgvector's indices on the embeddings: one a model, made where comparing all of them would take long."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from databases.models import Embedding, GalleryVector, Model

# From so many pictures on a model has an index: of fewer all are compared, which misses nothing.
WORTH_AN_INDEX = 100_000
MOST_DIMENSIONS = 4000  # that pgvector indexes in half precision
# What pgvector's documentation starts from, and a graph's bytes a picture beside its vector, about.
LINKS, CANDIDATES, LINKS_BYTES = 16, 64, 500
MOST_MEMORY_KB = 1_000_000
LOCK_KEY = 0x686E7377
PREFIX = "ix_gallery_vectors_hnsw_"
DISK_FULL = "53100"  # so says PostgreSQL where /dev/shm is too small for several processes, as Docker's is


def index_name(model_id: int) -> str:
    return f"{PREFIX}{int(model_id)}"


def has_index(session: Session, model_id: int) -> bool:
    """Whether searches under a model have an index to use."""
    return index_name(model_id) in _indices(session.connection(), valid=True)


def keep_index(engine: Engine, model_id: int, *, worth: int = WORTH_AN_INDEX) -> None:
    """Makes a model's index if it has `worth` embeddings and none yet; drops those of models that are gone.

    Searches go on meanwhile. Does nothing on SQLite, nor while another process does it.
    """
    if engine.dialect.name != "postgresql":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Whoever waited for the lock would be waited for by who has it.
        if not connection.scalar(select(func.pg_try_advisory_lock(LOCK_KEY))):
            return
        try:
            _drop_useless(connection)
            _make(connection, model_id, worth)
        finally:
            connection.execute(select(func.pg_advisory_unlock(LOCK_KEY)))


def _make(connection: Connection, model_id: int, worth: int) -> None:
    pictures = connection.scalar(
        select(func.count()).select_from(GalleryVector).where(GalleryVector.model_id == model_id)
    )
    one = select(func.octet_length(Embedding.vector) / 4).where(Embedding.model_id == model_id).limit(1)
    size = int(connection.scalar(one) or 0)
    if not pictures or pictures < worth or size > MOST_DIMENSIONS:
        return
    if index_name(model_id) in _indices(connection, valid=True):
        return
    with _with_memory(connection, pictures * (2 * size + LINKS_BYTES) // 1000):
        try:
            _create(connection, model_id, size)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != DISK_FULL:
                raise
            _drop_useless(connection)
            connection.execute(text("SET max_parallel_maintenance_workers = 0"))
            _create(connection, model_id, size)
    connection.execute(text("ANALYZE roots, images, embeddings, gallery_vectors"))


def _create(connection: Connection, model_id: int, size: int) -> None:
    connection.execute(
        text(
            f"CREATE INDEX CONCURRENTLY {index_name(model_id)} ON gallery_vectors "
            f"USING hnsw ((vector::halfvec({int(size)})) halfvec_ip_ops) "
            f"WITH (m = {LINKS}, ef_construction = {CANDIDATES}) WHERE model_id = {int(model_id)}"
        )
    )


@contextmanager
def _with_memory(connection: Connection, kilobytes: int) -> Iterator[None]:
    """A graph that does not fit into memory takes many times as long."""
    setting = text("SELECT setting::bigint FROM pg_settings WHERE name = 'maintenance_work_mem'")
    memory = max(connection.execute(setting).scalar_one(), min(kilobytes, MOST_MEMORY_KB))
    connection.execute(select(func.set_config("maintenance_work_mem", f"{memory}kB", False)))
    try:
        yield
    finally:
        connection.execute(text("RESET maintenance_work_mem"))
        connection.execute(text("RESET max_parallel_maintenance_workers"))


def _drop_useless(connection: Connection) -> None:
    """The indices of models that are gone, and those whose making was broken off."""
    models = set(connection.scalars(select(Model.id)))
    sound = _indices(connection, valid=True) & {index_name(model_id) for model_id in models}
    for name in _indices(connection, valid=True) | _indices(connection, valid=False):
        if name not in sound:
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))


def _indices(connection: Connection, *, valid: bool) -> set[str]:
    query = text(
        "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE indrelid = 'gallery_vectors'::regclass AND indisvalid = :valid "
        "AND starts_with(relname, :prefix)"
    )
    return set(connection.scalars(query, {"valid": valid, "prefix": PREFIX}))
