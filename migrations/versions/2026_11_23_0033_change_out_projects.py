"""Planned change-outs.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import Json, UtcDateTime

revision: str = "0033"
down_revision: str | None = "0032"


def upgrade() -> None:
    op.create_table(
        "change_out_project",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("chosen_by", Json, nullable=False),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by_id"], ["staff.id"], name=op.f("fk_change_out_project_approved_by_id_staff")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["staff.id"], name=op.f("fk_change_out_project_created_by_id_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_out_project")),
        sa.UniqueConstraint("name", name=op.f("uq_change_out_project_name")),
    )
    op.create_index("ix_change_out_project_state", "change_out_project", ["state"])
    op.create_table(
        "project_place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("fk_project_place_meter_id_meter")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_project_place_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["change_out_project.id"], name=op.f("fk_project_place_project_id_change_out_project")
        ),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_project_place_service_point_id_service_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_place")),
    )
    op.create_index(
        "uq_project_place_project_id_service_point_id", "project_place", ["project_id", "service_point_id"], unique=True
    )
    op.create_index("ix_project_place_project_id_order_id", "project_place", ["project_id", "order_id"])
    op.create_index("ix_project_place_service_point_id", "project_place", ["service_point_id"])


def downgrade() -> None:
    op.drop_table("project_place")
    op.drop_table("change_out_project")
