"""Commit-ordered sequence numbers for the change log, and the identity of this history.

PostgreSQL: rows enter with `seq` null. A deferred constraint trigger fires at COMMIT; its first firing takes an
advisory lock and stamps all rows of the transaction at once, later firings find theirs stamped. The lock is released
after the transaction has become visible, so whoever sees number N sees every committed number below it.

SQLite: one writer at a time (BEGIN IMMEDIATE), so the AUTOINCREMENT id is in commit order already.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from curbstop.models.ids import new_id

revision: str = "0005"
down_revision: str | None = "0004"

STAMP = """
CREATE FUNCTION change_log_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM change_log WHERE id = NEW.id AND seq IS NULL;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(7230002);
  UPDATE change_log SET seq = stamped.seq
  FROM (
    SELECT id, nextval('change_log_seq') AS seq
    FROM (SELECT id FROM change_log WHERE xid = NEW.xid AND seq IS NULL ORDER BY id) AS mine
  ) AS stamped
  WHERE change_log.id = stamped.id;
  PERFORM pg_notify('curbstop_change', '');
  RETURN NULL;
END
$$
"""


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE change_log_seq AS bigint")
        op.execute("ALTER TABLE change_log ALTER COLUMN xid SET DEFAULT (pg_current_xact_id()::text::bigint)")
        op.execute("CREATE INDEX ix_change_log_unstamped ON change_log (xid) WHERE seq IS NULL")
        op.execute(STAMP)
        op.execute(
            "CREATE CONSTRAINT TRIGGER change_log_stamp AFTER INSERT ON change_log "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION change_log_stamp()"
        )
    else:
        op.execute(
            "CREATE TRIGGER change_log_stamp AFTER INSERT ON change_log "
            "BEGIN UPDATE change_log SET seq = NEW.id WHERE id = NEW.id; END"
        )
    history = sa.table(
        "sync_history",
        sa.column("id", sa.Integer),
        sa.column("history_id", sa.Uuid),
        sa.column("since_at", sa.DateTime),
    )
    op.execute(history.insert().values(id=1, history_id=new_id(), since_at=sa.func.current_timestamp()))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER change_log_stamp ON change_log")
        op.execute("DROP FUNCTION change_log_stamp()")
        op.execute("DROP INDEX ix_change_log_unstamped")
        op.execute("DROP SEQUENCE change_log_seq")
        op.execute("ALTER TABLE change_log ALTER COLUMN xid DROP DEFAULT")
    else:
        op.execute("DROP TRIGGER change_log_stamp")
    op.execute("DELETE FROM sync_history")
