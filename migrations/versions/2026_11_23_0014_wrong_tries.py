"""Wrong passwords and codes are counted for all processes together.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.base import UtcDateTime

revision: str = "0014"
down_revision: str | None = "0013"


def upgrade() -> None:
    op.create_table(
        "wrong_try",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_try"),
    )
    op.create_index("ix_wrong_try_name_hash_tried_at", "wrong_try", ["name_hash", "tried_at"])
    op.create_index("ix_wrong_try_tried_at", "wrong_try", ["tried_at"])


def downgrade() -> None:
    op.drop_table("wrong_try")
