"""what machines think of pictures, and who decided"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("corrections", "label_operations"):
        op.add_column(table, sa.Column("made_by", sa.String(length=100), nullable=True))
    for column in ("made_by", "rolled_back_by"):
        op.add_column("promotions", sa.Column(column, sa.String(length=100), nullable=True))
    _make_feedback_anew()
    _make_findings()
    _make_answers()
    # All that a library is counted by, so that no row of it is read.
    op.create_index(
        op.f("ix_images_root_id_status_excluded_label_split_id"),
        "images",
        ["root_id", "status", "excluded", "label", "split", "id"],
    )


def _make_feedback_anew() -> None:
    """Nothing wrote to it before; SQLite cannot add a column that refers to another table."""
    op.drop_table("feedback")
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("prediction_id", sa.String(length=32), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("image_id", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["prediction_id"],
            ["predictions.id"],
            name=op.f("fk_feedback_prediction_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_feedback_image_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    op.create_index(op.f("ix_feedback_prediction_id"), "feedback", ["prediction_id"])
    op.create_index(op.f("ix_feedback_image_id"), "feedback", ["image_id"])


def _make_findings() -> None:
    op.create_table(
        "findings",
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("better", sa.String(length=200), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_findings_image_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", "kind", name=op.f("pk_findings")),
    )
    op.create_index(op.f("ix_findings_kind_rank"), "findings", ["kind", "rank"])


def _make_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("agreement", sa.Double(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name=op.f("fk_answers_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_answers_model_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", "model_id", name=op.f("pk_answers")),
    )
    op.create_index(op.f("ix_answers_model_id_image_id"), "answers", ["model_id", "image_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_images_root_id_status_excluded_label_split_id"), "images")
    op.drop_table("answers")
    op.drop_table("findings")
    with op.batch_alter_table("feedback") as feedback:
        feedback.drop_index(op.f("ix_feedback_image_id"))
        feedback.drop_constraint(op.f("fk_feedback_image_id"), type_="foreignkey")
        feedback.drop_column("image_id")
        feedback.drop_column("made_by")
    for column in ("made_by", "rolled_back_by"):
        op.drop_column("promotions", column)
    for table in ("corrections", "label_operations"):
        op.drop_column(table, "made_by")
