"""The contact log.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0021"
down_revision: str | None = "0020"


def upgrade() -> None:
    op.create_table(
        "contact_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.String(length=120), nullable=True),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("reached", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("result", sa.String(length=14), nullable=False),
        sa.Column("promise_cents", sa.BigInteger(), nullable=True),
        sa.Column("promise_on", sa.Date(), nullable=True),
        sa.Column("promise_through", sa.Date(), nullable=True),
        sa.Column("promise_state", sa.String(length=8), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("source_key", sa.String(length=120), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_attempt_account_id_account")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_contact_attempt_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_contact_attempt_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_contact_attempt_hold_id_hold")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_attempt")),
        sa.UniqueConstraint("source_key", name=op.f("uq_contact_attempt_source_key")),
    )
    op.create_index("ix_contact_attempt_account_id_at", "contact_attempt", ["account_id", "at"])
    op.create_index("ix_contact_attempt_at", "contact_attempt", ["at"])
    op.create_index(
        "ix_contact_attempt_promise_state_promise_through", "contact_attempt", ["promise_state", "promise_through"]
    )


def downgrade() -> None:
    op.drop_table("contact_attempt")
