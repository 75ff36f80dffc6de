"""What a bucket held before each change, so that a change says by itself how it alters the bucket's sum.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"

# The change before of the same row in the same bucket, for the changes that are there already.
_FILL = """
UPDATE change_log SET was_version = before.was_version
FROM (
  SELECT id, lag(CASE kind WHEN 'P' THEN row_version ELSE 0 END)
    OVER (PARTITION BY bucket, entity_type, entity_id ORDER BY seq) AS was_version
  FROM change_log WHERE kind IN ('P', 'X')
) AS before
WHERE before.id = change_log.id AND before.was_version IS NOT NULL
"""


def upgrade() -> None:
    for table in ("bucket_row", "change_log"):
        op.add_column(table, sa.Column("was_version", sa.Integer(), nullable=False, server_default="0"))
    op.execute(_FILL)


def downgrade() -> None:
    for table in ("change_log", "bucket_row"):
        op.drop_column(table, "was_version")
