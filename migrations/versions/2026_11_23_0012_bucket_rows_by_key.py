"""SQLite keeps bucket_row in the order of its key, so that adding up a bucket reads it from end to end.

PostgreSQL's planner finds its own way; there nothing changes.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"


def upgrade() -> None:
    _rebuild(with_rowid=False)


def downgrade() -> None:
    _rebuild(with_rowid=True)


def _rebuild(*, with_rowid: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    with op.batch_alter_table("bucket_row", recreate="always", table_kwargs={"sqlite_with_rowid": with_rowid}) as table:
        # A rebuilt table takes its indexes along.
        table.alter_column("holds", nullable=False)
