"""Orders, routes, readings and what came of them.

It is long because a migration stands for ever as it was run: orders, routes and readings refer to each other.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from curbstop.models.base import UtcDateTime

revision: str = "0002"
down_revision: str | None = "0001"

MOMENT = UtcDateTime()
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "order_type",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("definition", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_type")),
    )
    op.create_index("ix_order_type_current", "order_type", ["current"])
    op.create_index("uq_order_type_code_version", "order_type", ["code", "version"], unique=True)
    op.create_table(
        "cycle",
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle")),
        sa.UniqueConstraint("code", name=op.f("uq_cycle_code")),
    )
    op.create_table(
        "route",
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_route_cycle_id_cycle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route")),
        sa.UniqueConstraint("code", name=op.f("uq_route_code")),
    )
    op.create_index("ix_route_cycle_id", "route", ["cycle_id"])
    op.create_table(
        "route_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("route_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("stop_count", sa.Integer(), nullable=False),
        sa.Column("length_m", sa.Double()),
        sa.Column("published_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["route_id"], ["route.id"], name=op.f("fk_route_version_route_id_route")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_version")),
    )
    op.create_index("uq_route_version_route_id_number", "route_version", ["route_id", "number"], unique=True)
    op.create_index(
        "uq_route_version_route_id_published",
        "route_version",
        ["route_id"],
        unique=True,
        postgresql_where=sa.text("state = 'published'"),
        sqlite_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "stop",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("route_version_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["route_version_id"], ["route_version.id"], name=op.f("fk_stop_route_version_id_route_version")
        ),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_stop_service_point_id_service_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop")),
    )
    op.create_index("ix_stop_service_point_id", "stop", ["service_point_id"])
    op.create_index("uq_stop_route_version_id_sequence", "stop", ["route_version_id", "sequence"], unique=True)
    op.create_index(
        "uq_stop_route_version_id_service_point_id",
        "stop",
        ["route_version_id", "service_point_id"],
        unique=True,
    )
    op.create_table(
        "route_session",
        sa.Column("route_version_id", sa.Uuid(), nullable=False),
        sa.Column("technician_id", sa.Uuid(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["route_version_id"],
            ["route_version.id"],
            name=op.f("fk_route_session_route_version_id_route_version"),
        ),
        sa.ForeignKeyConstraint(["technician_id"], ["staff.id"], name=op.f("fk_route_session_technician_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_session")),
    )
    op.create_index("ix_route_session_route_version_id", "route_session", ["route_version_id"])
    op.create_index("ix_route_session_technician_id", "route_session", ["technician_id"])
    op.create_table(
        "stop_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stop_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("technician_id", sa.Uuid()),
        sa.Column("tablet_id", sa.Uuid()),
        sa.Column("op_id", sa.Uuid()),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("skip_code", sa.String(30)),
        sa.Column("category", sa.String(20)),
        sa.Column("note", sa.Text()),
        sa.Column("details", JSON, nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["service_point_id"],
            ["service_point.id"],
            name=op.f("fk_stop_visit_service_point_id_service_point"),
        ),
        sa.ForeignKeyConstraint(["stop_id"], ["stop.id"], name=op.f("fk_stop_visit_stop_id_stop")),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_stop_visit_tablet_id_tablet")),
        sa.ForeignKeyConstraint(["technician_id"], ["staff.id"], name=op.f("fk_stop_visit_technician_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop_visit")),
    )
    op.create_index("ix_stop_visit_service_point_id", "stop_visit", ["service_point_id"])
    op.create_index("ix_stop_visit_stop_id", "stop_visit", ["stop_id"])
    op.create_table(
        "access_issue",
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("utility_fault", sa.Boolean(), nullable=False),
        sa.Column("occurrences", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("reported_by_id", sa.Uuid()),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("cleared_at", MOMENT),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["reported_by_id"], ["staff.id"], name=op.f("fk_access_issue_reported_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["service_point_id"],
            ["service_point.id"],
            name=op.f("fk_access_issue_service_point_id_service_point"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_issue")),
    )
    op.create_index("ix_access_issue_service_point_id", "access_issue", ["service_point_id"])
    op.create_index("ix_access_issue_state", "access_issue", ["state"])
    op.create_table(
        "service_order",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("type_code", sa.String(20), nullable=False),
        sa.Column("type_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("follows_id", sa.Uuid()),
        sa.Column("access_issue_id", sa.Uuid()),
        sa.Column("requested_on", sa.Date()),
        sa.Column("window_start", MOMENT),
        sa.Column("window_end", MOMENT),
        sa.Column("instructions", sa.Text()),
        sa.Column("attempt_no", sa.Integer(), nullable=False),
        sa.Column("technician_id", sa.Uuid()),
        sa.Column("scheduled_on", sa.Date()),
        sa.Column("place", sa.Integer()),
        sa.Column("held_until", sa.Date()),
        sa.Column("dispatched_at", MOMENT),
        sa.Column("authorized_until", MOMENT),
        sa.Column("recalled_at", MOMENT),
        sa.Column("outcome", sa.String(30)),
        sa.Column("captures", JSON, nullable=False),
        sa.Column("notes", sa.Text()),
        sa.Column("completed_at", MOMENT),
        sa.Column("completed_by_id", sa.Uuid()),
        sa.Column("posted_at", MOMENT),
        sa.Column("posted_by_id", sa.Uuid()),
        sa.Column("reason", sa.Text()),
        sa.Column("flags", JSON, nullable=False),
        sa.Column("field_versions", JSON, nullable=False),
        sa.Column("created_by_id", sa.Uuid()),
        sa.Column("source_key", sa.String(120)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["access_issue_id"],
            ["access_issue.id"],
            name=op.f("fk_service_order_access_issue_id_access_issue"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_service_order_account_id_account")),
        sa.ForeignKeyConstraint(["completed_by_id"], ["staff.id"], name=op.f("fk_service_order_completed_by_id_staff")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_service_order_created_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["follows_id"], ["service_order.id"], name=op.f("fk_service_order_follows_id_service_order")
        ),
        sa.ForeignKeyConstraint(["posted_by_id"], ["staff.id"], name=op.f("fk_service_order_posted_by_id_staff")),
        sa.ForeignKeyConstraint(
            ["service_point_id"],
            ["service_point.id"],
            name=op.f("fk_service_order_service_point_id_service_point"),
        ),
        sa.ForeignKeyConstraint(["technician_id"], ["staff.id"], name=op.f("fk_service_order_technician_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_order")),
        sa.UniqueConstraint("number", name=op.f("uq_service_order_number")),
        sa.UniqueConstraint("source_key", name=op.f("uq_service_order_source_key")),
    )
    op.create_index("ix_service_order_account_id", "service_order", ["account_id"])
    op.create_index("ix_service_order_service_point_id", "service_order", ["service_point_id"])
    op.create_index("ix_service_order_state_type_code", "service_order", ["state", "type_code"])
    op.create_index("ix_service_order_technician_id_scheduled_on", "service_order", ["technician_id", "scheduled_on"])
    op.create_table(
        "order_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(20), nullable=False),
        sa.Column("from_state", sa.String(20)),
        sa.Column("to_state", sa.String(20), nullable=False),
        sa.Column("staff_id", sa.Uuid()),
        sa.Column("tablet_id", sa.Uuid()),
        sa.Column("technician_id", sa.Uuid()),
        sa.Column("op_id", sa.Uuid()),
        sa.Column("reason", sa.Text()),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("noted_at", MOMENT),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_order_history_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_order_history_staff_id_staff")),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_order_history_tablet_id_tablet")),
        sa.ForeignKeyConstraint(["technician_id"], ["staff.id"], name=op.f("fk_order_history_technician_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_history")),
    )
    op.create_index("ix_order_history_order_id", "order_history", ["order_id"])
    op.create_table(
        "installation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("installed_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT),
        sa.Column("order_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("fk_installation_meter_id_meter")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["service_order.id"], name=op.f("fk_installation_order_id_service_order")
        ),
        sa.ForeignKeyConstraint(
            ["service_point_id"],
            ["service_point.id"],
            name=op.f("fk_installation_service_point_id_service_point"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_index("ix_installation_meter_id", "installation", ["meter_id"])
    op.create_index("ix_installation_service_point_id", "installation", ["service_point_id"])
    op.create_index(
        "uq_installation_meter_id_open",
        "installation",
        ["meter_id"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
        sqlite_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("register_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid()),
        sa.Column("value", sa.Numeric(precision=16, scale=4), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("order_id", sa.Uuid()),
        sa.Column("stop_visit_id", sa.Uuid()),
        sa.Column("superseded_by_id", sa.Uuid()),
        sa.Column("flags", JSON, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_reading_order_id_service_order")),
        sa.ForeignKeyConstraint(["register_id"], ["register.id"], name=op.f("fk_reading_register_id_register")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_reading_service_point_id_service_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    op.create_index("ix_reading_order_id", "reading", ["order_id"])
    op.create_index("ix_reading_register_id_noted_at", "reading", ["register_id", "noted_at"])
    op.create_index("ix_reading_service_point_id", "reading", ["service_point_id"])
    op.create_table(
        "attachment",
        sa.Column("order_id", sa.Uuid()),
        sa.Column("access_issue_id", sa.Uuid()),
        sa.Column("stop_visit_id", sa.Uuid()),
        sa.Column("tablet_id", sa.Uuid()),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("media_type", sa.String(60), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("stored_at", MOMENT),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["access_issue_id"], ["access_issue.id"], name=op.f("fk_attachment_access_issue_id_access_issue")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["service_order.id"], name=op.f("fk_attachment_order_id_service_order")),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_attachment_tablet_id_tablet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index("ix_attachment_access_issue_id", "attachment", ["access_issue_id"])
    op.create_index("ix_attachment_order_id", "attachment", ["order_id"])
    op.create_index("ix_attachment_sha256", "attachment", ["sha256"])


def downgrade() -> None:
    op.drop_table("attachment")
    op.drop_table("reading")
    op.drop_table("installation")
    op.drop_table("order_history")
    op.drop_table("service_order")
    op.drop_table("access_issue")
    op.drop_table("stop_visit")
    op.drop_table("route_session")
    op.drop_table("stop")
    op.drop_table("route_version")
    op.drop_table("route")
    op.drop_table("cycle")
    op.drop_table("order_type")
