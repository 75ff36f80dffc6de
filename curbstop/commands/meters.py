"""Meters: the inventory, and putting them in the ground and taking them out, with their radios."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import inventory, journal, radios, search_index, service_points
from curbstop.commands.inventory import METER, Moved
from curbstop.commands.many import insert_many
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.inventory import check_move
from curbstop.domain.meters import MeterStatus
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.meter import Endpoint, Installation, Meter, Register

EDITABLE = frozenset({"size", "manufacturer", "model", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMeter:
    """What a meter is made from; every register named in `positions` has the same face."""

    serial: str
    dials: int
    size: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    decimals: int = 0
    multiplier: Decimal = Decimal(1)
    unit: str = "GAL"
    radio_id: str | None = None
    positions: tuple[int, ...] = (1,)
    status: MeterStatus = MeterStatus.STOCK


def create(work: Work, new: NewMeter) -> Meter:
    """A meter that was ordered, or is in stock. Problems: forbidden, invalid, conflict (the serial is known)."""
    require(work.actor, Action.EDIT_METERS)
    if new.status not in (MeterStatus.ORDERED, MeterStatus.STOCK):
        raise Problem("invalid", "A new meter is ordered or in stock.", field="status")
    return create_from_capture(work, new)


def create_from_capture(work: Work, new: NewMeter) -> Meter:
    """A meter that the field had on the truck although the inventory did not know it."""
    if work.session.scalar(select(Meter.id).where(Meter.serial == new.serial)) is not None:
        raise Problem("conflict", f"Meter {new.serial} is in the inventory already.")
    meter = Meter(
        id=new_id(),
        serial=new.serial,
        size=new.size,
        manufacturer=new.manufacturer,
        model=new.model,
        status=new.status.value,
        created_at=work.at,
    )
    work.session.add(meter)
    journal.changed(work, meter, "create")
    inventory.note(work, METER, [Moved(meter.id, None, meter.status)])
    for position in new.positions:
        work.session.add(
            Register(
                id=new_id(),
                meter_id=meter.id,
                position=position,
                dials=new.dials,
                decimals=new.decimals,
                multiplier=new.multiplier,
                unit=new.unit,
            )
        )
    work.session.flush()
    if new.radio_id:
        assign_endpoint(work, meter.id, radio_id=new.radio_id)
    search_index.index(work, "meter", [(meter.id, meter.serial)])
    return meter


def edit(work: Work, meter_id: UUID, changes: Mapping[str, Any], *, if_version: int | None) -> Meter:
    """Corrects what the inventory says. An installed meter's status follows from its installation, not from here."""
    require(work.actor, Action.EDIT_METERS)
    meter = get(work, Meter, meter_id)
    check_version(meter, if_version)
    unknown = set(changes) - EDITABLE
    if unknown:
        raise Problem("invalid", f"These fields are not edited here: {', '.join(sorted(unknown))}.")
    before, status = meter.status, changes.get("status", meter.status)
    if status not in set(MeterStatus):
        raise Problem("invalid", f"There is no meter status {status!r}.", field="status")
    check_move(MeterStatus(before), MeterStatus(status))
    for name, value in changes.items():
        setattr(meter, name, value)
    journal.changed(work, meter, "edit")
    inventory.note(work, METER, [Moved(meter.id, before, status)])
    _touch_place(work, meter.id)
    return meter


def set_radio(work: Work, meter_id: UUID, radio_id: str | None, *, kind: str = "AMI", if_version: int | None) -> Meter:
    """Pairs the meter with a radio, or with none: the earlier one is retired, since it may go on transmitting.

    Problems: forbidden, not_found, version_mismatch, conflict (the radio serves another meter).
    """
    require(work.actor, Action.EDIT_METERS)
    meter = get(work, Meter, meter_id)
    check_version(meter, if_version)
    if radio_id is None:
        retire_radios(work, [meter.id])
    else:
        assign_endpoint(work, meter.id, radio_id=radio_id, kind=kind)
    journal.changed(work, meter, "set_radio")
    _touch_place(work, meter.id)
    return meter


def install(
    work: Work, service_point_id: UUID, meter_id: UUID, *, at: datetime, order_id: UUID | None = None
) -> Installation:
    """The meter is at the service point from `at` on. Problems: meter_installed_elsewhere."""
    meter = get(work, Meter, meter_id)
    if meter.status == MeterStatus.INSTALLED:
        raise Problem("meter_installed_elsewhere", f"Meter {meter.serial} is installed already.")
    installation = Installation(
        id=new_id(), meter_id=meter.id, service_point_id=service_point_id, installed_at=at, order_id=order_id
    )
    work.session.add(installation)
    before, meter.status = meter.status, MeterStatus.INSTALLED.value
    journal.changed(work, meter, "install")
    inventory.note(work, METER, [Moved(meter.id, before, meter.status, order_id, at)])
    return installation


def remove(work: Work, installation_id: UUID, *, at: datetime, order_id: UUID | None = None) -> Meter:
    """The meter is out; its radio is retired, since it may go on transmitting."""
    installation = get(work, Installation, installation_id)
    meter = get(work, Meter, installation.meter_id)
    if installation.removed_at is not None:
        return meter
    installation.removed_at = at
    before, meter.status = meter.status, MeterStatus.REMOVED.value
    retire_radios(work, [meter.id], at=at, order_id=order_id)
    journal.changed(work, meter, "remove")
    inventory.note(work, METER, [Moved(meter.id, before, meter.status, order_id, at)])
    journal.audit(
        work, "remove", "installation", installation.id, after={"order_id": str(order_id) if order_id else None}
    )
    return meter


@dataclass(frozen=True, slots=True)
class Face:
    """What a register of a meter looks like, as it was seen."""

    meter_id: UUID
    position: int
    dials: int
    decimals: int
    multiplier: Decimal
    unit: str


def set_faces(work: Work, faces: Sequence[Face], *, at: datetime) -> dict[tuple[UUID, int], UUID]:
    """The registers as they were seen, by meter and position: some statements for any number of them.

    One that looks otherwise in the books is replaced by another, so that what it showed is still counted in its own
    units.
    """
    there = select(Register).where(
        Register.meter_id.in_({face.meter_id for face in faces}), Register.removed_at.is_(None)
    )
    rows = {(row.meter_id, row.position): row for row in work.session.scalars(there)}
    ids, fresh = {}, []
    for face in faces:
        row = rows.get((face.meter_id, face.position))
        known = row is not None and (row.dials, row.decimals, row.multiplier, row.unit) == (
            face.dials, face.decimals, face.multiplier, face.unit,
        )  # fmt: skip
        if row is not None and known:
            ids[face.meter_id, face.position] = row.id
            continue
        if row is not None:
            row.removed_at = at
        made = {"id": new_id(), **asdict(face), "serial": None, "removed_at": None}
        ids[face.meter_id, face.position] = made["id"]
        fresh.append(made)
    work.session.flush()
    insert_many(work.session, Register, fresh)
    journal.audit_many(work, "see", "register", [(made["id"], None, journal.plain_row(made)) for made in fresh])
    return ids


def assign_endpoint(
    work: Work,
    meter_id: UUID,
    *,
    radio_id: str,
    kind: str = "AMI",
    at: datetime | None = None,
    order_id: UUID | None = None,
) -> Endpoint:
    """Pairs a radio with a meter; the meter's earlier one is retired. Problems: conflict (it serves another meter)."""
    there = work.session.scalar(select(Endpoint).where(Endpoint.radio_id == radio_id, Endpoint.retired_at.is_(None)))
    if there is not None and there.meter_id == meter_id:
        return there
    if there is not None:
        raise Problem("conflict", f"Radio {radio_id} is paired with another meter.")
    retire_radios(work, [meter_id], at=at, order_id=order_id)
    made = Endpoint(id=new_id(), meter_id=meter_id, radio_id=radio_id, kind=kind)
    work.session.add(made)
    work.session.flush()
    journal.audit(work, "pair", "endpoint", made.id, after={"radio_id": radio_id, "meter_id": str(meter_id)})
    radios.now_are(work, {radio_id: kind}, MeterStatus.INSTALLED, at=at, order_id=order_id)
    return made


def retire_radios(
    work: Work,
    meter_ids: Sequence[UUID],
    *,
    at: datetime | None = None,
    order_id: UUID | None = None,
) -> dict[UUID, str]:
    """Retires the radios of these meters, which are kept with the date: they may go on transmitting.

    Returns their numbers by meter.
    """
    paired = select(Endpoint).where(Endpoint.meter_id.in_(meter_ids), Endpoint.retired_at.is_(None))
    endpoints = list(work.session.scalars(paired))
    for endpoint in endpoints:
        endpoint.retired_at = at or work.at
    lines = [(endpoint.id, None, {"radio_id": endpoint.radio_id}) for endpoint in endpoints]
    journal.audit_many(work, "retire", "endpoint", lines)
    work.session.flush()
    kinds = {endpoint.radio_id: endpoint.kind for endpoint in endpoints}
    radios.now_are(work, kinds, MeterStatus.REMOVED, at=at, order_id=order_id)
    return {endpoint.meter_id: endpoint.radio_id for endpoint in endpoints}


def _touch_place(work: Work, meter_id: UUID) -> None:
    """Tablets show the meter as a part of the place where it is installed."""
    here = select(Installation.service_point_id).where(
        Installation.meter_id == meter_id, Installation.removed_at.is_(None)
    )
    service_points.touch(work, work.session.scalars(here).all())
