"""Settling conflicts: the three ways, and which of them the server would take, with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from curbstop.domain.service_orders import OrderEvent, OrderState, possible


class Resolution(StrEnum):
    """How the office settles parked work."""

    APPLY = "apply"  # it counts: carry it out now as it was captured
    KEEP_THEIRS = "keep_theirs"  # what is here stays; facts that were captured are kept beside it
    MERGE = "merge"  # it counts with the fields that somebody chose or corrected


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the server would do, for a person to agree with or not."""

    resolution: Resolution
    reason: str


_APPLY, _KEEP, _MERGE = Resolution.APPLY, Resolution.KEEP_THEIRS, Resolution.MERGE
_DONE = frozenset({"completed", "posted"})
FINISHES: Final = frozenset({"order.complete", "order.return"})

# Ops that are one step of an order's, which nothing brings back to where the step is possible.
_STEPS: Final = {
    f"order.{event.value}": event
    for event in (OrderEvent.TRAVEL, OrderEvent.ARRIVE, OrderEvent.SUSPEND, OrderEvent.RESUME, OrderEvent.DECLINE)
}

# By the code that the op was parked with, where the state of things does not matter.
_BY_CODE: Final[dict[str, Suggestion]] = {
    "capture_missing": Suggestion(_MERGE, "Something that the order type asks for is missing: ask, and fill it in."),
    "reading_invalid": Suggestion(_MERGE, "The digits do not fit the register: look at the photo, and correct them."),
    "register_not_here": Suggestion(_KEEP, "The register is not of a meter at this stop; ask which one was read."),
    "outcome_unknown": Suggestion(_MERGE, "Choose an outcome that the order type knows."),
    "op_malformed": Suggestion(_MERGE, "The op cannot be read as it is: correct what `detail` names, or keep what is."),
    "op_unknown": Suggestion(_KEEP, "This release does not know such an op; after an update it may be applied."),
    "op_id_reused": Suggestion(_KEEP, "The first content under that id was answered; compare the two."),
    "signature_invalid": Suggestion(_KEEP, "Nobody can vouch that it comes from that tablet; ask the technician."),
    "doer_unknown": Suggestion(_KEEP, "Nobody vouches for who did it; ask, and enter what is right yourself."),
    "internal": Suggestion(_APPLY, "A mistake of the server's stopped it; it may go through now."),
    "predecessor_lost": Suggestion(_APPLY, "It is the technician's work; what was noted before it never arrived."),
    "rescued": Suggestion(_APPLY, "Its seal fits: it is the technician's work, brought in from a tablet by hand."),
    "duplicate_open_order": Suggestion(_KEEP, "The same order is open here already; work on that one."),
    "serial_claimed_twice": Suggestion(_MERGE, "One serial number at two places: one of the two was misread."),
    "radio_claimed_twice": Suggestion(_MERGE, "One radio at two places: one of the two was misread."),
    "reading_regression": Suggestion(_KEEP, "Two readings of one visit contradict each other: look at both photos."),
    "needs_gis": Suggestion(_KEEP, "Only GIS moves a place: compare the two positions on the map."),
}


def suggest(
    code: str, kind: str | None, present: Mapping[str, Any] | None, *, changes_the_ground: bool = False
) -> Suggestion:
    """What to do about work parked with `code`; `present` is the order or place as it is now, None if it is not there.

    It never decides anything: a person does.
    """
    if present is None and kind not in ("order.create", None):
        return Suggestion(_KEEP, "What it is about is not here. If its creation is parked too, settle that one first.")
    if kind is None:
        # No field of it can be corrected: `merge` would meet the same refusal, whatever is chosen.
        return Suggestion(_KEEP, "It cannot be read at all; its bytes are kept. Ask the technician what was done.")
    state = (present or {}).get("state")
    if kind in FINISHES:
        return _BY_CODE.get(code) or _finish(kind, state, changes_the_ground=changes_the_ground)
    event = _STEPS.get(kind)
    if event is not None and state is not None and event not in possible(OrderState(state)):
        return Suggestion(_KEEP, f"The order is {state} by now: this changes nothing any more.")
    if code == "not_in_scope":
        return Suggestion(_APPLY, "It was noted by somebody who was there, and contradicts nothing.")
    return _BY_CODE.get(code) or Suggestion(_KEEP, "Look at both sides; what is here stays unless you say otherwise.")


def _finish(kind: str, state: str | None, *, changes_the_ground: bool) -> Suggestion:
    if state in _DONE:
        return Suggestion(_KEEP, "A completion counts already; the second one's readings are kept beside it.")
    if kind == "order.return":
        return Suggestion(_KEEP, "Nothing was done there; the order goes on as it is.")
    if state == "cancelled" and not changes_the_ground:
        return Suggestion(_KEEP, "The order was cancelled, and nothing happened in the ground.")
    if state == "cancelled":
        return Suggestion(_APPLY, "It was cancelled, but the work was done in the ground: the fact stands.")
    return Suggestion(_APPLY, f"The work was done, and the order is still {state}.")


def same_decision(
    resolution: str, chosen: Mapping[str, Any] | None, *, before: str | None, chosen_before: Mapping[str, Any] | None
) -> bool:
    """Whether a decision is the one that was taken already: then there is nothing to do."""
    return resolution == before and dict(chosen or {}) == dict(chosen_before or {})
