"""which pictures of a gallery changed, for the index beside an SQLite database; PostgreSQL searches by itself

A later change that makes `images` or `embeddings` anew must make their triggers anew as well.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# What a gallery knows of a picture.
COLUMNS = ("root_id", "label", "split", "status", "excluded", "sha256", "duplicate_group", "ingested_at")
# The database writes one transaction after another, so the highest number is that of the latest change. A
# token tells it from that of a copy of the database which went another way.
LOG = """
    INSERT INTO gallery_changes (model_id, image_id, number, token)
    VALUES ({rows}, (SELECT max(number) + 1 FROM gallery_changes), hex(randomblob(8)))
    ON CONFLICT (model_id, image_id) DO UPDATE SET number = excluded.number, token = excluded.token
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.create_table(
        "gallery_changes",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("model_id", "image_id", name=op.f("pk_gallery_changes")),
    )
    op.create_index(op.f("ix_gallery_changes_number"), "gallery_changes", ["number"], unique=True)
    op.create_index(op.f("ix_gallery_changes_model_id_number"), "gallery_changes", ["model_id", "number"])
    # The first of all changes, of no picture.
    op.execute("INSERT INTO gallery_changes VALUES (0, 0, 1, hex(randomblob(8)))")
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in COLUMNS)
    for name, event, rows in (
        ("images_updated", f"UPDATE OF {', '.join(COLUMNS)} ON images WHEN {changed}", "0, NEW.id"),
        ("embeddings_inserted", "INSERT ON embeddings", "NEW.model_id, NEW.image_id"),
        ("embeddings_updated", "UPDATE ON embeddings", "NEW.model_id, NEW.image_id"),
        ("embeddings_deleted", "DELETE ON embeddings", "OLD.model_id, OLD.image_id"),
    ):
        before, _, condition = event.partition(" WHEN ")
        when = f"WHEN {condition}" if condition else ""
        op.execute(
            f"CREATE TRIGGER gallery_{name} AFTER {before} FOR EACH ROW {when} "
            f"BEGIN {LOG.format(rows=rows)}; END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for name in ("images_updated", "embeddings_inserted", "embeddings_updated", "embeddings_deleted"):
        op.execute(f"DROP TRIGGER gallery_{name}")
    op.drop_table("gallery_changes")
