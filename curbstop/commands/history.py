"""The identity of this database's history: a new one when the database turns out to be a copy of an earlier state.

A tablet's cursor names the history that it was given in. After a restored backup the numbers of the change log are
given out a second time, and a cursor of before would silently skip what they now mean.
"""

import secrets
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from sqlalchemy import event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from curbstop.commands import journal
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, require
from curbstop.models.change_log import SyncHistory
from curbstop.models.ids import new_id

# The cluster, the timeline (it forks at every recovery and fail-over) and the database: a dump goes into another
# database, a base backup or a point-in-time recovery into another timeline.
_POSTGRES = """
SELECT concat_ws('/', system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), pg_database.oid)
FROM pg_control_system(), pg_database WHERE datname = current_database()
"""


def begin_anew(work: Work, why: str) -> UUID:
    """Gives the database a new history: every tablet fetches everything once more and keeps its outbox."""
    require(work.actor, Action.MANAGE_POLICIES)
    row = _row(work)
    before, row.history_id, row.since_at = row.history_id, new_id(), work.at
    journal.audit(
        work, "begin_anew", "sync_history", row.history_id, before={"history_id": str(before)}, after={"why": why}
    )
    work.session.flush()
    return row.history_id


def notice(work: Work) -> int:
    """Begins a new history when this is a restored copy; 1 if so. For the start of a server, and for the clock.

    What cannot be noticed here is an embedded database overwritten in place by a copy younger than the last call;
    `curbstop new-history` is for whoever does that.
    """
    row = _row(work)
    known = row.database_identity
    found = _file_identities(work, known) if _is_file(work) else _server_identities(work)
    if found is None:
        return 0
    here, kept = found
    # Until the first call there is nothing to compare with.
    copied = known is not None and known not in here
    if copied:
        begin_anew(work, f"this database was {known}, and is {here[-1]}")
    row.database_identity = kept
    work.session.flush()
    return int(copied)


def _row(work: Work) -> SyncHistory:
    return work.session.scalars(select(SyncHistory).with_for_update()).one()


def _is_file(work: Work) -> bool:
    return work.session.get_bind().dialect.name == "sqlite"


def _server_identities(work: Work) -> tuple[list[str], str] | None:
    """What the database is now, and what to keep of it; None where the server does not tell."""
    try:
        with work.session.begin_nested():
            found = str(work.session.execute(text(_POSTGRES)).scalar_one())
    except DBAPIError:
        # Some hosted databases keep these functions to themselves; the command line remains.
        return None
    return [found], found


def _file_identities(work: Work, known: str | None) -> tuple[list[str], str] | None:
    """The file's inode and the mark that lies beside it, drawn anew at every call: an older copy has an older mark.

    Until the transaction has committed, the mark before counts as well: a crash in between is no restored backup.
    """
    path = Path(make_url(work.settings.database_url).database or "")
    if not path.exists():
        return None
    mark = path.with_name(path.name + ".mark")
    inode, drawn = path.stat().st_ino, secrets.token_hex(8)
    there = mark.read_text(encoding="utf-8").split() if mark.exists() else []
    _write(mark, [*(one for one in there if f"{inode}/{one}" == known), drawn])
    event.listen(work.session, "after_commit", lambda _: _write(mark, [drawn]), once=True)
    return [f"{inode}/{one}" for one in there or ["no mark"]], f"{inode}/{drawn}"


def _write(mark: Path, marks: Sequence[str]) -> None:
    """Whole or not at all."""
    beside = mark.with_name(f"{mark.name}.{secrets.token_hex(4)}")
    beside.write_text("\n".join(marks) + "\n", encoding="utf-8")
    beside.replace(mark)
