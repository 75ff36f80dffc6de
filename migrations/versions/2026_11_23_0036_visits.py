"""Tamper cases, AMI events, notes of repairs, route change requests, and what a fee comes to.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import Json, UtcDateTime

revision: str = "0036"
down_revision: str | None = "0035"


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    op.add_column("fee", sa.Column("cents", sa.BigInteger(), nullable=True))
    op.add_column("fee", sa.Column("detail", Json, nullable=True))
    op.create_table(
        "tamper_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("unmetered_use", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("unit", sa.String(length=5), nullable=True),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        _key("tamper_case", "service_point_id", "service_point"),
        _key("tamper_case", "account_id", "account"),
        _key("tamper_case", "order_id", "service_order"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tamper_case")),
        sa.UniqueConstraint("order_id", name=op.f("uq_tamper_case_order_id")),
        sa.UniqueConstraint("service_point_id", "level", name=op.f("uq_tamper_case_service_point_id_level")),
    )
    op.create_table(
        "ami_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_key", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("radio_id", sa.String(length=40), nullable=True),
        sa.Column("meter_serial", sa.String(length=40), nullable=True),
        sa.Column("service_point_id", sa.Uuid(), nullable=True),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("close_reason", sa.String(length=500), nullable=True),
        _key("ami_event", "service_point_id", "service_point"),
        _key("ami_event", "closed_by_id", "staff"),
        _key("ami_event", "order_id", "service_order"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ami_event")),
        sa.UniqueConstraint("source_key", name=op.f("uq_ami_event_source_key")),
    )
    op.create_index(
        "ix_ami_event_open",
        "ami_event",
        ["service_point_id"],
        postgresql_where=sa.text("closed_at IS NULL"),
        sqlite_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "asset_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("hours", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        _key("asset_note", "service_point_id", "service_point"),
        _key("asset_note", "order_id", "service_order"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_note")),
        sa.UniqueConstraint("order_id", name=op.f("uq_asset_note_order_id")),
    )
    op.create_index("ix_asset_note_service_point_id", "asset_note", ["service_point_id"])
    op.create_table(
        "route_change_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("route_id", sa.Uuid(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("new_sequence", sa.Integer(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _key("route_change_request", "service_point_id", "service_point"),
        _key("route_change_request", "order_id", "service_order"),
        _key("route_change_request", "route_id", "route"),
        _key("route_change_request", "proposed_by_id", "staff"),
        _key("route_change_request", "decided_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route_change_request")),
        sa.UniqueConstraint("order_id", name=op.f("uq_route_change_request_order_id")),
    )
    op.create_index("ix_route_change_request_service_point_id", "route_change_request", ["service_point_id"])
    op.create_index("ix_route_change_request_state", "route_change_request", ["state"])


def downgrade() -> None:
    op.drop_table("route_change_request")
    op.drop_table("asset_note")
    op.drop_table("ami_event")
    op.drop_table("tamper_case")
    op.drop_column("fee", "detail")
    op.drop_column("fee", "cents")
