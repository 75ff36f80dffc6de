"""What the technician does: each verb notes an op; the view shows it at once, with or without a network."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import uuid_utils

from curbstop.tablet import outbox, view
from curbstop.tablet.errors import NotAllowed
from curbstop.tablet.store import Store

_ENDED = ("completed", "returned", "cancelled", "posted", "ready")
_UNDER_WAY = ("en_route", "on_site", "suspended")
Position = Mapping[str, float]


class FieldWork:
    """The verbs of one tablet. All return the op's id and may raise NotAllowed with words for the technician."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # -- orders

    def travel(self, order_id: str) -> str:
        self._check_start(order_id)
        return self._order(order_id, "order.travel", {})

    def arrive(self, order_id: str, position: Position | None = None) -> str:
        self._check_start(order_id)
        return self._order(order_id, "order.arrive", _given(position=position))

    def suspend(self, order_id: str, reason: str) -> str:
        return self._order(order_id, "order.suspend", {"reason": reason})

    def resume(self, order_id: str) -> str:
        return self._order(order_id, "order.resume", {})

    def decline(self, order_id: str, reason: str) -> str:
        return self._order(order_id, "order.decline", {"reason": reason})

    def acknowledge_recall(self, order_id: str) -> str:
        return self._order(order_id, "order.acknowledge_recall", {})

    def complete(
        self,
        order_id: str,
        outcome: str,
        captures: Mapping[str, Any],
        *,
        notes: str | None = None,
        position: Position | None = None,
    ) -> str:
        """All that was captured goes in one op, so that a change-out is whole or not there."""
        self._check_start(order_id)
        code = self._voice_code(order_id)
        optional = _given(notes=notes, position=position, voice_code=code)
        args = {"outcome": outcome, "captures": dict(captures), **optional}
        return self._order(order_id, "order.complete", args)

    def return_(
        self,
        order_id: str,
        outcome: str,
        *,
        captures: Mapping[str, Any] | None = None,
        notes: str | None = None,
        category: str | None = None,
        position: Position | None = None,
    ) -> str:
        """The work could not be done."""
        optional = _given(captures=captures, notes=notes, category=category, position=position)
        return self._order(order_id, "order.return", {"outcome": outcome, **optional})

    def create(self, type_code: str, service_point_id: str, *, instructions: str, notes: str | None = None) -> str:
        """Found work; returns the id of the new order, not of the op."""
        order_id = str(uuid_utils.uuid7())
        args = {"order_id": order_id, "type_code": type_code, "service_point_id": service_point_id}
        args |= _given(instructions=instructions, notes=notes)
        outbox.append(self.store, "order.create", f"service_order/{order_id}", args, None)
        return order_id

    def may_start(self, order_id: str) -> bool:
        """Whether the order may be begun now: a cut-off needs a fresh word from the office."""
        return self.why_not_start(order_id) is None

    def why_not_start(self, order_id: str, now: datetime | None = None) -> str | None:
        """Words for the technician, or None: the customer may have paid since the tablet last heard of it."""
        order = self._find("service_order", order_id)
        until = order["authorized_until"]
        if self._type_says(order, "requires_dig") and order["state"] not in ("on_site", "suspended"):
            return self._why_not_dig(order, now or self.store.now_by_server())
        if order["state"] in _UNDER_WAY or until is None or not self._is_cut_off(order):
            return None
        # By the server's clock: a tablet whose clock was set back must not cut somebody off who has paid.
        known = self._voice_code(order_id) is not None
        if known or (now or self.store.now_by_server()) <= datetime.fromisoformat(until):
            return None
        return (
            f"This cut-off was allowed until {until}. Sync first: it may have been paid. Without a network, "
            "call dispatch for a voice code."
        )

    def enter_voice_code(self, order_id: str, code: str) -> None:
        """What dispatch said on the telephone; it goes along with the completion, and the server checks it."""
        digits = "".join(code.split())
        if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
            raise NotAllowed("A voice code is six digits.")
        self._find("service_order", order_id)
        with self.store.transaction():
            self.store.remember(voice_codes={**(self.store.fact("voice_codes") or {}), order_id: digits})

    def _voice_code(self, order_id: str) -> str | None:
        found: str | None = (self.store.fact("voice_codes") or {}).get(order_id)
        return found

    def _why_not_dig(self, order: Mapping[str, Any], now: datetime) -> str | None:
        """Nobody puts a spade in the ground before a locate ticket's legal start, nor after its end."""
        number, begins, ends = order["locate_ticket"], order["dig_from"], order["dig_until"]
        if number is None:
            return "There is no locate ticket on this tablet. Sync, or call dispatch before anybody digs."
        if now < datetime.fromisoformat(begins):
            return f"By locate ticket {number} nobody may dig before {begins}."
        if now > datetime.fromisoformat(ends):
            return f"Locate ticket {number} expired {ends}. Call dispatch: 811 has to mark the place again."
        return None

    def _is_cut_off(self, order: Mapping[str, Any]) -> bool:
        found = self._type_says(order, "is_cut_off")
        return str(order["type_code"]).startswith("CUT_OFF_NP") if found is None else found

    def _type_says(self, order: Mapping[str, Any], word: str) -> bool | None:
        """A member of the order's type, in the order's version; None where the tablet does not know the type."""
        for kind in view.every(self.store, "order_type"):
            if (kind["code"], kind["version"]) == (order["type_code"], order["type_version"]):
                return bool(kind["definition"].get(word))
        return None

    def _check_start(self, order_id: str) -> None:
        refusal = self.why_not_start(order_id)
        if refusal is not None:
            raise NotAllowed(refusal)

    # -- routes and places

    def read(
        self,
        stop_id: str,
        readings: Mapping[str, str],
        *,
        trouble: Mapping[str, Sequence[str]] | None = None,
        note: str | None = None,
    ) -> str:
        """`readings`: the digits by register id, with leading zeros; `trouble`: codes of what is wrong, likewise."""
        wrong = trouble or {}
        said = [
            {"register_id": register, "value": value, "trouble": list(wrong.get(register, ()))}
            for register, value in readings.items()
        ]
        args = {"stop_id": stop_id, "readings": said, **_given(note=note)}
        return self._note("stop", stop_id, "stop.read", args, kind_version=2)

    def skip(self, stop_id: str, skip_code: str, *, category: str | None = None, note: str | None = None) -> str:
        args = {"stop_id": stop_id, "skip_code": skip_code, **_given(category=category, note=note)}
        return self._note("stop", stop_id, "stop.skip", args)

    def report(self, service_point_id: str, category: str, *, note: str | None = None) -> str:
        """Something is in the way; returns the id of the new access issue, not of the op."""
        issue_id = str(uuid_utils.uuid7())
        args = {"access_issue_id": issue_id, "service_point_id": service_point_id, "category": category}
        outbox.append(
            self.store, "access_issue.report", f"access_issue/{issue_id}", {**args, **_given(note=note)}, None
        )
        return issue_id

    def edit_place(self, service_point_id: str, **fields: Any) -> str:
        """Corrects access_notes, read_instructions or hazards; what they were goes along for the merge."""
        place = self._find("service_point", service_point_id)
        changes = {name: {"base": place[name], "value": value} for name, value in fields.items()}
        args = {"service_point_id": service_point_id, "fields": changes}
        return self._note("service_point", service_point_id, "service_point.edit", args)

    # -- photos

    def attach_photo(
        self, owner: str, label: str, data: bytes, media_type: str = "image/jpeg", thumbnail: bytes | None = None
    ) -> str:
        """`owner` is `service_order/<id>` or `access_issue/<id>`; returns the attachment's id.

        `thumbnail` is what the tablet itself shows, of at most 20 KB: it goes ahead, so that the office sees it too.
        """
        entity_type, _, owner_id = owner.partition("/")
        attachment_id = str(uuid_utils.uuid7())
        digest = hashlib.sha256(data).hexdigest()
        name = "order_id" if entity_type == "service_order" else "access_issue_id"
        args: dict[str, Any] = {"attachment_id": attachment_id, name: owner_id, "label": label}
        args |= {"media_type": media_type, "sha256": digest, "size": len(data)}
        kept = self.store.server_row(entity_type, owner_id)
        with self.store.transaction() as db:
            op_id = outbox.append(self.store, "attachment.declare", owner, args, kept[0] if kept else None)
            db.execute(
                "INSERT INTO attachment (attachment_id, op_id, owner, label, media_type, sha256, size, bytes,"
                " thumbnail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (attachment_id, op_id, owner, label, media_type, digest, len(data), data, thumbnail),
            )
        return attachment_id

    # -- common

    def _order(self, order_id: str, kind: str, args: Mapping[str, Any]) -> str:
        order = self._find("service_order", order_id)
        if order["state"] in _ENDED:
            raise NotAllowed(f"{order['number'] or 'This order'} is {order['state']} already.")
        return self._note("service_order", order_id, kind, args)

    def _note(self, entity_type: str, row_id: str, kind: str, args: Mapping[str, Any], *, kind_version: int = 1) -> str:
        row = self._find(entity_type, row_id)
        if row["leaving"]:
            raise NotAllowed("This was given to somebody else; it goes when your work on it has arrived.")
        kept = self.store.server_row(entity_type, row_id)
        base = kept[0] if kept else None
        return outbox.append(self.store, kind, f"{entity_type}/{row_id}", args, base, kind_version=kind_version)

    def _find(self, entity_type: str, row_id: str) -> dict[str, Any]:
        row = view.find(self.store, entity_type, row_id)
        if row is None:
            raise NotAllowed(f"This {entity_type.replace('_', ' ')} is not on the tablet.")
        return row


def _given(**values: Any) -> dict[str, Any]:
    """Only what was given: an absent member and a null are different things in the contract."""
    return {name: value for name, value in values.items() if value is not None}


def readings_of(place: Mapping[str, Any], values: Sequence[str]) -> dict[str, str]:
    """The digits for the registers of a place's first meter, in their positions."""
    registers: list[dict[str, Any]] = place["meters"][0]["registers"]
    return {register["register_id"]: value for register, value in zip(registers, values, strict=True)}
