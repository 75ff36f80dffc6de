"""The service order's state machine: THE table of transitions, and the one function that takes a step.

It is long because the words, the table and the guards are read together, and nothing else is in it.
"""

from dataclasses import dataclass
from enum import StrEnum

from curbstop.domain.gates import Asked
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem

MAX_ATTEMPTS = 3  # after this many fruitless visits the place itself is the problem: an access issue


class OrderState(StrEnum):
    """Where a service order is; POSTED and CANCELLED are the ends."""

    DRAFT = "draft"
    READY = "ready"
    ASSIGNED = "assigned"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SITE = "on_site"
    SUSPENDED = "suspended"
    HELD = "held"
    COMPLETED = "completed"
    RETURNED = "returned"
    RECALL_PENDING = "recall_pending"
    POSTED = "posted"
    CANCELLED = "cancelled"


class OrderEvent(StrEnum):
    """What can happen to a service order."""

    CREATE = "create"
    RELEASE = "release"
    ASSIGN = "assign"
    REASSIGN = "reassign"
    UNASSIGN = "unassign"
    PULL = "pull"
    DECLINE = "decline"
    TRAVEL = "travel"
    ARRIVE = "arrive"
    SUSPEND = "suspend"
    RESUME = "resume"
    RELEASE_BACK = "release_back"
    COMPLETE = "complete"
    RETURN = "return"
    HOLD = "hold"
    UNHOLD = "unhold"
    CANCEL = "cancel"
    RECALL = "recall"
    ACK = "ack"
    RESCHEDULE = "reschedule"
    CLOSE = "close"
    REJECT = "reject"
    POST = "post"
    CORRECT = "correct"
    REINSTATE = "reinstate"
    KEEP = "keep"


class Flag(StrEnum):
    """What a step notes on the order for people to see, without refusing anything."""

    EVENTS_MISSING = "events_missing"
    INCOMPLETE_CAPTURE = "incomplete_capture"
    COMPLETED_AFTER_RECALL = "completed_after_recall"
    ACCESS_ISSUE = "access_issue"
    FAR_FROM_POINT = "far_from_point"
    ANOTHER_ACTIVE = "another_active"
    STALE_AUTHORIZATION = "stale_authorization"
    CLAIM_DISPUTED = "claim_disputed"
    CLAIM_LOST = "claim_lost"
    NOT_THE_ASSIGNEE = "not_the_assignee"


class Effect(StrEnum):
    """What the command does beside storing the new state."""

    RUN_GATES = "run_gates"
    SET_ASSIGNMENT = "set_assignment"
    CLEAR_ASSIGNMENT = "clear_assignment"
    START_LEASE = "start_lease"
    END_LEASE = "end_lease"
    KEEP_CAPTURES = "keep_captures"
    TOP_OF_QUEUE = "top_of_queue"
    AUTO_RESTORAL = "auto_restoral"
    APPLY_ORDER_TYPE = "apply_order_type"
    COMPENSATE = "compensate"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. `requires` names arguments that the caller must give."""

    from_states: tuple[OrderState, ...]
    event: OrderEvent
    to: OrderState
    actors: frozenset[Role]
    system: bool = False
    offline: bool = False
    requires: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    attempt_increment: int = 0
    revision_increment: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the command knows about the order at the moment of the event; everything defaults to 'no'."""

    given: frozenset[str] = frozenset()  # names of the arguments that came with the event
    attempt_no: int = 1
    pulled: bool = False  # a tablet has it, or may have it
    own_type: bool = False  # one of the actor's roles creates this order type
    missing_captures: bool = False
    physical_effect: bool = False  # the work is done in the ground, whatever the form says
    warnings: int = 0
    auto_post: bool = False  # the order type allows posting without review
    completed_by_actor: bool = False
    photos_missing: bool = False
    far_from_point: bool = False
    another_active: bool = False  # the technician has another order under way
    lease_expired: bool = False
    is_cut_off: bool = False
    gates: Asked | None = None  # what the gates of a cut-off came to; None: nobody asked


@dataclass(frozen=True, slots=True)
class Step:
    """The answer to an event that may happen."""

    state: OrderState
    attempt_increment: int = 0
    revision_increment: int = 0
    flags: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()


_S, _E, _F, _R = OrderState, OrderEvent, Effect, Role
# Field events are for whoever may hold a tablet. Where the permission matrix is wider than the reference's state table,
# it wins: the lead dispatches the own crew, billing posts, releases and recalls, an integration recalls for a payment.
_FIELD = frozenset({_R.TECH, _R.LEAD, _R.SUP})
_DISPATCH = frozenset({_R.DSP, _R.SUP, _R.LEAD})
_OFFICE = frozenset({_R.CSR, _R.DSP, _R.SUP})
_REVIEW = frozenset({_R.CSR, _R.BIL, _R.SUP})
_RESOLVE = frozenset({_R.DSP, _R.BIL, _R.SUP})
_PAYERS = frozenset({_R.BIL, _R.INT})
_ON_TABLET = (_S.DISPATCHED, _S.EN_ROUTE, _S.ON_SITE, _S.SUSPENDED)
_WORKING = (_S.ON_SITE, _S.EN_ROUTE, _S.DISPATCHED)  # the last two: earlier offline events were lost
_BEFORE_TABLET = (_S.DRAFT, _S.READY, _S.ASSIGNED, _S.HELD)

TRANSITIONS: tuple[Transition, ...] = (
    Transition((_S.DRAFT,), _E.RELEASE, _S.READY, _OFFICE | {_R.BIL}, system=True, effects=(_F.RUN_GATES,)),
    Transition((_S.READY,), _E.ASSIGN, _S.ASSIGNED, _DISPATCH,
               requires=("technician_id", "scheduled_on"), effects=(_F.RUN_GATES, _F.SET_ASSIGNMENT)),
    # Moving work to another technician, day or place; what the first one did meanwhile is kept when it arrives.
    Transition((_S.ASSIGNED, _S.DISPATCHED, _S.EN_ROUTE, _S.SUSPENDED), _E.REASSIGN, _S.ASSIGNED, _DISPATCH,
               requires=("technician_id", "scheduled_on"), effects=(_F.RUN_GATES, _F.SET_ASSIGNMENT, _F.END_LEASE)),
    Transition((_S.ASSIGNED,), _E.UNASSIGN, _S.READY, _DISPATCH, effects=(_F.CLEAR_ASSIGNMENT,)),
    Transition((_S.ASSIGNED,), _E.PULL, _S.DISPATCHED, frozenset(), system=True,
               effects=(_F.RUN_GATES, _F.START_LEASE)),
    Transition((_S.DISPATCHED,), _E.DECLINE, _S.READY, _FIELD, offline=True,
               requires=("reason",), effects=(_F.CLEAR_ASSIGNMENT, _F.END_LEASE)),
    Transition((_S.DISPATCHED,), _E.TRAVEL, _S.EN_ROUTE, _FIELD, offline=True),
    Transition((_S.DISPATCHED, _S.EN_ROUTE), _E.ARRIVE, _S.ON_SITE, _FIELD, offline=True),
    Transition((_S.ON_SITE,), _E.SUSPEND, _S.SUSPENDED, _FIELD, offline=True,
               requires=("reason",), effects=(_F.KEEP_CAPTURES,)),
    Transition((_S.SUSPENDED,), _E.RESUME, _S.ON_SITE, _FIELD, offline=True),
    Transition((_S.SUSPENDED,), _E.RELEASE_BACK, _S.READY, _DISPATCH,
               effects=(_F.KEEP_CAPTURES, _F.CLEAR_ASSIGNMENT, _F.END_LEASE)),
    Transition(_WORKING, _E.COMPLETE, _S.COMPLETED, _FIELD, offline=True,
               requires=("outcome",), effects=(_F.END_LEASE,)),
    Transition(_WORKING, _E.RETURN, _S.RETURNED, _FIELD, offline=True,
               requires=("outcome",), effects=(_F.END_LEASE,)),
    Transition((_S.READY, _S.ASSIGNED), _E.HOLD, _S.HELD, _OFFICE, system=True,
               requires=("held_until", "reason"), effects=(_F.CLEAR_ASSIGNMENT,)),
    Transition((_S.HELD,), _E.UNHOLD, _S.READY, _OFFICE, system=True, effects=(_F.RUN_GATES,)),
    Transition(_BEFORE_TABLET, _E.CANCEL, _S.CANCELLED, _OFFICE | _PAYERS, system=True,
               requires=("reason",), effects=(_F.CLEAR_ASSIGNMENT,)),
    Transition(_ON_TABLET, _E.RECALL, _S.RECALL_PENDING, _OFFICE | _PAYERS, system=True,
               requires=("reason",), effects=(_F.TOP_OF_QUEUE,)),
    Transition((_S.RECALL_PENDING,), _E.ACK, _S.CANCELLED, _FIELD, system=True, offline=True,
               effects=(_F.CLEAR_ASSIGNMENT, _F.END_LEASE)),
    # Physical facts win: work that was done stays done, whatever the office decided meanwhile.
    Transition((_S.RECALL_PENDING,), _E.COMPLETE, _S.COMPLETED, _FIELD, offline=True,
               requires=("outcome",), effects=(_F.END_LEASE, _F.AUTO_RESTORAL)),
    Transition((_S.RECALL_PENDING,), _E.RETURN, _S.CANCELLED, _FIELD, offline=True,
               requires=("outcome",), effects=(_F.CLEAR_ASSIGNMENT, _F.END_LEASE)),
    Transition((_S.RETURNED,), _E.RESCHEDULE, _S.READY, _DISPATCH,
               effects=(_F.CLEAR_ASSIGNMENT,), attempt_increment=1),
    Transition((_S.RETURNED,), _E.CLOSE, _S.CANCELLED, _REVIEW, system=True, requires=("reason",)),
    Transition((_S.COMPLETED,), _E.REJECT, _S.READY, _REVIEW,
               requires=("reason",), effects=(_F.CLEAR_ASSIGNMENT,), attempt_increment=1),
    Transition((_S.COMPLETED,), _E.POST, _S.POSTED, _REVIEW, system=True, effects=(_F.APPLY_ORDER_TYPE,)),
    # The office settles a conflict for work that arrived after all: the order is the technician's again, who then
    # completes or returns it like any other.
    Transition((_S.READY, _S.ASSIGNED, *_ON_TABLET, _S.HELD, _S.RETURNED, _S.COMPLETED, _S.RECALL_PENDING,
                _S.CANCELLED), _E.REINSTATE, _S.DISPATCHED, _RESOLVE,
               requires=("reason", "technician_id"), effects=(_F.END_LEASE,)),
    Transition((_S.POSTED,), _E.CORRECT, _S.POSTED, frozenset({_R.SUP}),
               requires=("reason",), effects=(_F.COMPENSATE,), revision_increment=1),
)  # fmt: skip

_BY_KEY = {(state, row.event): row for row in TRANSITIONS for state in row.from_states}


def is_terminal(state: OrderState) -> bool:
    """Whether nothing but a correction, or the office's settling of a conflict, can follow."""
    return state in (OrderState.POSTED, OrderState.CANCELLED)


def is_open(state: OrderState) -> bool:
    """Whether the order still counts as work, for the duplicate check and for lists of open orders."""
    return not is_terminal(state)


OPEN_STATES = tuple(state for state in OrderState if is_open(state))
ON_TABLET_STATES = (*_ON_TABLET, OrderState.RECALL_PENDING)


def possible(state: OrderState) -> list[OrderEvent]:
    """The events that the table knows for a state, in the table's order."""
    return [row.event for row in TRANSITIONS if state in row.from_states]


def find(state: OrderState, event: OrderEvent) -> Transition:
    """The table's row, or Problem(`impossible_transition`) with `state`, `event` and `possible`."""
    row = _BY_KEY.get((state, event))
    if row is None:
        names = [name.value for name in possible(state)]
        detail = f"{event.value} cannot happen to an order that is {state.value}"
        raise Problem("impossible_transition", detail, state=state.value, event=event.value, possible=names)
    return row


def check_event(event: OrderEvent, *, roles: frozenset[Role], system: bool = False) -> None:
    """Problem(`forbidden`) when the table has the event for other roles only, whatever state an order is in.

    Asked before an order is looked for, so that nobody learns of one by trying.
    """
    rows = [row for row in TRANSITIONS if row.event is event]
    if not any((row.system and system) or (roles & row.actors) for row in rows):
        raise _not_theirs(event, frozenset().union(*(row.actors for row in rows)))


def state_at_create(*, header_complete: bool, needs_approval: bool = False, as_draft: bool = False) -> OrderState:
    """DRAFT while something is missing: a header field, an approval (as for cut-offs), or the author's word."""
    return OrderState.DRAFT if as_draft or needs_approval or not header_complete else OrderState.READY


# What can still be taken back: the work is neither done nor ended, and not on its way back already.
RECALLABLE = (*_BEFORE_TABLET, *_ON_TABLET)


def recall_event(state: OrderState) -> OrderEvent:
    """How the office takes an order back: RECALL once a tablet has it, CANCEL at once before."""
    return OrderEvent.RECALL if state in _ON_TABLET else OrderEvent.CANCEL


def step(
    state: OrderState,
    event: OrderEvent,
    *,
    roles: frozenset[Role] = frozenset(),
    system: bool = False,
    facts: Facts | None = None,
) -> Step:
    """Take one step of the table.

    Raises Problem: impossible_transition, forbidden, argument_required (`missing`), already_pulled, capture_missing,
    photos_missing, four_eyes, review_required, gate_blocked, override_needed (both with `objections`),
    gates_not_asked. Whether the roles reach *this* order is the command's question.
    """
    known = facts or Facts()
    row = find(state, event)
    _check_actor(row, roles, system, known)
    missing = [name for name in row.requires if name not in known.given]
    if missing:
        raise Problem("argument_required", f"{event.value} needs {', '.join(missing)}", missing=missing)
    if Effect.RUN_GATES in row.effects and known.is_cut_off:
        # Whichever way an order comes, it goes nowhere unasked.
        if known.gates is None:
            raise Problem("gates_not_asked")
        known.gates.require()
    _check_guards(event, system, known)
    effects = tuple(effect for effect in row.effects if effect is not Effect.AUTO_RESTORAL or known.is_cut_off)
    return Step(row.to, row.attempt_increment, row.revision_increment, _flags(state, event, known), effects)


def _check_actor(row: Transition, roles: frozenset[Role], system: bool, facts: Facts) -> None:
    if (row.system and system) or (roles & row.actors):
        # A customer service representative cancels only what the role itself creates.
        by_type_only = not system and roles & row.actors <= {Role.CSR, Role.BIL}
        if not (row.event is OrderEvent.CANCEL and by_type_only and not facts.own_type):
            return
    raise _not_theirs(row.event, row.actors)


def _not_theirs(event: OrderEvent, actors: frozenset[Role]) -> Problem:
    allowed = sorted(role.value for role in actors)
    detail = f"{event.value} is for {', '.join(allowed) or 'the system'}"
    return Problem("forbidden", detail, action=event.value, allowed_roles=allowed)


def _check_guards(event: OrderEvent, system: bool, facts: Facts) -> None:
    if event is OrderEvent.UNASSIGN and facts.pulled:
        raise Problem("already_pulled")
    if event is OrderEvent.COMPLETE and facts.missing_captures and not facts.physical_effect:
        raise Problem("capture_missing")
    if event is not OrderEvent.POST:
        return
    if facts.completed_by_actor and not system:
        raise Problem("four_eyes")
    if facts.photos_missing:
        raise Problem("photos_missing")
    if system and (facts.warnings or not facts.auto_post):
        raise Problem("review_required")


def _flags(state: OrderState, event: OrderEvent, facts: Facts) -> tuple[str, ...]:
    done = event in (OrderEvent.COMPLETE, OrderEvent.RETURN)
    complete = event is OrderEvent.COMPLETE
    noted = {
        Flag.EVENTS_MISSING: done and state in (OrderState.DISPATCHED, OrderState.EN_ROUTE),
        Flag.INCOMPLETE_CAPTURE: complete and facts.missing_captures,
        Flag.COMPLETED_AFTER_RECALL: complete and state is OrderState.RECALL_PENDING,
        Flag.STALE_AUTHORIZATION: complete and facts.is_cut_off and facts.lease_expired,
        Flag.ACCESS_ISSUE: event is OrderEvent.RESCHEDULE and facts.attempt_no >= MAX_ATTEMPTS,
        Flag.FAR_FROM_POINT: event is OrderEvent.ARRIVE and facts.far_from_point,
        Flag.ANOTHER_ACTIVE: event in (OrderEvent.TRAVEL, OrderEvent.ARRIVE) and facts.another_active,
    }
    return tuple(flag.value for flag, holds in noted.items() if holds)


def mermaid() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> draft: create", "    [*] --> ready: create"]
    lines += [f"    {s.value} --> {row.to.value}: {row.event.value}" for row in TRANSITIONS for s in row.from_states]
    lines += [f"    {state.value} --> [*]" for state in OrderState if is_terminal(state)]
    return "\n".join(lines)
