"""An op may wait in two conflicts: its position for GIS, the rest for whoever settles the work.

Revision ID: 0017
Revises: 0014
"""

from alembic import op

revision: str = "0017"
down_revision: str | None = "0014"


def upgrade() -> None:
    with op.batch_alter_table("conflict") as table:
        table.create_unique_constraint("uq_conflict_op_id_code", ["op_id", "code"])
        table.drop_constraint(op.f("uq_conflict_op_id"), type_="unique")


def downgrade() -> None:
    # The position's own conflict goes, and out of the buckets; its op stays in the ledger, and says it whole.
    op.execute(
        "DELETE FROM bucket_row WHERE entity_type = 'conflict' AND entity_id IN"
        " (SELECT own.id FROM conflict own JOIN conflict other ON other.op_id = own.op_id"
        "  WHERE own.code = 'needs_gis' AND other.code <> 'needs_gis')"
    )
    op.execute(
        "DELETE FROM conflict WHERE code = 'needs_gis' AND op_id IN"
        " (SELECT op_id FROM conflict WHERE code <> 'needs_gis')"
    )
    with op.batch_alter_table("conflict") as table:
        table.create_unique_constraint(op.f("uq_conflict_op_id"), ["op_id"])
        table.drop_constraint("uq_conflict_op_id_code", type_="unique")
