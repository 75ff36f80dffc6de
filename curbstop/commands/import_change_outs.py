"""Imports of change-outs that others made: checked and written as those of our own technicians are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import cast
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import dispatch, exchanges, service_orders
from curbstop.commands.change_out_books import Asked, look
from curbstop.commands.exchanges import Exchange
from curbstop.commands.import_rows import Numbered, Outcome, Refusal
from curbstop.commands.work import Work, lock_many
from curbstop.domain import change_outs as rule
from curbstop.domain.actors import SYSTEM
from curbstop.domain.change_outs import ChangeOut
from curbstop.domain.findings import Finding, Severity, warn
from curbstop.domain.import_rows import ChangeOutRow
from curbstop.domain.service_orders import OPEN_STATES, OrderState
from curbstop.models.change_out import ChangeOutRecord
from curbstop.models.meter import Installation, Meter
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_of
from geo.distance import distance_m

# The old register and serial, the new register and serial with its radio.
PHOTOS = 4


@dataclass(frozen=True, slots=True)
class _Place:
    id: UUID
    location: tuple[float, float] | None


_Line = tuple[int, ChangeOutRow, _Place]


def change_outs(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """One exchange a line. What the books have already is as it is; what a rule rejects is refused with its code.

    What a rule only warns of is written, and told of in the outcome's `warned`. An order to change the meter that is
    open at the place is called back: somebody else has done it. A fixed number of statements, but for a place that
    comes twice: its second line waits for the first.
    """
    values = [(line, cast(ChangeOutRow, row)) for line, row in rows]
    outcome = Outcome()
    placed = _placed(work, values, outcome)
    lock_many(work, ServicePoint, {place.id for _, _, place in placed})
    while placed:
        wave, placed = _first_of_each(placed)
        _write(work, wave, outcome)
    outcome.refused.sort(key=lambda refusal: refusal.line)
    return outcome


def _placed(work: Work, values: Sequence[tuple[int, ChangeOutRow]], outcome: Outcome) -> list[_Line]:
    by_number = _by_number(work, {row.service_point_number for _, row in values if row.service_point_number})
    unnamed = [row for _, row in values if not row.service_point_number]
    by_serial, by_record = _by_serial(work, unnamed), _by_record(work, unnamed)
    found = []
    for line, row in values:
        named = by_number.get(row.service_point_number or "")
        place = named or by_record.get((row.old_serial, row.new_serial)) or by_serial.get(row.old_serial)
        if row.register != 1:
            text = "a compound meter is changed by an order: a file has one register of each"
            outcome.refused.append(Refusal(line, "compound_meter", text))
        elif place is None or (row.service_point_number and row.service_point_number not in by_number):
            where = row.service_point_number or f"place where {row.old_serial} is installed"
            outcome.refused.append(Refusal(line, "no_such_place", f"there is no {where}"))
        else:
            found.append((line, row, place))
    return found


def _by_number(work: Work, numbers: set[str]) -> Mapping[str, _Place]:
    rows = work.session.execute(
        select(ServicePoint.number, ServicePoint.id, ServicePoint.location).where(ServicePoint.number.in_(numbers))
    )
    return {number: _Place(point_id, point_of(bytes(at.data)) if at else None) for number, point_id, at in rows}


def _by_serial(work: Work, rows: Sequence[ChangeOutRow]) -> Mapping[str, _Place]:
    """Where the old meters are installed."""
    found = work.session.execute(
        select(Meter.serial, ServicePoint.id, ServicePoint.location)
        .join(Installation, Installation.meter_id == Meter.id)
        .join(ServicePoint, ServicePoint.id == Installation.service_point_id)
        .where(Meter.serial.in_({row.old_serial for row in rows}), Installation.removed_at.is_(None))
    )
    return {serial: _Place(point_id, point_of(bytes(at.data)) if at else None) for serial, point_id, at in found}


def _by_record(work: Work, rows: Sequence[ChangeOutRow]) -> Mapping[tuple[str, str], _Place]:
    """Where the same exchange is in the books already."""
    found = work.session.execute(
        select(ChangeOutRecord.old_serial, ChangeOutRecord.new_serial, ServicePoint.id, ServicePoint.location)
        .join(ServicePoint, ServicePoint.id == ChangeOutRecord.service_point_id)
        .where(ChangeOutRecord.new_serial.in_({row.new_serial for row in rows}))
    )
    return {(old, new): _Place(point, point_of(bytes(at.data)) if at else None) for old, new, point, at in found}


def _first_of_each(lines: Sequence[_Line]) -> tuple[list[_Line], list[_Line]]:
    """The lines that do not build on one another, and the rest."""
    now: list[_Line] = []
    later: list[_Line] = []
    places: set[UUID] = set()
    names: set[str] = set()
    for line in lines:
        _, row, place = line
        mine = {row.new_serial, row.old_serial, *([f"radio {row.radio_id}"] if row.radio_id else [])}
        free = place.id not in places and not names & mine
        (now if free else later).append(line)
        places.add(place.id)
        names |= mine
    return now, later


def _write(work: Work, lines: Sequence[_Line], outcome: Outcome) -> None:
    asked = [Asked(place.id, _change_out(work, row, place), bool(row.photos)) for _, row, place in lines]
    accepted = []
    for (line, row, place), one, seen in zip(lines, asked, look(work, asked), strict=True):
        if rule.already_recorded(seen.books):
            outcome.same += 1
            continue
        findings = [*rule.check(one.change_out, seen.books), *_photos(row)]
        rejects = [finding for finding in findings if finding.severity is Severity.REJECT]
        if rejects:
            outcome.refused.append(Refusal(line, rejects[0].code, "; ".join(f.detail for f in rejects)))
            continue
        outcome.warned += [Refusal(line, finding.code, finding.detail) for finding in findings]
        accepted.append(
            Exchange(
                place_id=place.id,
                change_out=one.change_out,
                seen=seen,
                findings=findings,
                source="import",
                radio_kind=row.read_type,
                reason=row.reason,
                remark=row.remark,
                installer=row.installer,
                photos=row.photos,
            )
        )
    exchanges.carry_out(work, accepted)
    outcome.added += len(accepted)
    _call_back(work, [one.place_id for one in accepted])


def _change_out(work: Work, row: ChangeOutRow, place: _Place) -> ChangeOut:
    estimated = row.out_read_kind == "estimated"
    return ChangeOut(
        old_serial=row.old_serial,
        new_serial=row.new_serial,
        out_reads={"1": row.out_read} if row.out_read else {},
        in_reads={"1": row.in_read},
        installed_at=_moment(work, row.installed_on),
        new_dials=row.dials,
        new_decimals=row.decimals,
        new_multiplier=row.multiplier,
        new_unit=row.unit,
        new_size=row.size,
        new_make=row.manufacturer,
        new_model=row.model,
        new_endpoint=row.radio_id,
        estimated_out_read=estimated,
        estimate_reason=row.remark,
        distance_m=distance_m(place.location, row.location) if place.location and row.location else None,
    )


def _moment(work: Work, day: date) -> datetime:
    """Noon of the utility's day; what was done today was done by now."""
    zone = work.settings.zone
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    return min(noon, work.at) if day == work.at.astimezone(zone).date() else noon


def _photos(row: ChangeOutRow) -> list[Finding]:
    if len(row.photos) >= PHOTOS:
        return []
    return [warn("PHOTOS_MISSING", "photos", f"{len(row.photos)} of {PHOTOS} photos are named")]


def _call_back(work: Work, places: Sequence[UUID]) -> None:
    open_ones = select(ServiceOrder.id, ServiceOrder.state).where(
        ServiceOrder.service_point_id.in_(places),
        ServiceOrder.type_code == "MTR_XCHG",
        # What somebody brought back done is the office's to look at.
        ServiceOrder.state.in_(set(OPEN_STATES) - {OrderState.COMPLETED, OrderState.RECALL_PENDING}),
    )
    system = replace(work, actor=SYSTEM, authority=None)
    reason = "The meter was changed by somebody else, as a file says."
    for order_id, state in work.session.execute(open_ones.order_by(ServiceOrder.id)).all():
        if state == OrderState.RETURNED:
            service_orders.close(system, order_id, reason=reason)
        else:
            dispatch.recall(system, order_id, reason=reason)
