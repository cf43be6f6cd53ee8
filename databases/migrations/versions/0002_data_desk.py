"""the data desk: what pictures look like, corrections, operations on labels, versions of data sets"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MEASURES = ("sharpness", "brightness", "contrast", "saturation")


def upgrade() -> None:
    with op.batch_alter_table("images", schema=None) as batch_op:
        for measure in MEASURES:
            batch_op.add_column(sa.Column(measure, sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("source_label", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("excluded", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.alter_column(
            "perceptual_hash", existing_type=sa.String(length=16), type_=sa.String(length=64)
        )
    op.execute("UPDATE images SET source_label = label")
    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.alter_column("excluded", existing_type=sa.Boolean(), server_default=None)

    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('label', 'exclude', 'include')", name=op.f("ck_corrections_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    with op.batch_alter_table("corrections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_corrections_task_sha256"), ["task", "sha256"], unique=False)

    op.create_table(
        "label_operations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("into", sa.String(length=200), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('rename', 'merge', 'drop')", name=op.f("ck_label_operations_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_operations")),
    )
    with op.batch_alter_table("label_operations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_label_operations_task"), ["task"], unique=False)

    op.create_table(
        "dataset_versions",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=200), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_dataset_versions")),
    )
    with op.batch_alter_table("dataset_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_versions_task"), ["task"], unique=False)


def downgrade() -> None:
    for table in ("dataset_versions", "label_operations", "corrections"):
        op.drop_table(table)
    # What is wider than the hash of that version is no hash that it could read.
    op.execute("UPDATE images SET perceptual_hash = NULL WHERE length(perceptual_hash) > 16")
    with op.batch_alter_table("images", schema=None) as batch_op:
        batch_op.alter_column(
            "perceptual_hash", existing_type=sa.String(length=64), type_=sa.String(length=16)
        )
        for column in ("excluded", "source_label", *MEASURES):
            batch_op.drop_column(column)
