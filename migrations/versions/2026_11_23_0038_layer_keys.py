"""Keys by which GIS tools read layers in somebody's name.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0038"
down_revision: str | None = "0037"


def upgrade() -> None:
    op.create_table(
        "layer_key",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_layer_key_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_layer_key")),
    )


def downgrade() -> None:
    op.drop_table("layer_key")
