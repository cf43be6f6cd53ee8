"""look-alikes: by what a picture was compared with the others, and a hash that withstands more"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.add_column(sa.Column("compared", sa.String(length=10), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_images_compared"), "compared IN ('hash', 'embedding')"
        )
    # The next ingest reads every picture again, for the new hash.
    op.execute("UPDATE images SET perceptual_hash = NULL, duplicate_group = NULL, modified_ns = 0")


def downgrade() -> None:
    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_images_compared"), type_="check")
        batch_op.drop_column("compared")
    op.execute("UPDATE images SET perceptual_hash = NULL, modified_ns = 0")
