"""The people, the places and the meters.

It is long because a migration stands for ever as it was run: the first tables are one another's foreign keys.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

from curbstop.models.base import UtcDateTime

revision: str = "0001"
down_revision: str | None = None

MOMENT = UtcDateTime()
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Needs a superuser only where the administrator has not made the extension beforehand.
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.create_table(
        "customer",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("phone", sa.String(40)),
        sa.Column("email", sa.String(200)),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("name_withheld", sa.Boolean(), nullable=False),
        sa.Column("source_key", sa.String(120)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("number", name=op.f("uq_customer_number")),
        sa.UniqueConstraint("source_key", name=op.f("uq_customer_source_key")),
    )
    op.create_table(
        "staff",
        sa.Column("login", sa.String(60), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("crew_lead_id", sa.Uuid()),
        sa.Column("daily_capacity", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["crew_lead_id"], ["staff.id"], name=op.f("fk_staff_crew_lead_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
    )
    op.create_table(
        "tablet",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("install_id", sa.String(64), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.String(200)),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Uuid()),
        sa.Column("enrolled_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("clock_skew_s", sa.Double()),
        sa.Column("beacon", JSON, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_tablet_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tablet")),
    )
    op.create_table(
        "enrolment_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tablet_name", sa.String(60), nullable=False),
        sa.Column("created_by_id", sa.Uuid()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("tablet_id", sa.Uuid()),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_enrolment_code_created_by_id_staff")),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_enrolment_code_tablet_id_tablet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_enrolment_code_code_hash")),
    )
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("tablet_id", sa.Uuid()),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("rotated_at", MOMENT),
        sa.Column("successor_id", sa.Uuid()),
        sa.Column("revoked_at", MOMENT),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_refresh_token_staff_id_staff")),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_refresh_token_tablet_id_tablet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_token_token_hash")),
    )
    op.create_index("ix_refresh_token_expires_at", "refresh_token", ["expires_at"])
    op.create_index("ix_refresh_token_family_id", "refresh_token", ["family_id"])
    op.create_index("ix_refresh_token_staff_id", "refresh_token", ["staff_id"])
    op.create_table(
        "service_point",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("address", sa.String(160), nullable=False),
        sa.Column("address_key", sa.String(160)),
        sa.Column("house_number", sa.String(16)),
        sa.Column("predir", sa.String(10)),
        sa.Column("street_name", sa.String(80)),
        sa.Column("street_type", sa.String(20)),
        sa.Column("postdir", sa.String(10)),
        sa.Column("unit", sa.String(40)),
        sa.Column("city", sa.String(60)),
        sa.Column("state", sa.String(2)),
        sa.Column("zip", sa.String(10)),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False)),
        sa.Column("location_source", sa.String(20)),
        sa.Column("physical_state", sa.String(20), nullable=False),
        sa.Column("access_notes", sa.Text()),
        sa.Column("read_instructions", sa.Text()),
        sa.Column("hazards", JSON, nullable=False),
        sa.Column("gate_code_sealed", sa.LargeBinary()),
        sa.Column("field_versions", JSON, nullable=False),
        sa.Column("source_key", sa.String(120)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_point")),
        sa.UniqueConstraint("number", name=op.f("uq_service_point_number")),
        sa.UniqueConstraint("source_key", name=op.f("uq_service_point_source_key")),
    )
    op.create_index("ix_service_point_address", "service_point", ["address"])
    op.create_index("ix_service_point_address_key", "service_point", ["address_key"])
    op.create_index("ix_service_point_city_address", "service_point", ["city", "address"])
    op.create_table(
        "account",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("service_point_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("service_class", sa.String(20), nullable=False),
        sa.Column("source_key", sa.String(120)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_account_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["service_point_id"], ["service_point.id"], name=op.f("fk_account_service_point_id_service_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("number", name=op.f("uq_account_number")),
        sa.UniqueConstraint("source_key", name=op.f("uq_account_source_key")),
    )
    op.create_index("ix_account_customer_id", "account", ["customer_id"])
    op.create_index("ix_account_service_point_id", "account", ["service_point_id"])
    op.create_table(
        "meter",
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("size", sa.String(15)),
        sa.Column("manufacturer", sa.String(40)),
        sa.Column("model", sa.String(40)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("source_key", sa.String(120)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter")),
        sa.UniqueConstraint("serial", name=op.f("uq_meter_serial")),
        sa.UniqueConstraint("source_key", name=op.f("uq_meter_source_key")),
    )
    op.create_table(
        "register",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("dials", sa.Integer(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("multiplier", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("unit", sa.String(5), nullable=False),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("fk_register_meter_id_meter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register")),
    )
    op.create_index("uq_register_meter_id_position", "register", ["meter_id", "position"], unique=True)
    op.create_table(
        "endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meter_id", sa.Uuid(), nullable=False),
        sa.Column("radio_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("retired_at", MOMENT),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("fk_endpoint_meter_id_meter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
    )
    op.create_index("ix_endpoint_meter_id", "endpoint", ["meter_id"])
    op.create_index(
        "uq_endpoint_radio_id_active",
        "endpoint",
        ["radio_id"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
        sqlite_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "street",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("left_from", sa.Integer()),
        sa.Column("left_to", sa.Integer()),
        sa.Column("right_from", sa.Integer()),
        sa.Column("right_to", sa.Integer()),
        sa.Column("left_zip", sa.String(10)),
        sa.Column("right_zip", sa.String(10)),
        sa.Column("from_node", sa.String(40)),
        sa.Column("to_node", sa.String(40)),
        sa.Column("line", Geometry("LINESTRING", srid=4326, spatial_index=False), nullable=False),
        sa.Column("source_key", sa.String(120)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street")),
        sa.UniqueConstraint("source_key", name=op.f("uq_street_source_key")),
    )
    op.create_index("ix_street_name", "street", ["name"])
    op.create_table(
        "hydrant",
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("manufacturer", sa.String(60)),
        sa.Column("installed_on", sa.Date()),
        sa.Column("flow_gpm", sa.Integer()),
        sa.Column("status", sa.String(20)),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("location", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.Column("source_key", sa.String(120)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hydrant")),
        sa.UniqueConstraint("source_key", name=op.f("uq_hydrant_source_key")),
    )
    op.create_index("ix_hydrant_number", "hydrant", ["number"])
    op.create_table(
        "search_word",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "word",
            sa.String(60).with_variant(sa.String(length=60, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("frequency", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word")),
        sa.UniqueConstraint("word", name=op.f("uq_search_word_word")),
    )
    op.create_table(
        "search_posting",
        sa.Column("word_id", BIG_ID, nullable=False),
        sa.Column("entity_type", sa.String(20), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["word_id"], ["search_word.id"], name=op.f("fk_search_posting_word_id_search_word")),
        sa.PrimaryKeyConstraint("word_id", "entity_type", "entity_id", name=op.f("pk_search_posting")),
    )
    op.create_index("ix_search_posting_entity_id", "search_posting", ["entity_id"])
    op.create_table(
        "number_sequence",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("next_value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_number_sequence")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("etag", sa.String(80)),
        sa.Column("location", sa.String(200)),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_idempotency_key_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("staff_id", sa.Uuid()),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_import_batch_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_sha256", "import_batch", ["sha256"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("staff_id", sa.Uuid()),
        sa.Column("tablet_id", sa.Uuid()),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("entity_type", sa.String(30), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("before", JSON),
        sa.Column("after", JSON),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_audit_staff_id_staff")),
        sa.ForeignKeyConstraint(["tablet_id"], ["tablet.id"], name=op.f("fk_audit_tablet_id_tablet")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_entity_type_entity_id", "audit", ["entity_type", "entity_id"])
    op.create_index("ix_audit_recorded_at", "audit", ["recorded_at"])


def downgrade() -> None:
    op.drop_table("audit")
    op.drop_table("import_batch")
    op.drop_table("idempotency_key")
    op.drop_table("number_sequence")
    op.drop_table("search_posting")
    op.drop_table("search_word")
    op.drop_table("hydrant")
    op.drop_table("street")
    op.drop_table("endpoint")
    op.drop_table("register")
    op.drop_table("meter")
    op.drop_table("account")
    op.drop_table("service_point")
    op.drop_table("refresh_token")
    op.drop_table("enrolment_code")
    op.drop_table("tablet")
    op.drop_table("staff")
    op.drop_table("customer")
