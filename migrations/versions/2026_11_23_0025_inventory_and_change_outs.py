"""The inventory of meters and radios, change-outs and what other systems have to hear of them, discrepancies.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import Json, UtcDateTime

revision: str = "0025"
down_revision: str | None = "0024"


def upgrade() -> None:
    op.create_table(
        "meter_model",
        sa.Column("manufacturer", sa.String(length=40), nullable=False),
        sa.Column("model", sa.String(length=40), nullable=False),
        sa.Column("size", sa.String(length=15), nullable=False),
        sa.Column("dials", sa.Integer(), nullable=True),
        sa.Column("decimals", sa.Integer(), nullable=True),
        sa.Column("resolution", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("multiplier", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("unit", sa.String(length=5), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter_model")),
    )
    op.create_index(
        "uq_meter_model_manufacturer_model_size", "meter_model", ["manufacturer", "model", "size"], unique=True
    )

    op.create_table(
        "radio",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("last_heard_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_radio")),
        sa.UniqueConstraint("number", name=op.f("uq_radio_number")),
    )
    op.create_table(
        "export_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_export_run_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_run")),
    )
    op.create_index("ix_export_run_kind_number", "export_run", ["kind", "number"], unique=True)

    op.create_table(
        "change_out",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("old_meter_id", sa.Uuid(), nullable=True),
        sa.Column("new_meter_id", sa.Uuid(), nullable=False),
        sa.Column("old_serial", sa.String(length=40), nullable=False),
        sa.Column("new_serial", sa.String(length=40), nullable=False),
        sa.Column("old_endpoint", sa.String(length=40), nullable=True),
        sa.Column("new_endpoint", sa.String(length=40), nullable=True),
        sa.Column("installed_on", sa.Date(), nullable=False),
        sa.Column("installed_at", UtcDateTime(), nullable=False),
        sa.Column("out_reads", Json, nullable=False),
        sa.Column("in_reads", Json, nullable=False),
        sa.Column("out_kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("installer", sa.String(length=120), nullable=True),
        sa.Column("photos", Json, nullable=False),
        sa.Column("findings", Json, nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["new_meter_id"], ["meter.id"], name=op.f("fk_change_out_new_meter_id_meter")),
        sa.ForeignKeyConstraint(["old_meter_id"], ["meter.id"], name=op.f("fk_change_out_old_meter_id_meter")),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_change_out_order_id_service_order")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_change_out_service_point_id_service_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_out")),
    )
    op.create_index("ix_change_out_new_serial", "change_out", ["new_serial"])
    op.create_index(
        "uq_change_out_identity",
        "change_out",
        ["service_point_id", "old_serial", "new_serial", "installed_on"],
        unique=True,
    )

    op.create_table(
        "discrepancy",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=True),
        sa.Column("meter_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("expected", sa.String(length=120), nullable=True),
        sa.Column("found", sa.String(length=120), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("fk_discrepancy_meter_id_meter")),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_discrepancy_order_id_service_order")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_discrepancy_service_point_id_service_point")
        ),
        sa.ForeignKeyConstraint(["settled_by_id"], ["staff.id"], name=op.f("fk_discrepancy_settled_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancy")),
    )
    op.create_index("ix_discrepancy_service_point_id", "discrepancy", ["service_point_id"])
    op.create_index("ix_discrepancy_state_kind", "discrepancy", ["state", "kind"])

    op.create_table(
        "inventory_move",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_type", sa.String(length=8), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("from_status", sa.String(length=20), nullable=True),
        sa.Column("to_status", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["staff.id"], name=op.f("fk_inventory_move_holder_id_staff")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_inventory_move_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_inventory_move_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_move")),
    )
    op.create_index("ix_inventory_move_item_id_at", "inventory_move", ["item_id", "at"])

    op.create_table(
        "export_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("change_out_id", sa.Uuid(), nullable=True),
        sa.Column("marked_at", UtcDateTime(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_out_id"], ["change_out.id"], name=op.f("fk_export_mark_change_out_id_change_out")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["export_run.id"], name=op.f("fk_export_mark_run_id_export_run")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_export_mark_service_point_id_service_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_mark")),
    )
    op.create_index("ix_export_mark_kind_run_id", "export_mark", ["kind", "run_id"])
    # There is one word for a meter that is done with.
    op.execute("UPDATE meter SET status = 'scrapped' WHERE status = 'retired'")


def downgrade() -> None:
    op.execute("UPDATE meter SET status = 'retired' WHERE status = 'scrapped'")
    for table in (
        "export_mark", "inventory_move", "discrepancy", "change_out", "export_run", "radio", "meter_model",
    ):  # fmt: skip
        op.drop_table(table)
