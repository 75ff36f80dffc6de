"""By when an order is to be done, and who has to be there for an appointment.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0022"
down_revision: str | None = "0021"


def upgrade() -> None:
    # The clock fills `due_at` and `due_on` of the orders that are there, by the policy.
    for name in ("adult_present_required", "after_hours"):
        op.add_column("service_order", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("due_from", "due_at"):
        op.add_column("service_order", sa.Column(name, UtcDateTime(), nullable=True))
    op.add_column("service_order", sa.Column("due_on", sa.Date(), nullable=True))


def downgrade() -> None:
    for name in ("due_on", "due_at", "due_from", "after_hours", "adult_present_required"):
        op.drop_column("service_order", name)
