"""which label the pictures nearest to one carry"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("near_label", sa.String(length=200), nullable=True))
    for column in ("near_count", "near_asked"):
        op.add_column("answers", sa.Column(column, sa.Integer(), nullable=True))


def downgrade() -> None:
    for column in ("near_asked", "near_count", "near_label"):
        op.drop_column("answers", column)
