"""What another system was last told of each place, and what a run left out.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import Json

revision: str = "0037"
down_revision: str | None = "0036"


def upgrade() -> None:
    for name in ("form", "scope"):
        default = {"form": "csv", "scope": "changed"}[name]
        op.add_column("export_run", sa.Column(name, sa.String(length=10), server_default=default, nullable=False))
    for name in ("unchanged", "left_out", "gone"):
        op.add_column("export_run", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.add_column("export_run", sa.Column("seconds", sa.Double(), nullable=True))
    op.add_column("export_run", sa.Column("faults", Json, server_default="[]", nullable=False))
    op.create_table(
        "export_sent",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_export_sent_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["export_run.id"], name=op.f("fk_export_sent_run_id_export_run")),
        sa.PrimaryKeyConstraint("kind", "service_point_id", name=op.f("pk_export_sent")),
    )


def downgrade() -> None:
    op.drop_table("export_sent")
    for name in ("faults", "seconds", "gone", "left_out", "unchanged", "scope", "form"):
        op.drop_column("export_run", name)
