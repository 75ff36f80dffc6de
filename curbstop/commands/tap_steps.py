"""Moves tap requests along: what is known is held against the table of stages, and each step is written down.

Orders meet their tap request here: whether one may be made yet, and what its progress means for the request.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version
from curbstop.domain import taps as rules
from curbstop.domain.problems import Problem
from curbstop.domain.taps import ENDS, TapFacts, TapStage
from curbstop.models.calendar import in_force
from curbstop.models.ids import new_id
from curbstop.models.route import Stop
from curbstop.models.service_order import ServiceOrder
from curbstop.models.tap_request import LocateTicket, TapHistory, TapRequest, tap_facts

INSTALL = "TAP_INST"
# Which fact a posted order brings to its tap request, by the stage that its type names.
_FACTS = {
    TapStage.SITE_SURVEY: "surveyed_at",
    TapStage.INSTALLED: "installed_at",
    TapStage.METER_SET: "meter_set_at",
    TapStage.ACTIVE: "activated_at",
}


def load(work: Work, tap_id: UUID, if_version: int | None = None) -> TapRequest:
    """The request, locked and not at its end. Problems: not_found, version_mismatch, tap_ended."""
    tap = work.session.get(TapRequest, tap_id, with_for_update=True, populate_existing=True)
    if tap is None:
        raise Problem("not_found", f"There is no tap request with id {tap_id}.")
    check_version(tap, if_version)
    if tap.stage in ENDS:
        raise Problem("tap_ended", f"{tap.number} is {tap.stage}; nothing happens to it any more.", stage=tap.stage)
    return tap


def open_at(work: Work, service_point_id: UUID) -> TapRequest | None:
    """The request that is under way at a place, locked; there is one at most."""
    ends = [stage.value for stage in ENDS]
    here = select(TapRequest).where(TapRequest.service_point_id == service_point_id, TapRequest.stage.not_in(ends))
    return work.session.scalar(here.with_for_update())


def record(
    work: Work, tap: TapRequest, event: str, *, reason: str | None = None, facts: Mapping[str, Any] | None = None
) -> None:
    """Writes down what happened, and lets the request move on as far as it gets by it."""
    lines = [TapHistory(event=event, from_stage=tap.stage, to_stage=tap.stage, reason=reason, facts=dict(facts or {}))]
    for stage in rules.passed(TapStage(tap.stage), facts_of(work, tap)):
        lines.append(TapHistory(event="reach", from_stage=tap.stage, to_stage=stage.value, facts={}))
        tap.stage, tap.stage_at = stage.value, work.at
    _write(work, tap, event, lines)


def end(work: Work, tap: TapRequest, stage: TapStage, reason: str) -> None:
    """Cancelled or expired: with the reason, and no way on."""
    line = TapHistory(event="end", from_stage=tap.stage, to_stage=stage.value, reason=reason, facts={})
    tap.stage, tap.stage_at, tap.end_reason = stage.value, work.at, reason
    _write(work, tap, stage.value, [line])


def facts_of(work: Work, tap: TapRequest) -> TapFacts:
    """What the rule asks of the request, at this moment."""
    install = work.session.get(ServiceOrder, tap.install_order_id) if tap.install_order_id is not None else None
    ticket = work.session.get(LocateTicket, tap.install_order_id) if tap.install_order_id is not None else None
    policy = in_force(work.session).policy
    return tap_facts(tap, install, ticket, policy=policy, at=work.at, zone=work.settings.zone)


def admit_order(work: Work, type_code: str, service_point_id: UUID) -> TapRequest | None:
    """The open tap request at the place that such an order belongs to, or None.

    Problems: tap_gate_closed (with `missing`: it comes too early), tap_request_missing (a tap nobody asked for).
    """
    if type_code not in rules.ORDER_GATES:
        return None
    tap = open_at(work, service_point_id)
    if tap is None:
        if type_code == INSTALL:
            raise Problem("tap_request_missing")
        return None
    rules.admit_order(type_code, TapStage(tap.stage), facts_of(work, tap))
    return tap


def order_made(work: Work, tap: TapRequest, order: ServiceOrder) -> None:
    """The order is the request's from now on."""
    if order.type_code == INSTALL:
        tap.install_order_id = order.id
    record(work, tap, "order", facts={"order_id": str(order.id), "type_code": order.type_code, "number": order.number})


def order_moved(work: Work, order: ServiceOrder) -> None:
    """An installation was given to a crew, or taken back: the request may move on by it."""
    if order.type_code != INSTALL:
        return
    mine = select(TapRequest).where(
        TapRequest.install_order_id == order.id, TapRequest.stage.not_in([stage.value for stage in ENDS])
    )
    tap = work.session.scalar(mine.with_for_update())
    if tap is not None and rules.passed(TapStage(tap.stage), facts_of(work, tap)):
        record(work, tap, "schedule", facts={"order_id": str(order.id), "state": order.state})


def order_posted(work: Work, order: ServiceOrder, stage: TapStage) -> None:
    """A posted order brings its fact to the open request at its place; where there is none, nothing happens.

    The request reaches the stage once everything before it is there too: what was done stays a fact meanwhile.
    """
    tap = open_at(work, order.service_point_id)
    if tap is None:
        return
    setattr(tap, _FACTS[stage], order.completed_at or work.at)
    if stage is TapStage.SITE_SURVEY:
        tap.survey_order_id = order.id
    record(work, tap, stage.value, facts={"order_id": str(order.id), "number": order.number})


def came_on_route(work: Work, version_id: UUID) -> None:
    """A version was published: the open requests whose places are on it are on a route from now on."""
    theirs = (
        select(TapRequest)
        .join(Stop, Stop.service_point_id == TapRequest.service_point_id)
        .where(
            Stop.route_version_id == version_id,
            TapRequest.on_route_at.is_(None),
            TapRequest.stage.not_in([stage.value for stage in ENDS]),
        )
        .order_by(TapRequest.id)
        .with_for_update(of=TapRequest)
    )
    for tap in work.session.scalars(theirs).all():
        tap.on_route_at = work.at
        record(work, tap, "route", facts={"route_version_id": str(version_id)})


def _write(work: Work, tap: TapRequest, event: str, lines: Sequence[TapHistory]) -> None:
    journal.changed(work, tap, event)
    for line in lines:
        line.id, line.tap_request_id, line.staff_id, line.recorded_at = new_id(), tap.id, work.actor.staff_id, work.at
    work.session.add_all(lines)
    work.session.flush()
