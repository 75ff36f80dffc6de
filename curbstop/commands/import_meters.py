"""Imports of meters: the inventory, and where each is installed."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import bulk, radios, service_points
from curbstop.commands.import_rows import Numbered, Outcome, Places, Refusal, put
from curbstop.commands.work import Work
from curbstop.domain.import_rows import MeterRow
from curbstop.domain.meters import MeterStatus
from curbstop.models.ids import new_id
from curbstop.models.meter import Endpoint, Installation, Meter, Register

_BODY = ("serial", "size", "manufacturer", "model")


def meters(work: Work, rows: Sequence[Numbered]) -> Outcome:
    """Meters by serial. A new one gets its register, radio and installation; a known one has its body corrected.

    Refused: a place that is not known or has a meter, a serial or radio that is in use elsewhere.
    """
    values = [(line, cast(MeterRow, row)) for line, row in rows]
    places = Places(work, [row for _, row in values])
    known = {serial: (meter_id, key) for meter_id, serial, key in _known(work, [row.serial for _, row in values])}
    taken = _taken_radios(work, [row.radio_id for _, row in values if row.radio_id])
    homes = {row.serial: places.find(row) for _, row in values}
    occupied = _occupied(work, [point for point, _ in homes.values() if point is not None])
    outcome, good = Outcome(), []
    for line, row in values:
        refusal = _refusal(row, homes[row.serial], known, taken, occupied)
        if refusal is not None:
            outcome.refused.append(Refusal(line, *refusal))
            continue
        good.append(row)
        point = homes[row.serial][0]
        if row.serial not in known:
            if point is not None:
                occupied[point] = row.serial
            if row.radio_id:
                taken[row.radio_id] = row.serial
    fresh = [row for row in good if row.serial not in known]
    wanted = [(row.source_key, {name: getattr(row, name) for name in _BODY}) for row in good]
    defaults = [{"status": "installed" if homes[row.serial][0] else "stock"} for row in good]
    outcome.include(put(work, Meter, wanted, defaults))
    _furnish(work, fresh, {row.serial: homes[row.serial][0] for row in fresh})
    return outcome


def _refusal(
    row: MeterRow,
    home: tuple[UUID | None, tuple[str, str] | None],
    known: dict[str, tuple[UUID, str | None]],
    taken: dict[str, str],
    occupied: dict[UUID, str],
) -> tuple[str, str] | None:
    point, fault = home
    if fault is not None:
        return fault
    if row.serial in known and known[row.serial][1] != row.source_key:
        return "serial_taken", f"meter {row.serial} is in the inventory from another source"
    if row.radio_id and taken.get(row.radio_id, row.serial) != row.serial:
        return "radio_taken", f"radio {row.radio_id} is paired with meter {taken[row.radio_id]}"
    if point is not None and occupied.get(point, row.serial) != row.serial:
        return "place_taken", f"meter {occupied[point]} is installed there"
    return None


def _furnish(work: Work, rows: Sequence[MeterRow], homes: dict[str, UUID | None]) -> None:
    """Registers, radios and installations of new meters, in a statement each."""
    ids = {serial: meter_id for meter_id, serial, _ in _known(work, [row.serial for row in rows])}
    registers: list[dict[str, Any]] = []
    endpoints: list[dict[str, Any]] = []
    installations: list[dict[str, Any]] = []
    for row in rows:
        meter_id = ids[row.serial]
        registers.append(
            {
                "id": new_id(),
                "meter_id": meter_id,
                "position": 1,
                "dials": row.dials,
                "decimals": row.decimals,
                "multiplier": row.multiplier,
                "unit": row.unit,
            }
        )
        if row.radio_id:
            endpoints.append({"meter_id": meter_id, "radio_id": row.radio_id, "kind": row.endpoint_kind})
        point = homes[row.serial]
        if point is not None:
            since = datetime.combine(row.installed_on, time(12), UTC) if row.installed_on else work.at
            installations.append({"meter_id": meter_id, "service_point_id": point, "installed_at": since})
    bulk.load(work, Register, registers, action="import")
    bulk.load(work, Endpoint, endpoints, action="import")
    bulk.load(work, Installation, installations, action="import")
    radios.now_are(work, {row["radio_id"]: row["kind"] for row in endpoints}, MeterStatus.INSTALLED)
    service_points.touch(work, [row["service_point_id"] for row in installations])


def _known(work: Work, serials: Sequence[str]) -> list[tuple[UUID, str, str | None]]:
    rows = work.session.execute(select(Meter.id, Meter.serial, Meter.source_key).where(Meter.serial.in_(serials)))
    return [(meter_id, serial, key) for meter_id, serial, key in rows]


def _taken_radios(work: Work, radios: Sequence[str]) -> dict[str, str]:
    rows = work.session.execute(
        select(Endpoint.radio_id, Meter.serial)
        .join(Meter, Meter.id == Endpoint.meter_id)
        .where(Endpoint.radio_id.in_(radios), Endpoint.retired_at.is_(None))
    )
    return dict(rows.all())


def _occupied(work: Work, points: Sequence[UUID]) -> dict[UUID, str]:
    rows = work.session.execute(
        select(Installation.service_point_id, Meter.serial)
        .join(Meter, Meter.id == Installation.meter_id)
        .where(Installation.service_point_id.in_(points), Installation.removed_at.is_(None))
    )
    return dict(rows.all())
