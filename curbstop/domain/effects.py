"""The vocabulary of effects: what posting an order may do to the utility's books."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from curbstop.domain.connections import ConnectionReason
from curbstop.domain.contacts import Reason
from curbstop.domain.meters import AccountStatus, PhysicalState
from curbstop.domain.readings import ReadingKind


@dataclass(frozen=True, slots=True)
class EffectKind:
    """One word of the vocabulary: what it does, the arguments an order type must give, and whether it is built."""

    says: str
    needs: tuple[str, ...] = ()
    built: bool = False
    in_the_ground: bool = (
        False  # somebody turned, took or put something: the fact stands even if the form is incomplete
    )
    # The words that an argument may be; any other argument is free.
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def wrong_with(self, args: Mapping[str, Any]) -> list[str]:
        """What is missing among the arguments, or is no word of theirs."""
        wrong = [f"needs {name!r}" for name in self.needs if name not in args]
        return wrong + [
            f"does not know {name} {args[name]!r}"
            for name, words in self.words.items()
            if name in args and args[name] not in words
        ]


def _of(enum: Any) -> frozenset[str]:
    return frozenset(word.value for word in enum)


EFFECTS: Final[dict[str, EffectKind]] = {
    "set_physical_state": EffectKind(
        "the service point's physical state becomes `to`",
        ("to",),
        built=True,
        in_the_ground=True,
        words={"to": _of(PhysicalState)},
    ),
    "record_reading": EffectKind(
        "where the capture was made, it is stored as the installed meter's reading of `kind`",
        ("capture", "kind"),
        built=True,
        words={"kind": _of(ReadingKind)},
    ),
    "set_account_status": EffectKind(
        "the account's status becomes `to`", ("to",), built=True, words={"to": _of(AccountStatus)}
    ),
    "exchange_meter": EffectKind(
        "the old installation ends with its final reading, the new one begins with its first",
        built=True,
        in_the_ground=True,
    ),
    "supersede_reading": EffectKind(
        "the reading that the order was made for is superseded by the capture's, and both are kept",
        ("capture",),
        built=True,
    ),
    "review_access_issue": EffectKind(
        "the linked access issue is cleared, or advances where `capture` says it is still there",
        ("capture",),
        built=True,
    ),
    "apply_lock": EffectKind(
        "the lock and seal numbers are stored at the service point", built=True, in_the_ground=True
    ),
    "remove_lock": EffectKind("the lock is marked as taken away", built=True, in_the_ground=True),
    "attach_fee": EffectKind("a fee of `kind` goes to billing, unless waived", ("kind",), built=True),
    "log_contact": EffectKind(
        "the contact log gets a line with `reason`", ("reason",), built=True, words={"reason": _of(Reason)}
    ),
    "notify_status": EffectKind(
        "other systems are told of the connection's state and its `reason`",
        ("reason",),
        built=True,
        words={"reason": _of(ConnectionReason)},
    ),
    "start_removal_timer": EffectKind(
        "once it has been off for as long as the policy says, a supervisor decides about the meter", built=True
    ),
    "create_order": EffectKind(
        "a following order of type `code` is created, where `only_if` holds or there is none", ("code",), built=True
    ),
    "exchange_register": EffectKind(
        "the register or radio of the installed meter is replaced", built=True, in_the_ground=True
    ),
    "install_meter": EffectKind("a meter's installation begins at the service point", built=True, in_the_ground=True),
    "remove_meter": EffectKind("the installation ends and its radio is retired", built=True, in_the_ground=True),
    "record_test": EffectKind(
        "the accuracy at each flow is computed and stored as evidence; a failed meter gets a change-out", built=True
    ),
    "request_feature": EffectKind("the GIS editor gets the as-built tap to draw", built=True),
    "open_temp_service": EffectKind("a temporary service begins, with its expiry", built=True, in_the_ground=True),
    "close_temp_service": EffectKind(
        "a temporary service ends and is billed by its readings", built=True, in_the_ground=True
    ),
    "ask_for_contact": EffectKind("somebody in the office is to tell the customer", built=True),
    "assess_tamper": EffectKind(
        "evidence is filed, the escalation ladder rises by one, and the new lock is in use",
        built=True,
        in_the_ground=True,
    ),
    "close_ami_event": EffectKind("the alarms that are open at the place are closed", built=True),
    "compare_radio": EffectKind("a radio that is another one by the books becomes a discrepancy", built=True),
    "bill_costs": EffectKind("hours and materials are billed to the owner by the policy's rates", built=True),
    "note_asset": EffectKind(
        "the work is noted at the place; the order's access issue and the utility's own there are cleared", built=True
    ),
    "request_route_change": EffectKind("the GIS editor gets a change request for the route or the place", built=True),
    "advance_tap": EffectKind("the tap request at the place hears that stage `to` is done", ("to",), built=True),
    "open_lot_accounts": EffectKind(
        "each lot of the development gets a pending account in the builder's name", built=True
    ),
}
