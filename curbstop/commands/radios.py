"""Radios: where each is in its life, and what is heard of them, the retired ones included."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import discrepancies, inventory, journal
from curbstop.commands.discrepancies import Found
from curbstop.commands.inventory import RADIO, Moved
from curbstop.commands.many import update_many
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.discrepancies import DiscrepancyKind
from curbstop.domain.inventory import check_move
from curbstop.domain.meters import MeterStatus
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.inventory import Radio
from curbstop.models.meter import Endpoint, Installation

MOST = 1_000


def create(work: Work, number: str, *, kind: str = "AMI", status: MeterStatus = MeterStatus.STOCK) -> Radio:
    """A radio that was ordered or has come. Problems: forbidden, invalid, conflict (the number is known)."""
    require(work.actor, Action.EDIT_METERS)
    if status not in (MeterStatus.ORDERED, MeterStatus.STOCK):
        raise Problem("invalid", "A new radio is ordered or in stock.", field="status")
    if work.session.scalar(select(Radio.id).where(Radio.number == number)) is not None:
        raise Problem("conflict", f"Radio {number} is in the inventory already.")
    radio = Radio(id=new_id(), number=number, kind=kind, status=status.value, created_at=work.at)
    work.session.add(radio)
    journal.changed(work, radio, "create")
    inventory.note(work, RADIO, [Moved(radio.id, None, status.value)])
    return radio


def move(work: Work, radio_id: UUID, to: MeterStatus, *, reason: str | None, if_version: int | None) -> Radio:
    """Moves a radio on the shelf. Problems: forbidden, not_found, version_mismatch, move_not_allowed, invalid."""
    require(work.actor, Action.EDIT_METERS)
    radio = get(work, Radio, radio_id)
    check_version(radio, if_version)
    before = radio.status
    check_move(MeterStatus(before), to)
    radio.status = to.value
    journal.changed(work, radio, "move")
    inventory.note(work, RADIO, [Moved(radio.id, before, to.value)], reason=reason)
    return radio


def now_are(
    work: Work,
    kinds: Mapping[str, str],
    status: MeterStatus,
    *,
    at: datetime | None = None,
    order_id: UUID | None = None,
) -> None:
    """Radios (number to kind) were paired or retired: a fact, so no move is refused. Unknown ones become known."""
    if not kinds:
        return
    numbers = sorted(kinds)
    there = {
        radio.number: radio
        for radio in work.session.scalars(
            select(Radio).where(Radio.number.in_(numbers)).order_by(Radio.id).with_for_update()
        )
    }
    rows, moves = [], []
    for number in numbers:
        radio = there.get(number)
        before = radio.status if radio is not None else None
        if radio is None:
            radio = Radio(id=new_id(), number=number, kind=kinds[number], status=status.value, created_at=work.at)
            work.session.add(radio)
        radio.status = status.value
        rows.append(radio)
        moves.append(Moved(radio.id, before, status.value, order_id, at))
    journal.changed_many(work, rows, "move")
    inventory.note(work, RADIO, moves)


def heard(work: Work, sightings: Mapping[str, datetime]) -> dict[str, str]:
    """What the network heard, by a radio's number and when last: `paired`, `phantom` or `unknown` for each.

    A phantom was retired and goes on transmitting; it and what nobody knows are discrepancies until they are settled.
    Problems: forbidden, too_large.
    """
    if Grant.YES not in require(work.actor, Action.IMPORT_DATA):
        raise Problem("forbidden", "What radios say comes from the reading network.")
    if len(sightings) > MOST:
        raise Problem("too_large", f"At most {MOST} radios are heard of at once.")
    if not sightings:
        return {}
    paired = _paired(work, sightings)
    retired = _retired(work, [number for number in sightings if number not in paired])
    # What was heard before it was retired says nothing: it only comes late.
    late = {number for number, row in retired.items() if sightings[number] <= row["retired_at"]}
    told = {
        number: "paired" if number in paired or number in late else "phantom" if number in retired else "unknown"
        for number in sightings
    }
    _note_heard(work, sightings)
    news = [_found(number, said, sightings[number], retired.get(number)) for number, said in told.items()]
    discrepancies.report(work, [found for found in news if found is not None])
    return told


def _paired(work: Work, sightings: Mapping[str, datetime]) -> set[str]:
    active = select(Endpoint.radio_id).where(Endpoint.radio_id.in_(sightings), Endpoint.retired_at.is_(None))
    return set(work.session.scalars(active))


def _retired(work: Work, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The last pairing of each, with where its meter was."""
    rows = work.session.execute(
        select(Endpoint.radio_id, Endpoint.retired_at, Endpoint.meter_id, Installation.service_point_id)
        .outerjoin(Installation, Installation.meter_id == Endpoint.meter_id)
        .where(Endpoint.radio_id.in_(numbers), Endpoint.retired_at.is_not(None))
        .order_by(Endpoint.retired_at, Installation.installed_at)
    ).mappings()
    return {row["radio_id"]: dict(row) for row in rows}


def _note_heard(work: Work, sightings: Mapping[str, datetime]) -> None:
    known = work.session.execute(select(Radio.id, Radio.number, Radio.last_heard_at).where(Radio.number.in_(sightings)))
    later = [
        {"id": radio_id, "last_heard_at": sightings[number]}
        for radio_id, number, last in known
        if last is None or last < sightings[number]
    ]
    update_many(work.session, Radio, later, keys=("id",))


def _found(number: str, said: str, at: datetime, last: Mapping[str, Any] | None) -> Found | None:
    if said == "paired":
        return None
    if last is None:
        return Found(
            DiscrepancyKind.ORPHAN_RADIO,
            subject=number,
            detail=f"Radio {number} transmits, and the books do not know it.",
            noted_at=at,
        )
    return Found(
        DiscrepancyKind.PHANTOM_RADIO,
        subject=number,
        detail=f"Radio {number} was retired on {last['retired_at']:%Y-%m-%d} and goes on transmitting.",
        noted_at=at,
        service_point_id=last["service_point_id"],
        meter_id=last["meter_id"],
    )
