"""PostgreSQL searches the embeddings itself, by pgvector; SQLite does not change

A later change that makes `images`, `embeddings` or `roots` anew must make their triggers anew as well.
"""

import struct

import numpy as np
import sqlalchemy as sa
from alembic import op

from databases.halfvec import HalfVector
from databases.pgvector_extension import require_pgvector

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

READ_AT_ONCE = 1000
# As the table is now, whatever becomes of it later.
COPY = "COPY gallery_vectors (model_id, image_id, sha256, vector) FROM STDIN (FORMAT BINARY)"
HEADER, END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
# What a gallery knows of a picture, and of its root.
OF_IMAGES = "root_id, label, split, status, excluded, sha256, duplicate_group, ingested_at"
TRIGGERS = (
    ("images", f"UPDATE OF {OF_IMAGES}"),
    ("embeddings", "INSERT OR UPDATE OR DELETE"),
    ("roots", "UPDATE OF name, task"),
)
# Once a transaction, or a deletion that takes many others with it would write the row again and again. Two
# who write at once rarely have the same slot, so that one seldom waits until the other is done.
COUNT = """
    CREATE FUNCTION count_gallery_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO gallery_writes AS known (slot, writes, writer)
        VALUES (pg_backend_pid() % 1024, 1, pg_current_xact_id()::text::bigint)
        ON CONFLICT (slot) DO UPDATE SET writes = known.writes + 1, writer = excluded.writer
        WHERE known.writer <> excluded.writer;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    require_pgvector(connection)
    _make_tables()
    _copy(connection)
    op.execute(COUNT)
    for table, event in TRIGGERS:  # before: whoever waits for the slot then holds none of the table's rows
        op.execute(
            f"CREATE TRIGGER count_gallery_write BEFORE {event} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION count_gallery_write()"
        )


def _copy(connection: sa.Connection) -> None:
    """Makes what was embedded before searchable, in the order of the key by which embeddings are found."""
    last = (0, 0)
    while rows := connection.execute(
        sa.text(
            "SELECT image_id, model_id, sha256, vector FROM embeddings "
            "WHERE (image_id, model_id) > (:image, :model) ORDER BY image_id, model_id LIMIT :most"
        ),
        {"image": last[0], "model": last[1], "most": READ_AT_ONCE},
    ).all():
        raw = connection.connection.driver_connection
        assert raw is not None
        with raw.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(HEADER + b"".join(_as_row(*row) for row in rows) + END)
        last = (rows[-1].image_id, rows[-1].model_id)


def _as_row(image_id: int, model_id: int, sha256: str, vector: bytes) -> bytes:
    """How many columns there are, then each after its length in bytes; a vector begins with its length."""
    half = np.frombuffer(vector, "<f4").astype(">f2")
    text = sha256.encode()
    columns = 4, 4, model_id, 4, image_id, len(text), text, 4 + half.nbytes, half.size, 0
    return struct.pack(f"!hiiiii{len(text)}siHH", *columns) + half.tobytes()


def _make_tables() -> None:
    op.create_table(
        "gallery_vectors",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("vector", HalfVector(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "image_id", name=op.f("pk_gallery_vectors")),
        sa.ForeignKeyConstraint(
            ["image_id", "model_id"],
            ["embeddings.image_id", "embeddings.model_id"],
            name=op.f("fk_gallery_vectors_image_id_model_id"),
            ondelete="CASCADE",
        ),
        # A vector lies in its row as long as that fits into a page: a look elsewhere costs more than its dot
        # product.
        postgresql_with={"toast_tuple_target": 8160},
    )
    op.create_table(
        "gallery_writes",
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        sa.Column("writer", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_gallery_writes")),
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, _ in TRIGGERS:
        op.execute(f"DROP TRIGGER count_gallery_write ON {table}")
    op.execute("DROP FUNCTION count_gallery_write")
    op.drop_table("gallery_writes")
    op.drop_table("gallery_vectors")
