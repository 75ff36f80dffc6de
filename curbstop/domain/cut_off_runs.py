"""A cut-off run: its stages, how each of its lines ends, and the sums that must agree when it is closed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from curbstop.domain.gates import Answer, Ruling
from curbstop.domain.problems import Problem
from curbstop.domain.service_orders import OrderState


class RunStage(StrEnum):
    """Where a run is. That its orders are in the field is told by the orders."""

    BUILT = "built"
    PROOFED = "proofed"
    NOTIFIED = "notices_sent"
    FINALISED = "finalised"
    APPROVED = "approved"
    RELEASED = "released"
    CLOSED = "closed"
    ABANDONED = "abandoned"


class RunEvent(StrEnum):
    """What people do with a run."""

    EXCLUDE = "exclude"
    PROOF = "proof"
    NOTIFY = "notify"
    FINALISE = "finalise"
    APPROVE = "approve"
    RELEASE = "release"
    RECALL = "recall"
    CLOSE = "close"
    ABANDON = "abandon"


_S, _E = RunStage, RunEvent
_OPEN = (_S.BUILT, _S.PROOFED, _S.NOTIFIED, _S.FINALISED, _S.APPROVED)
# From which stages an event may come, and the stage after it; None: the stage stays.
MOVES: Final[dict[RunEvent, tuple[tuple[RunStage, ...], RunStage | None]]] = {
    _E.EXCLUDE: (_OPEN, None),
    _E.PROOF: ((_S.BUILT,), _S.PROOFED),
    _E.NOTIFY: ((_S.PROOFED, _S.NOTIFIED), _S.NOTIFIED),
    # Payments come in until the morning: a list is finalised again, and then it has to be approved again.
    _E.FINALISE: ((_S.PROOFED, _S.NOTIFIED, _S.FINALISED, _S.APPROVED), _S.FINALISED),
    _E.APPROVE: ((_S.FINALISED,), _S.APPROVED),
    _E.RELEASE: ((_S.APPROVED,), _S.RELEASED),
    _E.RECALL: ((_S.RELEASED,), None),
    _E.CLOSE: ((_S.RELEASED,), _S.CLOSED),
    _E.ABANDON: (_OPEN, _S.ABANDONED),
}


def next_stage(stage: RunStage, event: RunEvent) -> RunStage:
    """The stage after an event, or Problem(`impossible_transition`) with `state`, `event` and `possible`."""
    allowed, after = MOVES[event]
    if stage not in allowed:
        possible = [name.value for name, (stages, _) in MOVES.items() if stage in stages]
        detail = f"A run that is {stage.value} cannot {event.value}; it can {', '.join(possible) or 'do nothing more'}."
        raise Problem("impossible_transition", detail, state=stage.value, event=event.value, possible=possible)
    return after or stage


class LineState(StrEnum):
    """Where a line is; the last four are how it ends."""

    LISTED = "listed"
    ORDERED = "ordered"
    CUT = "cut"
    RECALLED = "recalled"
    RETURNED = "returned"
    EXCLUDED = "excluded"


ENDINGS: Final = (LineState.CUT, LineState.RECALLED, LineState.RETURNED, LineState.EXCLUDED)
# Exclusions that no gate and no person made.
PAID, NOT_NOTIFIED = "paid", "not_notified"


@dataclass(frozen=True, slots=True)
class OrderEnd:
    """What is known of a line's order when the run is closed."""

    state: OrderState
    was_recalled: bool  # the office took it back
    came_back: bool  # a technician was there and returned it


def ending_of(order: OrderEnd) -> LineState | None:
    """How the line of this order ends; None while the order is still out.

    Physical facts win: what was cut off is cut, recalled or not.
    """
    if order.state in (OrderState.COMPLETED, OrderState.POSTED):
        return LineState.CUT
    if order.state is OrderState.RETURNED:
        return LineState.RETURNED
    if order.state is OrderState.CANCELLED:
        # One that came back and was then closed without another try; cancelled by hand counts as taken back.
        return LineState.RETURNED if order.came_back and not order.was_recalled else LineState.RECALLED
    return None


def first_exclusion(answers: Iterable[Answer]) -> tuple[str, str] | None:
    """The code and the words of the first gate that blocks; what needs an override does not exclude by itself."""
    return next(
        ((answer.code or answer.gate, answer.detail) for answer in answers if answer.ruling is Ruling.BLOCK), None
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """How many lines, and what they came to in cents when they were listed."""

    lines: int = 0
    cents: int = 0

    def plus(self, lines: int, cents: int) -> "Tally":
        return Tally(self.lines + lines, self.cents + cents)


@dataclass(frozen=True, slots=True)
class Sums:
    """A run's lines by how they stand, and all of them."""

    total: Tally
    by_state: Mapping[LineState, Tally]

    @property
    def agree(self) -> bool:
        """Whether the endings account for every line and every cent that was listed."""
        ended = Tally()
        for state in ENDINGS:
            ended = ended.plus(self.by_state[state].lines, self.by_state[state].cents)
        return ended == self.total

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {"total": {"lines": self.total.lines, "cents": self.total.cents}}
        for state, tally in self.by_state.items():
            found[state.value] = {"lines": tally.lines, "cents": tally.cents}
        return found


def sums_of(rows: Iterable[tuple[LineState, int, int]], total: Tally) -> Sums:
    """From rows of (state, lines, cents), each state at most once, and what was listed in all (`total`)."""
    by_state = dict.fromkeys(LineState, Tally())
    for state, lines, cents in rows:
        by_state[state] = by_state[state].plus(lines, cents)
    return Sums(total, by_state)


def check_approver(approver: Any, *, built_by: Any, finalised_by: Any) -> None:
    """Problem(`four_eyes`) unless somebody else than the builder approves: two different people answer for a list."""
    if approver is None or approver in (built_by, finalised_by):
        raise Problem("four_eyes", "Somebody else than who built or finalised the list approves it.")
