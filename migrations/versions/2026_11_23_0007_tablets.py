"""Seals on ops, who used which tablet, the clocks of tablets, and incidents of possibly lost work.

People who used a tablet before this release are taken from its sessions and ops, so that work that they sealed counts
as theirs.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from curbstop.models.base import UtcDateTime

revision: str = "0007"
down_revision: str | None = "0006"

MOMENT = UtcDateTime()
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
PEOPLE = """
INSERT INTO tablet_person (tablet_id, staff_id, first_at, last_at)
SELECT tablet.id, used.staff_id, tablet.enrolled_at, coalesce(tablet.last_seen_at, tablet.enrolled_at)
FROM tablet JOIN (
  SELECT tablet_id, staff_id FROM refresh_token WHERE tablet_id IS NOT NULL
  UNION SELECT tablet_id, staff_id FROM op_ledger
  UNION SELECT id, staff_id FROM tablet WHERE staff_id IS NOT NULL
) AS used ON used.tablet_id = tablet.id
"""


def upgrade() -> None:
    op.add_column("op_ledger", sa.Column("signature", sa.LargeBinary()))
    op.add_column("op_ledger", sa.Column("sent_by_id", sa.Uuid()))
    op.add_column("op_ledger", sa.Column("corrected_at", MOMENT))
    op.add_column("op_ledger", sa.Column("uncertainty_s", sa.Double()))
    op.add_column("op_ledger", sa.Column("clock_skew_s", sa.Double()))
    op.add_column("tablet", sa.Column("missing_count", sa.Integer(), server_default="0", nullable=False))
    _tables()
    op.execute(PEOPLE)


def _tables() -> None:
    op.create_table(
        "tablet_person",
        sa.Column("tablet_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_tablet_person_tablet_id_tablet")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_tablet_person_staff_id_staff")),
        sa.PrimaryKeyConstraint("tablet_id", "staff_id", name=op.f("pk_tablet_person")),
    )
    op.create_table(
        "tablet_boot",
        sa.Column("tablet_id", sa.Uuid(), nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
        sa.Column("zero_at", MOMENT, nullable=False),
        sa.Column("uncertainty_s", sa.Double(), nullable=False),
        sa.Column("measured_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_tablet_boot_tablet_id_tablet")),
        sa.PrimaryKeyConstraint("tablet_id", "boot_id", name=op.f("pk_tablet_boot")),
    )
    op.create_table(
        "tablet_incident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("tablet_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid()),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("ops_lost", sa.Integer(), nullable=False),
        sa.Column("since_at", MOMENT),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("settled_at", MOMENT),
        sa.Column("settled_by_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_tablet_incident_tablet_id_tablet")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_tablet_incident_staff_id_staff")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["staff.id"], name=op.f("fk_tablet_incident_settled_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tablet_incident")),
    )
    op.create_index("ix_tablet_incident_state", "tablet_incident", ["state"])
    op.create_index("ix_tablet_incident_tablet_id", "tablet_incident", ["tablet_id"])


def downgrade() -> None:
    op.drop_table("tablet_incident")
    op.drop_table("tablet_boot")
    op.drop_table("tablet_person")
    op.drop_column("tablet", "missing_count")
    for column in ("clock_skew_s", "uncertainty_s", "corrected_at", "sent_by_id", "signature"):
        op.drop_column("op_ledger", column)
