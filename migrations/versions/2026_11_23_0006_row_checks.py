"""What each bucket holds of a row: its version, and the checksum that the bucket's digest is summed from.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from curbstop.domain.row_checks import row_check

revision: str = "0006"
down_revision: str | None = "0005"

HELD = ("service_order", "service_point", "stop", "order_type")
BATCH = 1_000


def upgrade() -> None:
    with op.batch_alter_table("bucket_row") as table:
        table.add_column(sa.Column("row_version", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("check_hi", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("check_lo", sa.BigInteger(), nullable=False, server_default="0"))
    for entity_type in HELD:
        _fill(entity_type)
    with op.batch_alter_table("bucket_row") as table:
        for name in ("row_version", "check_hi", "check_lo"):
            table.alter_column(name, server_default=None)


def _fill(entity_type: str) -> None:
    """The checks of rows that buckets hold already."""
    connection = op.get_bind()
    entity = sa.table(entity_type, sa.column("id", sa.Uuid), sa.column("version", sa.Integer))
    held = sa.table(
        "bucket_row",
        sa.column("entity_type", sa.String),
        sa.column("entity_id", sa.Uuid),
        sa.column("row_version", sa.Integer),
        sa.column("check_hi", sa.BigInteger),
        sa.column("check_lo", sa.BigInteger),
    )
    mine = held.c.entity_type == entity_type
    versions = connection.execute(
        sa.select(entity.c.id, entity.c.version).where(entity.c.id.in_(sa.select(held.c.entity_id).where(mine)))
    ).all()
    fill = (
        held.update()
        .where(mine, held.c.entity_id == sa.bindparam("row_id"))
        .values(row_version=sa.bindparam("v"), check_hi=sa.bindparam("hi"), check_lo=sa.bindparam("lo"))
    )
    for start in range(0, len(versions), BATCH):
        part = [
            (row_id, version, row_check(entity_type, row_id, version))
            for row_id, version in versions[start : start + BATCH]
        ]
        connection.execute(fill, [{"row_id": i, "v": v, "hi": hi, "lo": lo} for i, v, (hi, lo) in part])


def downgrade() -> None:
    with op.batch_alter_table("bucket_row") as table:
        for name in ("check_lo", "check_hi", "row_version"):
            table.drop_column(name)
