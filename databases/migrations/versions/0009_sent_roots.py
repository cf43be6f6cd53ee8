"""which roots hold what people sent: their name told, which a folder of one's own may have too"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# The service calls the folder by the task, and each file in it by its content. Nothing that somebody ingested
# may count as sent: it would be deleted where what people sent is.
MARK = """
    UPDATE roots SET sent = true
    WHERE name = task || '-uploads' AND substr(uri, length(uri) - length(task)) = '/' || task
    AND NOT EXISTS (
        SELECT 1 FROM images WHERE images.root_id = roots.id
        AND images.sha256 IS NOT NULL AND substr(images.uri, 1, 65) <> images.sha256 || '.'
    )
"""


def upgrade() -> None:
    op.add_column("roots", sa.Column("sent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(MARK)


def downgrade() -> None:
    op.drop_column("roots", "sent")
