"""look-alikes: by what a picture was compared with the others, and a hash that withstands more"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In plain SQL: SQLite needs no new table for a column that brings its own constraint.
    op.execute(
        "ALTER TABLE images ADD COLUMN compared VARCHAR(10) "
        "CONSTRAINT ck_images_compared CHECK (compared IN ('hash', 'embedding'))"
    )
    # The next ingest reads every picture again, for the new hash.
    op.execute("UPDATE images SET perceptual_hash = NULL, duplicate_group = NULL, modified_ns = 0")


def downgrade() -> None:
    op.execute("ALTER TABLE images DROP COLUMN compared")
    op.execute("UPDATE images SET perceptual_hash = NULL, modified_ns = 0")
