"""What the books say about change-outs, for the cross-checks: some statements for any number of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands.work import Work
from curbstop.domain.change_outs import Books, ChangeOut, Model, found_another
from curbstop.domain.meters import MeterStatus
from curbstop.domain.readings import ReadingKind, RegisterFacts, expected_usage, usual_daily
from curbstop.models.change_out import ChangeOutRecord
from curbstop.models.inventory import MeterModel
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.reading import recent_of
from curbstop.models.service_point import ServicePoint


@dataclass(frozen=True, slots=True)
class Asked:
    """One change-out at a place; `out_photo` tells whether the old register was photographed."""

    place_id: UUID
    change_out: ChangeOut
    out_photo: bool = False


@dataclass(frozen=True, slots=True)
class Installed:
    """A meter that is at a place."""

    installation_id: UUID
    meter_id: UUID
    serial: str
    size: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """A meter that the inventory knows by its serial, and where it is installed if it is."""

    meter_id: UUID
    status: MeterStatus
    place_id: UUID | None
    place_number: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The books for one change-out, with the rows that they were read from.

    `old` is the meter that the books have at the place; `out_id` the one whose registers were read, which is another
    one where a different meter was found, and None where nobody knows that one.
    """

    books: Books
    old: Installed | None
    out_id: UUID | None
    registers: Mapping[str, UUID]
    new: Known | None


def look(work: Work, asked: Sequence[Asked]) -> list[Seen]:
    """The books for each change-out, in their order; seven statements."""
    here = _installed(work, {one.place_id for one in asked})
    serials = {serial for one in asked for serial in (one.change_out.old_serial, one.change_out.new_serial)}
    known = _known(work, serials)
    registers = _registers(
        work, {meter.meter_id for meter in here.values()} | {meter.meter_id for meter in known.values()}
    )
    history = _history(work, registers)
    radios = _radios(work, {one.change_out.new_endpoint for one in asked if one.change_out.new_endpoint})
    models, some = _models(work, asked)
    recorded = _recorded(work, asked)
    found = []
    for one in asked:
        out, old = one.change_out, here.get(one.place_id)
        other = found_another(out, old.serial if old else None)
        taken = known.get(out.old_serial) if other else None
        out_id = (taken.meter_id if taken else None) if other else (old.meter_id if old else None)
        new = known.get(out.new_serial)
        mine = registers.get(out_id, {}) if out_id else {}
        model = models.get((out.new_make, out.new_model, out.new_size))
        books = Books(
            now=work.at,
            zone=work.settings.zone,
            installed_serial=old.serial if old else None,
            installed_size=old.size if old else None,
            registers={position: facts for position, (_, facts) in mine.items()},
            **_past(mine, history, out.installed_at),
            new_active_at=new.place_number if new and new.place_id not in (None, one.place_id) else None,
            new_status=new.status if new else None,
            old_active_at=taken.place_number if taken and taken.place_id not in (None, one.place_id) else None,
            endpoint_active_at=next(
                (number for place_id, number in radios.get(out.new_endpoint or "", []) if place_id != one.place_id),
                None,
            ),
            model=model,
            model_unknown=some and model is None,
            out_photo=one.out_photo,
            same_already_recorded=_identity(work, one) in recorded,
        )
        found.append(
            Seen(
                books,
                old,
                out_id,
                {position: register_id for position, (register_id, _) in mine.items()},
                new,
            )
        )
    return found


def day_of(work: Work, at: datetime) -> Any:
    """The utility's day on which a change-out was made."""
    return at.astimezone(work.settings.zone).date()


def _identity(work: Work, one: Asked) -> tuple[Any, ...]:
    out = one.change_out
    return one.place_id, out.old_serial, out.new_serial, day_of(work, out.installed_at)


def _installed(work: Work, places: set[UUID]) -> dict[UUID, Installed]:
    """The meter of each place; where two are, the later one."""
    rows = work.session.execute(
        select(Installation.service_point_id, Installation.id, Meter.id, Meter.serial, Meter.size)
        .join(Meter, Meter.id == Installation.meter_id)
        .where(Installation.service_point_id.in_(places), Installation.removed_at.is_(None))
        .order_by(Installation.installed_at, Installation.id)
    )
    return {row[0]: Installed(row[1], row[2], row[3], row[4]) for row in rows}


def _known(work: Work, serials: set[str]) -> dict[str, Known]:
    rows = work.session.execute(
        select(Meter.serial, Meter.id, Meter.status, ServicePoint.id, ServicePoint.number)
        .outerjoin(Installation, (Installation.meter_id == Meter.id) & Installation.removed_at.is_(None))
        .outerjoin(ServicePoint, ServicePoint.id == Installation.service_point_id)
        .where(Meter.serial.in_(serials))
    )
    return {
        serial: Known(meter_id, MeterStatus(status), place_id, number)
        for serial, meter_id, status, place_id, number in rows
    }


def _registers(work: Work, meter_ids: set[UUID]) -> dict[UUID, dict[str, tuple[UUID, RegisterFacts]]]:
    found: dict[UUID, dict[str, tuple[UUID, RegisterFacts]]] = defaultdict(dict)
    rows = work.session.scalars(
        select(Register)
        .where(Register.meter_id.in_(meter_ids), Register.removed_at.is_(None))
        .order_by(Register.meter_id, Register.position)
    )
    for row in rows:
        facts = RegisterFacts(row.dials, row.decimals, row.multiplier)
        found[row.meter_id][str(row.position)] = (row.id, facts)
    return found


_Past = list[tuple[datetime, Decimal, ReadingKind]]


def _history(work: Work, registers: Mapping[UUID, Mapping[str, tuple[UUID, RegisterFacts]]]) -> dict[UUID, _Past]:
    """The newest readings of each register, the newest first."""
    ids = [register_id for mine in registers.values() for register_id, _ in mine.values()]
    found: dict[UUID, _Past] = defaultdict(list)
    for register_id, at, value, kind in work.session.execute(recent_of(ids)) if ids else ():
        found[register_id].append((at, value, ReadingKind(kind)))
    return found


def _past(
    registers: Mapping[str, tuple[UUID, RegisterFacts]], history: Mapping[UUID, _Past], until: datetime
) -> dict[str, Any]:
    last: dict[str, Decimal] = {}
    expected: dict[str, Decimal] = {}
    times = []
    for position, (register_id, facts) in registers.items():
        past = history.get(register_id)
        if not past:
            continue
        at, value, _ = past[0]
        last[position] = value
        times.append(at)
        usual = expected_usage(usual_daily(facts, past), at.date(), until.date())
        if usual is not None:
            expected[position] = usual
    return {"last_reads": last, "expected": expected, "last_read_at": max(times, default=None)}


def _radios(work: Work, numbers: set[str]) -> dict[str, list[tuple[UUID, str]]]:
    """The places where meters with these radios are installed."""
    found: dict[str, list[tuple[UUID, str]]] = defaultdict(list)
    if numbers:
        rows = work.session.execute(
            select(Endpoint.radio_id, ServicePoint.id, ServicePoint.number)
            .join(Installation, Installation.meter_id == Endpoint.meter_id)
            .join(ServicePoint, ServicePoint.id == Installation.service_point_id)
            .where(Endpoint.radio_id.in_(numbers), Endpoint.retired_at.is_(None), Installation.removed_at.is_(None))
        )
        for number, place_id, place_number in rows:
            found[number].append((place_id, place_number))
    return found


def _models(work: Work, asked: Sequence[Asked]) -> tuple[dict[tuple[Any, ...], Model], bool]:
    """The catalogue's entries by make, model and size, and whether there is a catalogue at all."""
    names = {one.change_out.new_model for one in asked if one.change_out.new_model}
    rows = work.session.scalars(select(MeterModel).where(MeterModel.model.in_(names), MeterModel.active)).all()
    found = {
        (row.manufacturer, row.model, row.size): Model(
            row.size, row.dials, row.decimals, row.resolution, row.multiplier, row.unit
        )
        for row in rows
    }
    some = bool(rows) or work.session.scalar(select(MeterModel.id).where(MeterModel.active).limit(1)) is not None
    return found, some


def _recorded(work: Work, asked: Sequence[Asked]) -> set[tuple[Any, ...]]:
    columns = (
        ChangeOutRecord.service_point_id,
        ChangeOutRecord.old_serial,
        ChangeOutRecord.new_serial,
        ChangeOutRecord.installed_on,
    )
    rows = work.session.execute(
        select(*columns).where(
            ChangeOutRecord.new_serial.in_({one.change_out.new_serial for one in asked}),
            ChangeOutRecord.service_point_id.in_({one.place_id for one in asked}),
        )
    )
    return {tuple(row) for row in rows}
