"""Records what was written: the audit entry, the change rows of every bucket concerned, and the jobs that follow.

The only module that inserts into `change_log`, `outbox` and `audit`. Commands call it; no ORM event does.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from geoalchemy2 import WKBElement, WKTElement
from sqlalchemy import insert, inspect, select, update

from curbstop.commands.many import insert_many, update_many
from curbstop.commands.work import Work
from curbstop.domain.row_checks import check_columns
from curbstop.models.among import among
from curbstop.models.audit import AuditEntry
from curbstop.models.base import Base, Versioned
from curbstop.models.change_log import MAPPED, OFFICE, BucketRow, ChangeLog, map_bucket
from curbstop.models.ids import new_id
from curbstop.models.outbox import Outbox

PUT = "P"
LEAVE = "X"
# Says nothing of a row: something waits outside the bucket until its tablet comes and pulls.
NOTICE = "N"
# What the audit trail says of a value that it does not keep.
CHANGED = "changed"
# Columns whose values never reach the audit trail; it says only that they changed.
SECRET_COLUMNS = frozenset({"password_hash", "gate_code_sealed", "key_hash", "token_hash", "code_hash"})
# The same, of one table: why an account is held is for those who may hold it, and more people read the audit trail.
# The row itself keeps it.
SECRET_OF_TABLE = {"hold": frozenset({"kind", "reason", "category", "end_reason"})}
# Columns that say nothing about what somebody did.
_QUIET_COLUMNS = frozenset({"updated_at", "version", "field_versions"})


def changed(work: Work, row: Versioned, action: str) -> None:
    """Call once after a row was added to the session or altered, before it is flushed.

    Bumps the version, writes the audit entry (before and after of what differs), and tells every bucket that holds the
    row. The session is flushed.
    """
    changed_many(work, [row], action)


def changed_many(work: Work, rows: Sequence[Versioned], action: str) -> None:
    """`changed` for several rows of one type that had the same thing happen to them: some statements for all."""
    if not rows:
        return
    before_after = []
    for row in rows:
        assert isinstance(row, Base)
        before, after = _difference(row)
        existed = inspect(row).persistent
        if existed:
            row.version += 1
        row.updated_at = work.at
        before_after.append((before if existed else None, after))
    work.session.flush()
    [entity_type] = {cast(Base, row).__tablename__ for row in rows}
    audit_many(work, action, entity_type, [(row.id, *pair) for row, pair in zip(rows, before_after, strict=True)])
    tell_buckets(work, entity_type, [(row.id, row.version) for row in rows])


def audit(
    work: Work,
    action: str,
    entity_type: str,
    entity_id: UUID,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One line of the audit trail, for a write that `changed` does not cover."""
    audit_many(work, action, entity_type, [(entity_id, before, after)])


def audit_many(
    work: Work,
    action: str,
    entity_type: str,
    rows: Iterable[tuple[UUID, Mapping[str, Any] | None, Mapping[str, Any] | None]],
) -> None:
    """A line of the audit trail for each row, in one statement."""
    lines = list(rows)
    entries = [
        {
            "id": new_id(),
            "recorded_at": work.at,
            # A settled conflict is the office's write, whoever did the work.
            "staff_id": (work.authority or work.actor).staff_id,
            "tablet_id": work.actor.tablet_id,
            "action": action,
            "entity_type": entity_type,
            "entity_id": entity_id,
            "before": before or None,
            "after": after or None,
        }
        for entity_id, before, after in lines
    ]
    insert_many(work.session, AuditEntry, entries)
    if entity_type in MAPPED and lines:
        # Whatever is audited may show on a map: one notice, however many rows they are.
        record(work, [(map_bucket(entity_type), entity_type, lines[0][0], NOTICE, 0)])


def tell_buckets(work: Work, entity_type: str, versions: Sequence[tuple[UUID, int]]) -> None:
    """A put for every bucket that holds one of the rows, in this version from now on; (id, row version) each.

    Of orders the office hears as well, whether a bucket holds them or not.
    """
    if not versions:
        return
    by_id = dict(versions)
    if len(by_id) == 1:
        held = [
            (bucket, row_id, was)
            for row_id, version in by_id.items()
            for bucket, was in _hold(work, entity_type, row_id, version)
        ]
    else:
        held = _hold_many(work, entity_type, by_id)
    changes = [(bucket, entity_type, row_id, PUT, by_id[row_id]) for bucket, row_id, _ in held]
    was_versions = [was for *_, was in held]
    if entity_type == "service_order":
        changes += [(OFFICE, entity_type, row_id, NOTICE, version) for row_id, version in by_id.items()]
        was_versions += [0] * len(by_id)
    record(work, changes, was_versions)


def _hold(work: Work, entity_type: str, entity_id: UUID, version: int) -> Iterable[Sequence[Any]]:
    """(bucket, the version that it held until now) of each."""
    return work.session.execute(
        update(BucketRow)
        .where(BucketRow.entity_type == entity_type, BucketRow.entity_id == entity_id)
        .values(was_version=BucketRow.row_version, **check_columns(entity_type, entity_id, version))
        .returning(BucketRow.bucket, BucketRow.was_version)
        .execution_options(synchronize_session=False)
    )


def _hold_many(work: Work, entity_type: str, by_id: Mapping[UUID, int]) -> list[tuple[str, UUID, int]]:
    """Two statements for any number of rows; most rows of an import are in no bucket, and then it is one."""
    mine = BucketRow.entity_type == entity_type
    found = work.session.execute(
        select(BucketRow.bucket, BucketRow.entity_id, BucketRow.row_version)
        .where(mine, among(work.session, BucketRow.entity_id, by_id))
        .order_by(BucketRow.entity_id, BucketRow.bucket)
        .with_for_update()
    )
    held = [(bucket, row_id, was) for bucket, row_id, was in found]
    if held:
        touched = dict.fromkeys(row_id for _, row_id, _ in held)
        checks = [
            {"entity_type": entity_type, "entity_id": row_id, **check_columns(entity_type, row_id, by_id[row_id])}
            for row_id in touched
        ]
        update_many(work.session, BucketRow, checks, keys=("entity_type", "entity_id"))
    return held


def record(work: Work, changes: Sequence[tuple[str, str, UUID, str, int]], was: Sequence[int] = ()) -> None:
    """Change rows (bucket, entity type, id, kind, row version); their sequence numbers come at COMMIT.

    `was` are the versions that the buckets held until now, 0 where the row is new to them, as when not given.
    """
    rows = [
        {
            "bucket": bucket,
            "entity_type": entity_type,
            "entity_id": entity_id,
            "kind": kind,
            "row_version": version,
            "was_version": was_version,
            "recorded_at": work.at,
        }
        for (bucket, entity_type, entity_id, kind, version), was_version in zip(
            changes, was or [0] * len(changes), strict=True
        )
    ]
    insert_many(work.session, ChangeLog, rows)


def enqueue(work: Work, topic: str, payload: Mapping[str, Any], *, delay_s: float = 0) -> UUID:
    """A job in the outbox, in this very transaction; the relay hands it to the queue after the commit."""
    outbox_id = new_id()
    due_at = work.at + timedelta(seconds=delay_s)
    work.session.execute(
        insert(Outbox),
        [{"id": outbox_id, "topic": topic, "payload": dict(payload), "created_at": work.at, "due_at": due_at}],
    )
    return outbox_id


def _difference(row: Base) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns that differ from what is stored, before and after, in JSON values."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    secret = SECRET_OF_TABLE.get(row.__tablename__, frozenset())
    state = inspect(row)
    for column in state.mapper.column_attrs:
        name = column.key
        history = state.attrs[name].history
        if name in _QUIET_COLUMNS or not history.has_changes():
            continue
        old = history.deleted[0] if history.deleted else None
        new = history.added[0] if history.added else None
        before[name], after[name] = (
            CHANGED if name in secret and value is not None else plain_value(name, value) for value in (old, new)
        )
    return before, after


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Column values as the audit keeps them: without the id and what is empty, secrets only as a word."""
    return {name: plain_value(name, value) for name, value in row.items() if name != "id" and value is not None}


def plain_value(name: str, value: Any) -> Any:
    """One column's value as the audit keeps it."""
    if value is not None and name in SECRET_COLUMNS:
        return CHANGED
    if value is None or isinstance(value, bool | int | float | str | dict | list):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, WKBElement | WKTElement):
        return value.desc
    if isinstance(value, UUID | Decimal):
        return str(value)
    return repr(value)
