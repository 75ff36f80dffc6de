"""Resolutions of conflicts, fees of orders, tasks for supervisors, and photos that nobody waits for any more.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from curbstop.models.base import UtcDateTime

revision: str = "0009"
down_revision: str | None = "0008"

MOMENT = UtcDateTime()
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def _versioned() -> list["sa.Column[object]"]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
    ]


def upgrade() -> None:
    op.add_column("service_order", sa.Column("fees_waived", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("attachment", sa.Column("waived_at", MOMENT))
    op.add_column("attachment", sa.Column("waived_by_id", sa.Uuid()))
    op.add_column("attachment", sa.Column("waive_reason", sa.Text()))
    op.add_column("conflict", sa.Column("resolution", sa.String(12)))
    op.add_column("conflict", sa.Column("chosen", JSON))
    op.add_column("conflict", sa.Column("reason", sa.Text()))
    op.add_column("conflict", sa.Column("result", JSON))
    op.add_column("conflict", sa.Column("claimants", JSON, nullable=False, server_default="[]"))
    op.create_index("ix_conflict_resolved_at", "conflict", ["resolved_at"])
    op.create_index("ix_op_ledger_aggregate", "op_ledger", ["aggregate"])
    op.create_table(
        "fee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("waived", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_fee_account_id_account")),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_fee_order_id_service_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee")),
    )
    op.create_index("ix_fee_order_id", "fee", ["order_id"])
    op.create_index("ix_fee_account_id", "fee", ["account_id"])
    op.create_table(
        "supervisor_task",
        *_versioned(),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("order_id", sa.Uuid()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("done_at", MOMENT),
        sa.Column("done_by_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["done_by_id"], ["staff.id"], name=op.f("fk_supervisor_task_done_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_supervisor_task_order_id_service_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisor_task")),
    )
    op.create_index("ix_supervisor_task_order_id", "supervisor_task", ["order_id"])
    op.create_index("ix_supervisor_task_state", "supervisor_task", ["state"])


def downgrade() -> None:
    op.drop_table("supervisor_task")
    op.drop_table("fee")
    op.drop_index("ix_op_ledger_aggregate", "op_ledger")
    op.drop_index("ix_conflict_resolved_at", "conflict")
    for name in ("claimants", "result", "reason", "chosen", "resolution"):
        op.drop_column("conflict", name)
    for name in ("waive_reason", "waived_by_id", "waived_at"):
        op.drop_column("attachment", name)
    op.drop_column("service_order", "fees_waived")
