"""ids of pictures are given once

SQLite gives the highest ones again as soon as their rows went, and who still held one, a page that is open
or a cache, took another picture for the one that was there. It can be told so only where a table is made.
PostgreSQL never gave one twice.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    # Indices and triggers go with the old table, and are made anew as they are.
    beside = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master "
        "WHERE tbl_name = 'images' AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    )
    statements = list(beside.scalars())
    made = op.create_table(
        "images_anew",
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("aspect_ratio", sa.Double(), nullable=True),
        sa.Column("format", sa.String(length=20), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("perceptual_hash", sa.String(length=64), nullable=True),
        sa.Column("sharpness", sa.Double(), nullable=True),
        sa.Column("brightness", sa.Double(), nullable=True),
        sa.Column("contrast", sa.Double(), nullable=True),
        sa.Column("saturation", sa.Double(), nullable=True),
        sa.Column("duplicate_group", sa.Integer(), nullable=True),
        sa.Column(
            "compared",
            sa.String(length=10),
            # The column's own, so that 0003 can be taken back.
            sa.CheckConstraint("compared IN ('hash', 'embedding')", name=op.f("ck_images_compared")),
            nullable=True,
        ),
        sa.Column("source_label", sa.String(length=200), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("split", sa.String(length=5), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("split IN ('train', 'val', 'test')", name=op.f("ck_images_split")),
        sa.CheckConstraint("status IN ('ok', 'invalid', 'missing')", name=op.f("ck_images_status")),
        sa.ForeignKeyConstraint(["root_id"], ["roots.id"], name=op.f("fk_images_root_id")),
        sa.UniqueConstraint("root_id", "uri", name=op.f("uq_images_root_id_uri")),
        sqlite_autoincrement=True,
    )
    columns = ", ".join(f'"{column.name}"' for column in made.columns)
    op.execute(f"INSERT INTO images_anew ({columns}) SELECT {columns} FROM images")
    op.drop_table("images")
    op.rename_table("images_anew", "images")
    for statement in statements:
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    """Nothing: a version that knows nothing of it reads and writes the table as before."""
