"""Writes exchanges into the books, both halves at once: a fixed number of statements for any number of them.

It is long because an exchange touches many tables, and one function for each is easier to hold against the rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import discrepancies, exports, inventory, journal, meters, radios, readings, search_index
from curbstop.commands import service_points as places
from curbstop.commands.change_out_books import Seen, day_of
from curbstop.commands.discrepancies import Found
from curbstop.commands.inventory import METER, Moved
from curbstop.commands.many import insert_many, update_many
from curbstop.commands.work import Work
from curbstop.domain.change_outs import ChangeOut, estimate, found_another
from curbstop.domain.discrepancies import DiscrepancyKind
from curbstop.domain.findings import Finding
from curbstop.domain.meters import MeterStatus
from curbstop.domain.readings import ReadingKind, judge, parse_reading
from curbstop.models.change_out import ChangeOutRecord
from curbstop.models.ids import new_id
from curbstop.models.meter import Endpoint, Installation, Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One exchange that was checked: nothing in it is rejected, nor recorded already."""

    place_id: UUID
    change_out: ChangeOut
    seen: Seen
    source: str
    findings: Sequence[Finding] = ()
    order_id: UUID | None = None
    radio_kind: str = "AMI"
    reason: str | None = None
    remark: str | None = None
    installer: str | None = None
    photos: Sequence[str] = ()

    @property
    def at(self) -> datetime:
        return self.change_out.installed_at

    @property
    def another(self) -> bool:
        """Whether the meter in the ground was not the one of the books."""
        return found_another(self.change_out, self.seen.books.installed_serial)


@dataclass(slots=True)
class _Made:
    """What is known of the new meters once they are in the books, and of the radios that went."""

    meters: dict[str, UUID] = field(default_factory=dict)
    registers: dict[tuple[str, str], UUID] = field(default_factory=dict)
    radios: dict[UUID, str] = field(default_factory=dict)


def carry_out(work: Work, exchanges: Sequence[Exchange]) -> list[UUID]:
    """The old installations end with their final readings and retired radios; the new ones begin.

    At most one exchange for each place. The order's, the map's and the other systems' news are told of. Returns the ids
    of the change-outs' records.
    """
    if not exchanges:
        return []
    made = _Made()
    _take_out(work, exchanges, made)
    _bring_in(work, exchanges, made)
    _pair(work, exchanges, made)
    _read(work, exchanges, made)
    ids = _record(work, exchanges, made)
    discrepancies.report(work, [_discrepancy(one) for one in exchanges if one.another])
    places.touch(work, [one.place_id for one in exchanges])
    return ids


def _take_out(work: Work, exchanges: Sequence[Exchange], made: _Made) -> None:
    ended = [(one, one.seen.old) for one in exchanges if one.seen.old is not None]
    rows = [{"id": old.installation_id, "removed_at": one.at} for one, old in ended]
    update_many(work.session, Installation, rows, keys=("id",))
    lines = [
        (old.installation_id, None, {"order_id": str(one.order_id) if one.order_id else None}) for one, old in ended
    ]
    journal.audit_many(work, "remove", "installation", lines)
    # A meter that was not there is lost until somebody finds it; the one that was there instead is out.
    after = {old.meter_id: (MeterStatus.LOST if one.another else MeterStatus.REMOVED, one) for one, old in ended}
    for one in exchanges:
        if one.another and one.seen.out_id is not None and one.seen.books.old_active_at is None:
            after[one.seen.out_id] = (MeterStatus.REMOVED, one)
    _set_status(work, after, "remove")
    gone = {meter_id: one for meter_id, (_, one) in after.items()}
    for meter_ids, one in _together(gone):
        made.radios |= meters.retire_radios(work, meter_ids, at=one.at, order_id=one.order_id)


def _together(gone: Mapping[UUID, Exchange]) -> list[tuple[list[UUID], Exchange]]:
    """Meters that went at the same moment by the same order, which nearly all of a file's day did."""
    groups: dict[tuple[datetime, UUID | None], tuple[list[UUID], Exchange]] = {}
    for meter_id, one in gone.items():
        groups.setdefault((one.at, one.order_id), ([], one))[0].append(meter_id)
    return list(groups.values())


def _set_status(work: Work, after: Mapping[UUID, tuple[MeterStatus, Exchange]], action: str) -> None:
    if not after:
        return
    locked = select(Meter).where(Meter.id.in_(after)).order_by(Meter.id).with_for_update()
    rows = list(work.session.scalars(locked.execution_options(populate_existing=True)))
    moves = []
    for row in rows:
        status, one = after[row.id]
        moves.append(Moved(row.id, row.status, status.value, one.order_id, one.at))
        row.status = status.value
    journal.changed_many(work, rows, action)
    inventory.note(work, METER, moves)


def _bring_in(work: Work, exchanges: Sequence[Exchange], made: _Made) -> None:
    _make_unknown(work, [one for one in exchanges if one.seen.new is None], made)
    known = [(one, one.seen.new) for one in exchanges if one.seen.new is not None]
    made.meters |= {one.change_out.new_serial: new.meter_id for one, new in known}
    _set_status(work, {new.meter_id: (MeterStatus.INSTALLED, one) for one, new in known}, "install")
    _set_faces(work, exchanges, made)
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "meter_id": made.meters[one.change_out.new_serial],
            "service_point_id": one.place_id,
            "installed_at": one.at,
            "removed_at": None,
            "order_id": one.order_id,
        }
        for one in exchanges
    ]
    insert_many(work.session, Installation, rows)
    journal.audit_many(work, "install", "installation", [(row["id"], None, journal.plain_row(row)) for row in rows])


def _make_unknown(work: Work, exchanges: Sequence[Exchange], made: _Made) -> None:
    """Meters that were on the truck although the inventory did not know them."""
    rows = [
        Meter(
            id=new_id(),
            serial=one.change_out.new_serial,
            size=one.change_out.new_size,
            manufacturer=one.change_out.new_make,
            model=one.change_out.new_model,
            status=MeterStatus.INSTALLED.value,
            created_at=work.at,
        )
        for one in exchanges
    ]
    if not rows:
        return
    work.session.add_all(rows)
    journal.changed_many(work, rows, "create")
    moves = [Moved(row.id, None, row.status, one.order_id, one.at) for row, one in zip(rows, exchanges, strict=True)]
    inventory.note(work, METER, moves)
    search_index.index(work, "meter", [(row.id, row.serial) for row in rows])
    made.meters |= {row.serial: row.id for row in rows}


def _set_faces(work: Work, exchanges: Sequence[Exchange], made: _Made) -> None:
    """The registers as they were seen on the new meters."""
    faces = [
        meters.Face(
            made.meters[one.change_out.new_serial],
            int(position),
            one.change_out.new_dials,
            one.change_out.new_decimals,
            one.change_out.new_multiplier,
            one.change_out.new_unit,
        )
        for one in exchanges
        for position in one.change_out.in_reads
    ]
    ids = meters.set_faces(work, faces, at=max(one.at for one in exchanges))
    for one in exchanges:
        serial = one.change_out.new_serial
        for position in one.change_out.in_reads:
            made.registers[serial, position] = ids[made.meters[serial], int(position)]


def _pair(work: Work, exchanges: Sequence[Exchange], made: _Made) -> None:
    wanted = {one.change_out.new_endpoint: one for one in exchanges if one.change_out.new_endpoint}
    if not wanted:
        return
    paired = select(Endpoint).where(Endpoint.radio_id.in_(wanted), Endpoint.retired_at.is_(None))
    there = {row.radio_id: row.meter_id for row in work.session.scalars(paired)}
    ids = {number: made.meters[one.change_out.new_serial] for number, one in wanted.items()}
    fresh = {number: meter_id for number, meter_id in ids.items() if there.get(number) != meter_id}
    # Such a radio is on a meter that is nowhere installed; the checks have seen to that.
    meters.retire_radios(work, [*fresh.values(), *(there[number] for number in fresh if number in there)])
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "meter_id": meter_id,
            "radio_id": number,
            "kind": wanted[number].radio_kind,
            "retired_at": None,
        }
        for number, meter_id in fresh.items()
    ]
    insert_many(work.session, Endpoint, rows)
    journal.audit_many(work, "pair", "endpoint", [(row["id"], None, journal.plain_row(row)) for row in rows])
    radios.now_are(work, {row["radio_id"]: row["kind"] for row in rows}, MeterStatus.INSTALLED)


def _read(work: Work, exchanges: Sequence[Exchange], made: _Made) -> None:
    rows: list[dict[str, Any]] = []
    for one in exchanges:
        out, books = one.change_out, one.seen.books
        for position, register_id in one.seen.registers.items():
            value = out_value(one, position)
            last = books.last_reads.get(position)
            codes = [] if last is None else [f.code for f in judge(books.registers[position], last, value).findings]
            kind = ReadingKind.ESTIMATED if out.estimated_out_read else ReadingKind.FINAL
            rows.append(_row(work, one, register_id, value, kind, codes=codes))
        for position, digits in out.in_reads.items():
            register_id = made.registers[out.new_serial, position]
            rows.append(_row(work, one, register_id, parse_reading(digits, out.face), ReadingKind.INITIAL))
    readings.insert_rows(work, rows)


def out_value(one: Exchange, position: str) -> Decimal:
    """What a register of the old meter showed, or would have."""
    digits, books = one.change_out.out_reads.get(position), one.seen.books
    return estimate(books, position) if digits is None else parse_reading(digits, books.registers[position])


def _row(
    work: Work, one: Exchange, register_id: UUID, value: Decimal, kind: ReadingKind, *, codes: Sequence[str] = ()
) -> dict[str, Any]:
    return readings.reading_row(
        register_id,
        value,
        kind=kind,
        source=one.source,
        noted_at=one.at,
        recorded_at=work.at,
        order_id=one.order_id,
        service_point_id=one.place_id,
        flags=codes,
    )


def _record(work: Work, exchanges: Sequence[Exchange], made: _Made) -> list[UUID]:
    rows = []
    for one in exchanges:
        out = one.change_out
        shown = {position: f"{out_value(one, position):f}" for position in one.seen.registers}
        rows.append(
            {
                "id": new_id(),
                "service_point_id": one.place_id,
                "old_meter_id": one.seen.out_id,
                "new_meter_id": made.meters[out.new_serial],
                "old_serial": out.old_serial,
                "new_serial": out.new_serial,
                "old_endpoint": made.radios.get(one.seen.out_id) if one.seen.out_id else None,
                "new_endpoint": out.new_endpoint,
                "installed_on": day_of(work, one.at),
                "installed_at": one.at,
                "out_reads": shown | {position: str(digits) for position, digits in out.out_reads.items()},
                "in_reads": {position: str(digits) for position, digits in out.in_reads.items()},
                "out_kind": (ReadingKind.ESTIMATED if out.estimated_out_read else ReadingKind.FINAL).value,
                "reason": one.reason,
                "remark": one.remark,
                "installer": one.installer,
                "photos": list(one.photos),
                "findings": sorted({finding.code for finding in one.findings}),
                "source": one.source,
                "order_id": one.order_id,
                "recorded_at": work.at,
            }
        )
    insert_many(work.session, ChangeOutRecord, rows)
    journal.audit_many(
        work, "exchange", "change_out", [(row["id"], None, journal.plain_row(_plain(row))) for row in rows]
    )
    for kind in (exports.MCO, exports.VFLEX):
        exports.mark(work, kind, [(row["service_point_id"], row["id"]) for row in rows])
    return [row["id"] for row in rows]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("service_point_id", "old_serial", "new_serial", "installed_on", "source")}


def _discrepancy(one: Exchange) -> Found:
    out, old = one.change_out, one.seen.old
    said, where = old.serial if old else "no meter", one.seen.books.old_active_at
    if where is not None:
        about = f", which should be at {where}"
    else:
        about = ", which the inventory does not know" if one.seen.out_id is None else ""
    return Found(
        DiscrepancyKind.DIFFERENT_METER,
        subject=out.old_serial,
        detail=f"{said} should be here; {out.old_serial} was found{about}.",
        noted_at=one.at,
        service_point_id=one.place_id,
        meter_id=old.meter_id if old else None,
        order_id=one.order_id,
        expected=old.serial if old else None,
        found=out.old_serial,
    )
