"""What a row of the permission matrix is, and what many of them share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from curbstop.domain.permissions import Action, Role

# Two hundred rows name one.
A = Action
EVERYBODY: tuple[A, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One operation: any of `actions` opens it."""

    operation: str
    actions: tuple[A, ...]
    body: Any = None
    query: str = ""
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes | None = None
    also: tuple[int, ...] = ()
    and_also: A | None = None
    on_tablet: bool = False
    closed_to: frozenset[Role] = frozenset()


def row(operation: str, actions: A | tuple[A, ...], body: Any = None, **how: Any) -> Row:
    how["closed_to"] = frozenset(how.get("closed_to", ()))
    return Row(operation, (actions,) if isinstance(actions, A) else actions, body, **how)


WHY = {"reason": "They asked for it."}
ORDERS = (A.VIEW_OWN_ORDERS, A.VIEW_ALL_ORDERS)
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
PHOTO = {"attachment_id": {"tablet_id": "$my_tablet", "staff_id": "$me"}}
MINE = {"technician_id": "$me", "scheduled_on": "$today"}


def at(state: str, **more: Any) -> dict[str, dict[str, Any]]:
    """The order is in this state, today's work of whoever asks."""
    return {"order_id": {"state": state, **MINE, **more}}


def in_office(state: str, **more: Any) -> dict[str, dict[str, Any]]:
    """The order is in this state, today's work of a technician."""
    return {"order_id": {"state": state, "technician_id": "$technician_id", "scheduled_on": "$today", **more}}


DONE = {
    **in_office("completed", outcome="DONE", captures={"notes": "Fine."}),
    "attachment_id": {"stored_at": "$moment"},
}
# What the billing system made, and may edit.
FED = {"customer_id": {"source_key": "C-0"}, "account_id": {"source_key": "A-0"}}


def off(code: str) -> dict[str, dict[str, Any]]:
    """The run's line is off the list, for this reason."""
    return {"line_id": {"state": "excluded", "excluded_code": code}}


# A hold that a supervisor overrides and billing does not.
CRITICAL = {"hold_id": {"kind": "critical", "category": "hospital", "starts_on": "$today"}}


def run(stage: str) -> dict[str, dict[str, Any]]:
    return {"run_id": {"stage": stage}}
