"""An index of the few ops without a final verdict: every pull asks for the first of them.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"

UNANSWERED = sa.text("verdict IS NULL OR verdict = 'waiting'")


def upgrade() -> None:
    op.create_index(
        "ix_op_ledger_unanswered",
        "op_ledger",
        ["tablet_id", "n"],
        postgresql_where=UNANSWERED,
        sqlite_where=UNANSWERED,
    )


def downgrade() -> None:
    op.drop_index("ix_op_ledger_unanswered", "op_ledger")
