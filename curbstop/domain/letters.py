"""Letters: what kinds there are, what each may say, and the states from a draft to what the post made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from curbstop.domain.problems import Problem


class LetterKind(StrEnum):
    """What a letter is for; each has a template in each language."""

    ACCESS_NOTICE_1 = "access_notice_1"
    ACCESS_NOTICE_2 = "access_notice_2"
    ACCESS_FINAL = "access_final"
    CUT_OFF_NOTICE = "cut_off_notice"
    RETURNED_PAYMENT_NOTICE = "returned_payment_notice"
    CURB_STOP_NOTICE = "curb_stop_notice"
    DOOR_TAG = "door_tag"


class Language(StrEnum):
    EN = "en"
    ES = "es"


class Recipient(StrEnum):
    """Whom it goes to: whoever lives there, or whoever owns the place."""

    OCCUPANT = "occupant"
    OWNER = "owner"


class LetterState(StrEnum):
    """Where a letter is. From APPROVED on, nothing of it changes."""

    DRAFT = "draft"
    APPROVED = "approved"
    QUEUED = "queued"
    MAILED = "mailed"
    DELIVERED = "delivered"
    RETURNED = "returned_undeliverable"
    VOID = "void"


class LetterEvent(StrEnum):
    APPROVE = "approve"
    QUEUE = "queue"
    UNQUEUE = "unqueue"
    MAIL = "mail"
    DELIVER = "deliver"
    RETURN = "return"
    VOID = "void"


_S, _E = LetterState, LetterEvent
MOVES: Final[dict[tuple[LetterState, LetterEvent], LetterState]] = {
    (_S.DRAFT, _E.APPROVE): _S.APPROVED,
    (_S.APPROVED, _E.QUEUE): _S.QUEUED,
    (_S.QUEUED, _E.UNQUEUE): _S.APPROVED,
    (_S.APPROVED, _E.MAIL): _S.MAILED,
    (_S.QUEUED, _E.MAIL): _S.MAILED,
    (_S.MAILED, _E.DELIVER): _S.DELIVERED,
    (_S.MAILED, _E.RETURN): _S.RETURNED,
    # The post takes its time: what was thought delivered may still come back.
    (_S.DELIVERED, _E.RETURN): _S.RETURNED,
    (_S.DRAFT, _E.VOID): _S.VOID,
    (_S.APPROVED, _E.VOID): _S.VOID,
}


def step(state: LetterState, event: LetterEvent) -> LetterState:
    """The next state, or Problem(`impossible_transition`) with `state`, `event` and `possible`."""
    to = MOVES.get((state, event))
    if to is None:
        possible = [name.value for name in LetterEvent if (state, name) in MOVES]
        detail = f"{event.value} cannot happen to a letter that is {state.value}."
        raise Problem("impossible_transition", detail, state=state.value, event=event.value, possible=possible)
    return to


@dataclass(frozen=True, slots=True)
class MergeField:
    """One word of a kind's whitelist: what it says, an example, and whether a letter may go without it."""

    says: str
    example: str
    required: bool = True


# What every letter has without anybody's saying so; from the policy, the account and the place.
GIVEN: Final[dict[str, MergeField]] = {
    "number": MergeField("the letter's number", "LT-2026-00012"),
    "date": MergeField("the day of the letter", "May 4, 2026"),
    "utility": MergeField("the utility's name", "Millbrook Water"),
    "return_address": MergeField("its address, in lines", "100 Main St\nMillbrook, NC 27000"),
    "telephone": MergeField("its telephone", "919-555-0100"),
    "hours": MergeField("when somebody answers", "Monday to Friday, 8:00 to 17:00"),
    "citation": MergeField("the ordinance that it rests on", "Code of Ordinances, section 51.33(C)", required=False),
    "name": MergeField("whom it is for; a withheld name is 'Resident'", "Pat Customer"),
    "address": MergeField("where it goes, in lines", "12 Main St\nMillbrook, NC 27000"),
    "service_address": MergeField("the place that it is about", "12 Main St, Millbrook"),
    "account_number": MergeField("the account", "AC-000123", required=False),
    "photos": MergeField("photos of what was seen, as files to place", "photo-0.jpg", required=False),
}
_ACCESS: Final = {
    "category": MergeField("what is in the way", "Bushes or grass over the meter"),
    "remedy": MergeField("what to do", "Trim plants at least 2 ft around the meter box."),
    "seen_on": MergeField("when it was seen last, and photographed", "May 1, 2026"),
    "respond_by": MergeField("by when it is to be cleared", "May 21, 2026"),
    "consequence": MergeField("what follows otherwise", "We will estimate your reading."),
}
_HEARING = MergeField("how to be heard before that", "Ask for a hearing by May 14.")
# A balance in no access letter, a gate code or a reason for a hold in none at all.
FIELDS: Final[dict[LetterKind, dict[str, MergeField]]] = {
    LetterKind.ACCESS_NOTICE_1: _ACCESS,
    LetterKind.ACCESS_NOTICE_2: _ACCESS | {"first_notice_on": MergeField("when the first was mailed", "May 1, 2026")},
    LetterKind.ACCESS_FINAL: _ACCESS
    | {
        "first_notice_on": MergeField("when the first was mailed", "May 1, 2026"),
        "consequence_on": MergeField("on which day it follows", "June 20, 2026"),
        "hearing": _HEARING,
    },
    LetterKind.CUT_OFF_NOTICE: {
        "past_due": MergeField("what is past due", "$84.20"),
        "pay_by": MergeField("the last day to pay", "May 14, 2026"),
        "cut_on": MergeField("the day of the cut-off", "May 18, 2026"),
        "restoral_fee": MergeField("what it costs to have the water back", "$50.00", required=False),
        "hearing": _HEARING,
    },
    LetterKind.RETURNED_PAYMENT_NOTICE: {
        "amount": MergeField("the payment that came back", "$84.20"),
        "returned_on": MergeField("when it came back", "May 4, 2026"),
        "pay_by": MergeField("the last day to pay", "May 8, 2026"),
        "hearing": _HEARING,
    },
    LetterKind.CURB_STOP_NOTICE: {
        "cut_on": MergeField("from which day the service may be cut at the curb stop or the main", "May 18, 2026"),
        "because": MergeField("why", "The lock was found broken for the second time."),
        "hearing": _HEARING,
    },
    LetterKind.DOOR_TAG: {
        "done": MergeField("what was done, and when", "Your water was cut off on May 18, 2026 at 10:05."),
        "what_now": MergeField("what to do", "Call us to have it restored."),
    },
}
# Kinds whose approval is another person's than a CSR's: they name what is done to the customer.
ESCALATING: Final = frozenset({LetterKind.ACCESS_FINAL, LetterKind.CURB_STOP_NOTICE})


def check_fields(kind: LetterKind, fields: Mapping[str, Any]) -> dict[str, str]:
    """The fields as text, or Problem(`invalid`) that names those which the kind does not know, lacks or has wrongly."""
    known = FIELDS[kind]
    unknown = sorted(set(fields) - set(known))
    if unknown:
        detail = f"A {kind.value} has no field {', '.join(unknown)}; it has {', '.join(known)}."
        raise Problem("invalid", detail, field="fields", unknown=unknown)
    missing = [name for name, field in known.items() if field.required and not fields.get(name)]
    if missing:
        raise Problem("invalid", f"A {kind.value} needs {', '.join(missing)}.", field="fields", missing=missing)
    wrong = sorted(name for name, value in fields.items() if not isinstance(value, str) or len(value) > 1_000)
    if wrong:
        raise Problem("invalid", f"{', '.join(wrong)} must be text of at most 1,000 characters.", field="fields")
    return {name: str(value) for name, value in fields.items()}


def sample(kind: LetterKind) -> dict[str, Any]:
    """Made-up fields for a trial of a template."""
    words = {name: field.example for name, field in {**GIVEN, **FIELDS[kind]}.items()}
    return words | {"photos": []}


def presort_key(postal_code: str | None, street: str, house_number: str | None) -> tuple[str, str, int, str]:
    """The order in which the post wants them: by ZIP and +4, street, house number."""
    digits = "".join(char for char in house_number or "" if char.isdigit())
    return (postal_code or "~", street, int(digits or 0), house_number or "")


def markdown() -> str:
    """The page docs/letter-fields.md: the whitelist of each kind."""
    parts = [
        "# What letters may say",
        "Generated by `python -m curbstop.domain.pages` from `curbstop/domain/letters.py`; do not edit.\n"
        "A template uses these fields and no others: `#d.name` in its Typst source.",
        "## Every letter",
        _table(GIVEN),
    ]
    for kind, fields in FIELDS.items():
        parts += [f"## {kind.value}", _table(fields)]
    return "\n\n".join(parts) + "\n"


def _table(fields: Mapping[str, MergeField]) -> str:
    rows = [
        f"| `{name}` | {field.says} | {field.example.replace(chr(10), ', ')} | {'yes' if field.required else 'no'} |"
        for name, field in fields.items()
    ]
    return "\n".join(["| Field | What it says | For example | Always there |", "|---|---|---|---|", *rows])


_MONTHS: Final = {
    Language.EN: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    Language.ES: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
}


def day_in_words(day: date, language: Language) -> str:
    """ "May 4, 2026", "4 de mayo de 2026" """
    month = _MONTHS[language][day.month - 1]
    return f"{day.day} de {month} de {day.year}" if language is Language.ES else f"{month} {day.day}, {day.year}"
