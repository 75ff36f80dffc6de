"""Developments: entered and closed, given their lots many at once, and lots transferred from builder to owner."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import select

from curbstop.commands import accounts, journal, numbering, search_index, service_orders, service_points
from curbstop.commands.change_outs import moment
from curbstop.commands.customers import check_seen
from curbstop.commands.import_rows import Outcome, Refusal
from curbstop.commands.lot_lists import SAME, Judge, NewLot
from curbstop.commands.service_orders import NewOrder
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.meters import AccountStatus, PhysicalState
from curbstop.domain.numbers import Prefix
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.account import Account, Customer
from curbstop.models.development import Development, Lot
from curbstop.models.ids import new_id
from curbstop.models.service_order import ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_ewkb

ACTIVE, CLOSED = "active", "closed"
# Lots that one call brings.
MOST_LOTS = 1_000


def create(work: Work, *, name: str, builder_id: UUID) -> Development:
    """A development of a builder. Problems: forbidden, not_found (the builder)."""
    require(work.actor, Action.KEEP_DEVELOPMENTS)
    check_seen(work, get(work, Customer, builder_id, lock=False))
    row = Development(
        id=new_id(),
        number=numbering.next_numbers(work, Prefix.DEVELOPMENT)[0],
        name=name,
        builder_id=builder_id,
        state=ACTIVE,
        created_at=work.at,
        version=1,
    )
    work.session.add(row)
    journal.changed(work, row, "create")
    return row


def edit(work: Work, development_id: UUID, *, if_version: int | None, name: str | None = None,
         state: str | None = None) -> Development:  # fmt: skip
    """Another name; or closed, when nothing more is built there, and active again."""
    require(work.actor, Action.KEEP_DEVELOPMENTS)
    row = get(work, Development, development_id)
    check_version(row, if_version)
    row.name, row.state = name or row.name, state or row.state
    journal.changed(work, row, "edit")
    return row


def add_lots(work: Work, development_id: UUID, rows: Sequence[tuple[int, NewLot]]) -> Outcome:
    """Lots out of a list, each with its line; the same list again changes nothing. A handful of statements for all.

    A lot at an address that nobody knows brings its service point along. Refused: the same lot or address twice, a lot
    that is there with another address, a place that is another lot's, an address of several places. Problems:
    forbidden, not_found, too_large, development_closed.
    """
    require(work.actor, Action.KEEP_DEVELOPMENTS)
    if len(rows) > MOST_LOTS:
        raise Problem("too_large", f"A list has at most {MOST_LOTS} lots; send it in parts.")
    development = _active(work, development_id)
    outcome, good = Outcome(), Judge(work, development, rows)
    new: list[tuple[NewLot, UUID | None]] = []
    for line, lot in rows:
        verdict = good.of(lot)
        if isinstance(verdict, tuple):
            outcome.refused.append(Refusal(line, *verdict))
        elif verdict is SAME:
            outcome.same += 1
        else:
            new.append((lot, verdict if isinstance(verdict, UUID) else None))
    places = _places(work, [lot for lot, place in new if place is None])
    made = [
        Lot(
            id=new_id(), development_id=development.id, code=lot.code, service_point_id=place or places[lot.code],
            created_at=work.at, version=1,
        )
        for lot, place in new
    ]  # fmt: skip
    if made:
        work.session.add_all(made)
        journal.changed_many(work, made, "add")
    outcome.added = len(made)
    return outcome


def open_lot_accounts(work: Work, order: ServiceOrder, _args: Mapping[str, Any]) -> None:
    """Each lot of the development that has none gets a pending account in the builder's name, all of them at once.

    Problems: invalid (no lot's place, or another lot's), development_closed.
    """
    lot = work.session.scalar(select(Lot).where(Lot.service_point_id == order.service_point_id).with_for_update())
    if lot is None:
        raise Problem("invalid", "This place is no lot of a development; add it to its list, then post.")
    said = str(order.captures.get("lot") or "").strip()
    if said.casefold() != lot.code.casefold():
        raise Problem("invalid", f"This is lot {lot.code}, and the crew says {said}.", field="lot")
    development = _active(work, lot.development_id)
    if lot.meter_set_at is None:
        lot.meter_set_at = moment(work, order)
        journal.changed(work, lot, "meter_set")
    _open_accounts(work, development)


def transfer(work: Work, lot_id: UUID, *, customer_id: UUID, on: date, if_version: int | None = None) -> Lot:
    """The lot goes from the builder to its owner: one account ends and another begins, with a reading for each.

    Problems: forbidden, not_found, version_mismatch, conflict (it was transferred already).
    """
    require(work.actor, Action.EDIT_CUSTOMERS)
    require(work.actor, Action.VIEW_DEVELOPMENTS)
    lot = get(work, Lot, lot_id)
    check_version(lot, if_version)
    if lot.transferred_on is not None:
        raise Problem("conflict", f"Lot {lot.code} was transferred on {lot.transferred_on}.")
    builders = _open_account(work, lot)
    status = AccountStatus.PENDING
    if builders is not None:
        if builders.status != AccountStatus.PENDING:
            status = AccountStatus.ACTIVE
        _read(work, lot, "READ_FINAL", builders.id, on)
        accounts.close(work, builders.id)
        # The owner's account is found open at the place only once the builder's is not.
        work.session.flush()
    owners = accounts.open_(
        work, customer_id=customer_id, service_point_id=lot.service_point_id, status=status.value
    )  # fmt: skip
    _read(work, lot, "READ_INIT", owners.id, on)
    lot.owner_id, lot.account_id, lot.transferred_on = customer_id, owners.id, on
    journal.changed(work, lot, "transfer")
    service_points.touch(work, [lot.service_point_id])
    return lot


def preview_lots(work: Work, development_id: UUID, rows: Sequence[tuple[int, NewLot]]) -> Outcome:
    """What `add_lots` would do; nothing is written."""
    undone = work.session.begin_nested()
    outcome = add_lots(work, development_id, rows)
    undone.rollback()
    return outcome


def _places(work: Work, lots: Sequence[NewLot]) -> dict[str, UUID]:
    """New service points, tapped as the builder leaves them, by the lot's code."""
    if not lots:
        return {}
    numbers = numbering.next_numbers(work, Prefix.SERVICE_POINT, len(lots))
    rows = {
        lot.code: ServicePoint(
            id=new_id(),
            number=number,
            address_key=lot.address_key,
            location=_point(lot.location),
            location_source="imported" if lot.location else None,
            physical_state=PhysicalState.TAPPED.value,
            hazards=[],
            field_versions={},
            created_at=work.at,
            version=1,
            **lot.address,
        )
        for lot, number in zip(lots, numbers, strict=True)
    }
    work.session.add_all(rows.values())
    journal.changed_many(work, list(rows.values()), "create")
    search_index.refresh(work, "service_point", [row.id for row in rows.values()])
    return {code: row.id for code, row in rows.items()}


def _point(location: tuple[float, float] | None) -> WKBElement | None:
    return WKBElement(point_ewkb(*location), srid=4326, extended=True) if location is not None else None


def _open_accounts(work: Work, development: Development) -> None:
    """A pending account of the builder's for every lot without one, where nobody else's is open."""
    taken = select(Account.service_point_id).where(Account.status != AccountStatus.FINALED.value)
    bare = (
        select(Lot)
        .where(Lot.development_id == development.id, Lot.account_id.is_(None), Lot.service_point_id.not_in(taken))
        .order_by(Lot.id)
        .with_for_update()
    )
    lots = list(work.session.scalars(bare))
    if not lots:
        return
    numbers = numbering.next_numbers(work, Prefix.ACCOUNT, len(lots))
    made = [
        Account(
            id=new_id(),
            number=number,
            customer_id=development.builder_id,
            service_point_id=lot.service_point_id,
            status=AccountStatus.PENDING.value,
            service_class="temporary",
            created_at=work.at,
            version=1,
        )
        for lot, number in zip(lots, numbers, strict=True)
    ]
    work.session.add_all(made)
    journal.changed_many(work, made, "open")
    search_index.refresh(work, "account", [account.id for account in made])
    for lot, account in zip(lots, made, strict=True):
        lot.account_id = account.id
    journal.changed_many(work, lots, "open_account")


def _active(work: Work, development_id: UUID) -> Development:
    development = get(work, Development, development_id)
    if development.state != ACTIVE:
        raise Problem("development_closed", f"{development.number} ({development.name}) is closed.")
    return development


def _open_account(work: Work, lot: Lot) -> Account | None:
    here = select(Account).where(
        Account.service_point_id == lot.service_point_id, Account.status != AccountStatus.FINALED.value
    )
    return work.session.scalar(here.with_for_update())


def _read(work: Work, lot: Lot, type_code: str, account_id: UUID, on: date) -> None:
    """A reading is ordered where a meter is set that somebody can read."""
    if lot.meter_set_at is None:
        return
    words = f"Lot {lot.code} changes hands on {on}."
    new = NewOrder(
        type_code=type_code,
        service_point_id=lot.service_point_id,
        account_id=account_id,
        requested_on=on,
        instructions=words,
    )
    service_orders.create(work, new)
