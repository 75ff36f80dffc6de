"""Where each bucket's change log begins, which database this is, and the snapshots for first syncs.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0008"
down_revision: str | None = "0007"

MOMENT = UtcDateTime()


def upgrade() -> None:
    op.create_table(
        "change_horizon",
        sa.Column("bucket", sa.String(80), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_change_horizon")),
    )
    with op.batch_alter_table("sync_history") as table:
        table.add_column(sa.Column("database_identity", sa.String(200)))
    op.create_table(
        "snapshot",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("bucket", sa.String(80), nullable=False),
        sa.Column("history_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("built_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_snapshot")),
    )
    op.create_index("ix_snapshot_bucket_seq", "snapshot", ["bucket", "seq"])


def downgrade() -> None:
    op.drop_table("snapshot")
    with op.batch_alter_table("sync_history") as table:
        table.drop_column("database_identity")
    op.drop_table("change_horizon")
