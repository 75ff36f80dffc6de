"""For every order type and every state: what bad input gets, and that no row of any table changes by it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from curbstop.commands import corrections, dispatch, field_work, review, service_orders
from curbstop.commands.corrections import Correction
from curbstop.commands.field_work import Visit
from curbstop.commands.work import Work
from curbstop.domain.order_types import OrderType, load_catalogue
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderEvent, OrderState, possible
from curbstop.models import Base, ServiceOrder
from tests.cut_offs import any_day, delinquent
from tests.town import Place, Town
from tests.visits import MAKER

BUILT = sorted(code for code, kind in load_catalogue().items() if kind.built)
Bad = tuple[str, str, Callable[[Work, UUID], object], frozenset[str]]
_NEVER = 999
# What a version that nobody has gets, or what stands in the way before versions are looked at.
_OLD = frozenset({"version_mismatch", "forbidden", "impossible_transition"})


def _steps(town: Town) -> dict[OrderEvent, tuple[str, Callable[[Work, UUID, int | None], object]]]:
    """The office's commands, by whoever may give them."""
    later, tom = town.today + timedelta(days=2), town.staff["tom"]
    return {
        OrderEvent.RELEASE: ("sue", lambda w, o, v: service_orders.release(w, o, if_version=v)),
        OrderEvent.ASSIGN: (
            "dana", lambda w, o, v: dispatch.assign(w, o, technician_id=tom, scheduled_on=later, if_version=v),
        ),
        OrderEvent.UNASSIGN: ("dana", lambda w, o, v: dispatch.unassign(w, o, if_version=v)),
        OrderEvent.RELEASE_BACK: ("dana", lambda w, o, v: dispatch.release_back(w, o, if_version=v)),
        OrderEvent.HOLD: ("dana", lambda w, o, v: service_orders.hold(w, o, until=later, reason="Rain.", if_version=v)),
        OrderEvent.UNHOLD: ("dana", lambda w, o, v: service_orders.unhold(w, o, if_version=v)),
        OrderEvent.CANCEL: ("sue", lambda w, o, v: service_orders.cancel(w, o, reason="No.", if_version=v)),
        OrderEvent.RESCHEDULE: ("dana", lambda w, o, v: service_orders.reschedule(w, o, if_version=v)),
        OrderEvent.CLOSE: ("sue", lambda w, o, v: service_orders.close(w, o, reason="No.", if_version=v)),
        OrderEvent.REJECT: ("sue", lambda w, o, v: review.reject(w, o, reason="No.", if_version=v)),
        OrderEvent.POST: ("sue", lambda w, o, v: review.post(w, o, if_version=v)),
        OrderEvent.CORRECT: (
            "sue", lambda w, o, v: corrections.correct(
                w, o, Correction(take_back_fees=True), reason="No.", if_version=v
            ),
        ),
    }  # fmt: skip


def _bad(town: Town, kind: OrderType, state: OrderState) -> Iterator[Bad]:
    """(who, what, the command, the codes that may answer) of whatever must be refused in that state."""
    known = set(possible(state))
    for event, (who, command) in _steps(town).items():
        yield who, f"{event} of an old version", lambda w, o, c=command: c(w, o, _NEVER), _OLD  # type: ignore[misc]
        # Assigning again is moving, which has other states.
        if event not in known and not (event is OrderEvent.ASSIGN and OrderEvent.REASSIGN in known):
            codes = frozenset({"impossible_transition", "forbidden", "invalid", "assigned_technician_invalid"})
            yield who, f"{event} out of turn", lambda w, o, c=command: c(w, o, None), codes  # type: ignore[misc]
        yield "otto", f"{event} by an auditor", lambda w, o, c=command: c(w, o, None), frozenset({"forbidden"})  # type: ignore[misc]
    yesterday = town.today - timedelta(days=1)
    hold = lambda w, o: service_orders.hold(w, o, until=yesterday, reason="Rain.")  # noqa: E731
    yield "dana", "held until yesterday", hold, frozenset({"invalid", "impossible_transition", "forbidden"})
    field = frozenset(
        {"outcome_unknown", "impossible_transition", "forbidden", "invalid", "not_in_scope", "duplicate_completion"}
    )
    unknown = lambda w, o: field_work.complete(w, o, Visit(outcome="NO_SUCH"))  # noqa: E731
    yield "tom", "an unknown outcome", unknown, field | {"capture_missing"}
    if any(capture.required for capture in kind.captures) and not kind.changes_the_ground:
        empty = lambda w, o: field_work.complete(w, o, Visit(outcome="DONE"))  # noqa: E731
        yield "tom", "no capture at all", empty, field | {"capture_missing", "dig_not_legal", "tap_request_missing"}
    wrong = lambda w, o: field_work.complete(w, o, Visit(outcome="DONE", captures={"no_such_capture": 1}))  # noqa: E731
    if not kind.changes_the_ground and any(capture.required for capture in kind.captures):
        yield "tom", "a capture that there is not", wrong, field | {"capture_missing", "dig_not_legal"}


def _count(town: Town) -> dict[str, int]:
    """Every table with how many rows it has."""
    with town.sessions.read() as session:
        tables = Base.metadata.sorted_tables
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _make(town: Town, code: str, place: Place) -> UUID:
    if code.startswith(("CUT_OFF_NP", "CUT_OFF_RTN", "CUT_OFF_VIOL")):
        delinquent(town, place)
    row = ServiceOrder(
        number=f"SO-1999-{place.serial[-5:]}",
        type_code=code,
        type_version=1,
        state="ready",
        priority=3,
        service_point_id=place.id,
        account_id=place.account_id,
        created_by_id=town.staff[MAKER.get(code, "sue")],
        flags=[],
        captures={},
        field_versions={},
    )
    town.add(row)
    return row.id


@pytest.mark.parametrize("code", BUILT)
def test_bad_input_gets_a_problem_and_writes_nothing(town: Town, code: str) -> None:
    any_day(town)
    kind = load_catalogue()[code]
    order = _make(town, code, town.place())
    before, tried = _count(town), 0
    for state in OrderState:
        with town.sessions.write() as session:
            tom = town.staff["tom"] if state not in (OrderState.DRAFT, OrderState.READY, OrderState.HELD) else None
            given = {"state": state.value, "technician_id": tom, "scheduled_on": town.today if tom else None}
            session.execute(update(ServiceOrder).where(ServiceOrder.id == order).values(**given))
        there = town.read_order(order)
        for who, what, command, codes in _bad(town, kind, state):
            with pytest.raises(Problem) as refused, town.work(who) as work:
                command(work, order)
            assert refused.value.code in codes, (state, what, refused.value)
            assert refused.value.detail
            tried += 1
        now = town.read_order(order)
        columns = [column.key for column in ServiceOrder.__table__.columns]
        assert {name: getattr(now, name) for name in columns} == {name: getattr(there, name) for name in columns}
    assert _count(town) == before
    assert tried > 300
