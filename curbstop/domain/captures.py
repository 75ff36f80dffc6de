"""Checks what a technician recorded against the order type: on the tablet, in push and in the office alike."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from curbstop.domain.findings import Finding, reject, warn
from curbstop.domain.order_types import Capture, CaptureKind, OrderType
from curbstop.domain.outcomes import load_code_tables

MAX_TEXT = 4_000
MAX_SERIAL = 40
MAX_DIGITS = 12  # the widest register there is; the meter's own dials are checked in readings.py


def check_captures(
    order_type: OrderType, outcome: str, captures: Mapping[str, Any], photos: Collection[str] = ()
) -> list[Finding]:
    """All that is wrong with a visit's record; an empty list means it is complete.

    `captures` maps names to JSON values; `photos` holds the capture's name once for each photo taken, whether or not
    its bytes have arrived. Codes: outcome_unknown, capture_unknown, capture_missing, capture_invalid, photo_missing.
    Missing photos only warn: they travel after the record, and posting waits for them.
    """
    if outcome not in order_type.outcomes:
        return [reject("outcome_unknown", None, f"{order_type.code} has no outcome {outcome}")]
    completes = load_code_tables().outcomes[outcome].completes
    taken = Counter(photos)
    findings = [
        warn("capture_unknown", name, f"{order_type.code} asks for no {name}")
        for name in captures
        if order_type.capture(name) is None
    ]
    for capture in order_type.captures:
        needed = capture.required and (outcome in capture.when if capture.when else completes)
        if capture.kind is CaptureKind.PHOTO:
            findings += _check_photo(capture, taken[capture.name], needed)
        elif captures.get(capture.name) is None:
            if needed:
                findings.append(reject("capture_missing", capture.name, f"{capture.label} is missing"))
        else:
            wrong = _wrong_with(capture, captures[capture.name])
            if wrong is not None:
                findings.append(reject("capture_invalid", capture.name, f"{capture.label}: {wrong}"))
    return findings


def _check_photo(capture: Capture, taken: int, needed: bool) -> list[Finding]:
    if not needed or taken >= capture.count:
        return []
    return [warn("photo_missing", capture.name, f"{capture.label}: {taken} of {capture.count} photos")]


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "must be text"
    return None if len(value) <= MAX_TEXT else f"is longer than {MAX_TEXT} characters"


def _serial(value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "must be a serial number as text"
    if len(value) > MAX_SERIAL:
        return f"is longer than {MAX_SERIAL} characters"
    plain = value.replace("-", "").replace("/", "").replace(".", "").replace(" ", "")
    return None if plain.isascii() and plain.isalnum() else "may hold letters, digits and - / . only"


def _reading(value: Any) -> str | None:
    """A reading is text or a whole number: a binary fraction would not be what the dials showed."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return "must be the digits of the register"
    digits = str(value).replace(".", "", 1)
    if not (digits.isascii() and digits.isdigit()):
        return "must be digits"
    return None if len(digits) <= MAX_DIGITS else f"has more than {MAX_DIGITS} digits"


def _readings(value: Any) -> str | None:
    if not isinstance(value, Mapping) or not value:
        return "must give a reading for each register"
    for register, reading in value.items():
        wrong = _reading(reading)
        if wrong is not None:
            return f"register {register} {wrong}"
    return None


def _choice(capture: Capture, value: Any) -> str | None:
    codes = [choice.code for choice in capture.choices]
    return None if value in codes else f"must be one of {', '.join(codes)}"


def _yes_no(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be yes or no"


def _number(capture: Capture, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return "must be a number"
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return "must be a number"
    if not number.is_finite():
        return "must be a number"
    if capture.min is not None and number < Decimal(str(capture.min)):
        return f"must be at least {capture.min:g}"
    if capture.max is not None and number > Decimal(str(capture.max)):
        return f"must be at most {capture.max:g}"
    return None


def _datetime(value: Any) -> str | None:
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return "must be a date and time like 2026-05-04T13:30:00Z"
    return None if when.tzinfo is not None else "must say its zone, as in 2026-05-04T13:30:00Z"


def _position(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "must be {longitude, latitude}"
    bounds = {"latitude": 90, "longitude": 180}
    for name, bound in bounds.items():
        number = value.get(name)
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not -bound <= number <= bound:
            return f"{name} must be between -{bound} and {bound} degrees"
    accuracy = value.get("accuracy_m", 0)
    if isinstance(accuracy, bool) or not isinstance(accuracy, (int, float)) or not accuracy >= 0:
        return "accuracy_m must be meters, 0 or more"
    return None


PLAIN_CHECKS: dict[CaptureKind, Callable[[Any], str | None]] = {
    CaptureKind.TEXT: _text,
    CaptureKind.SERIAL: _serial,
    CaptureKind.READING: _reading,
    CaptureKind.READINGS: _readings,
    CaptureKind.YES_NO: _yes_no,
    CaptureKind.DATETIME: _datetime,
    CaptureKind.POSITION: _position,
}


def _wrong_with(capture: Capture, value: Any) -> str | None:
    if capture.kind is CaptureKind.CHOICE:
        return _choice(capture, value)
    if capture.kind is CaptureKind.NUMBER:
        return _number(capture, value)
    return PLAIN_CHECKS[capture.kind](value)
