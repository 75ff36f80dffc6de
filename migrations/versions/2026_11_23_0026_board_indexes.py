"""Finds a day's orders, the next that are due, and somebody's last work, by indexes.

Revision ID: 0026
Revises: 0025
"""

from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"

INDEXES = (
    ("ix_service_order_scheduled_on", "service_order", ["scheduled_on"]),
    ("ix_service_order_due_at", "service_order", ["due_at"]),
    ("ix_order_history_staff_id_recorded_at", "order_history", ["staff_id", "recorded_at"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _ in reversed(INDEXES):
        op.drop_index(name, table)
