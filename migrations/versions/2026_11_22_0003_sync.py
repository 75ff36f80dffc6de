"""The change log, the ops of the tablets and the outbox.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from curbstop.models.base import UtcDateTime

revision: str = "0003"
down_revision: str | None = "0002"

MOMENT = UtcDateTime()
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "change_log",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("xid", sa.BigInteger()),
        sa.Column("bucket", sa.String(80), nullable=False),
        sa.Column("entity_type", sa.String(30), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(1), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_log_bucket_seq", "change_log", ["bucket", "seq"])
    op.create_index("uq_change_log_seq", "change_log", ["seq"], unique=True)
    op.create_table(
        "bucket_row",
        sa.Column("bucket", sa.String(80), nullable=False),
        sa.Column("entity_type", sa.String(30), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "entity_type", "entity_id", name=op.f("pk_bucket_row")),
    )
    op.create_index("ix_bucket_row_entity_type_entity_id", "bucket_row", ["entity_type", "entity_id"])
    op.create_table(
        "sync_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("history_id", sa.Uuid(), nullable=False),
        sa.Column("since_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_history")),
    )
    op.create_table(
        "op_ledger",
        sa.Column("op_id", sa.Uuid(), nullable=False),
        sa.Column("tablet_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer()),
        sa.Column("kind", sa.String(60)),
        sa.Column("aggregate", sa.String(80)),
        sa.Column("waits_for_id", sa.Uuid()),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.String(20)),
        sa.Column("answer", JSON),
        sa.Column("noted_at", MOMENT),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_op_ledger_staff_id_staff")),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_op_ledger_tablet_id_tablet")),
        sa.PrimaryKeyConstraint("op_id", name=op.f("pk_op_ledger")),
    )
    op.create_index("ix_op_ledger_tablet_id_n", "op_ledger", ["tablet_id", "n"])
    op.create_index("ix_op_ledger_waits_for_id", "op_ledger", ["waits_for_id"])
    op.create_table(
        "conflict",
        sa.Column("op_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("order_id", sa.Uuid()),
        sa.Column("service_point_id", sa.Uuid()),
        sa.Column("base", JSON, nullable=False),
        sa.Column("theirs", JSON, nullable=False),
        sa.Column("mine", JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("resolved_at", MOMENT),
        sa.Column("resolved_by_id", sa.Uuid()),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["op_id"], ["op_ledger.op_id"], name=op.f("fk_conflict_op_id_op_ledger")),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_conflict_order_id_service_order")),
        sa.ForeignKeyConstraint(["resolved_by_id"], ["staff.id"], name=op.f("fk_conflict_resolved_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["service_point_id"],
            ["service_point.id"],
            name=op.f("fk_conflict_service_point_id_service_point"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict")),
        sa.UniqueConstraint("op_id", name=op.f("uq_conflict_op_id")),
    )
    op.create_index("ix_conflict_order_id", "conflict", ["order_id"])
    op.create_index("ix_conflict_state", "conflict", ["state"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])
    op.create_table(
        "job_done",
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("done_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_job_done")),
    )
    op.create_index("ix_job_done_done_at", "job_done", ["done_at"])


def downgrade() -> None:
    op.drop_table("job_done")
    op.drop_table("outbox")
    op.drop_table("conflict")
    op.drop_table("op_ledger")
    op.drop_table("sync_history")
    op.drop_table("bucket_row")
    op.drop_table("change_log")
