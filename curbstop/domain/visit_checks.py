"""What a visit's captures say of each other and against the books: rules that hold wherever something is captured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from curbstop.domain.clocks import as_moment
from curbstop.domain.findings import Finding, reject, warn
from curbstop.domain.locks import NO_LOCK
from curbstop.domain.meters import OFF_STATES, PhysicalState
from curbstop.domain.order_types import CaptureKind, OrderType
from curbstop.domain.outcomes import load_code_tables
from curbstop.domain.problems import Problem
from curbstop.domain.readings import RegisterFacts, judge, parse_reading

CLOCK_LENIENCY = timedelta(minutes=10)
# Where one meter or register gives way to another, its own rules compare the readings.
_OTHER_METER = frozenset({"exchange_meter", "exchange_register", "install_meter"})
# Pairs of readings of one register in one visit: the later is not below the earlier.
_PAIRS = (("read", "out_read"), ("in_read", "out_read"))


@dataclass(frozen=True, slots=True)
class VisitPolicy:
    """What is odd about a visit, by this utility's measure."""

    off_use_units: int  # so much use while it was off is no accident
    move_days: int  # a final or first reading so near to the day of the move needs no proration
    furthest_move_m: int  # a place is corrected within this; further away is another place


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitBooks:
    """What the books say of the place at the moment of asking."""

    now: datetime
    zone: tzinfo
    policy: VisitPolicy
    created_at: datetime
    made_in_field: bool = False
    requested_on: date | None = None
    serial: str | None = None  # of the meter that is installed
    register: RegisterFacts | None = None  # its first one
    last_read: Decimal | None = None
    physical: PhysicalState = PhysicalState.ON
    lock_holder: str | None = None  # another place where the captured lock is in use
    moved_m: float | None = None  # from the place to the captured position


@dataclass(frozen=True, slots=True)
class _Seen:
    kind: OrderType
    captures: Mapping[str, Any]
    books: VisitBooks
    reads: Mapping[str, Decimal] = field(default_factory=dict)

    def does(self, effect: str) -> bool:
        return any(call.effect == effect for call in self.kind.effects)


def check(
    kind: OrderType, outcome: str, captures: Mapping[str, Any], books: VisitBooks, *, noted_at: datetime | None
) -> list[Finding]:
    """All that is wrong or odd; the captures themselves must be of their kinds already, others are passed over.

    Codes: NOTED_IN_FUTURE, NOTED_BEFORE_CREATED, SERIAL_MISMATCH, DIGITS, SECOND_READ_LOWER, OFF_USE, PRORATE,
    READ_AT_FUTURE, LOCK_NUMBER_MISSING, LOCK_IN_USE, TOO_FAR.
    """
    found = [*_times(books, noted_at)]
    if not load_code_tables().outcomes[outcome].completes:
        return found
    reads, wrong = _parsed(kind, captures, books.register)
    seen = _Seen(kind, captures, books, reads)
    return [*found, *wrong, *_serial(seen), *_pairs(seen), *_off_use(seen), *_dates(seen), *_locks(seen), *_place(seen)]


def _times(books: VisitBooks, noted_at: datetime | None) -> Iterator[Finding]:
    if noted_at is None:
        return
    if noted_at > books.now + CLOCK_LENIENCY:
        yield warn("NOTED_IN_FUTURE", None, "noted at a time that is still to come")
    # What was made in the field came to the server after the work.
    if not books.made_in_field and noted_at < books.created_at - CLOCK_LENIENCY:
        yield warn("NOTED_BEFORE_CREATED", None, "noted before the order was made")


def _parsed(
    kind: OrderType, captures: Mapping[str, Any], register: RegisterFacts | None
) -> tuple[dict[str, Decimal], list[Finding]]:
    reads: dict[str, Decimal] = {}
    wrong: list[Finding] = []
    if register is None or any(call.effect in _OTHER_METER for call in kind.effects):
        return reads, wrong
    for capture in kind.captures:
        value = captures.get(capture.name)
        if capture.kind is not CaptureKind.READING or value is None:
            continue
        try:
            reads[capture.name] = parse_reading(value, register)
        except Problem as problem:
            wrong.append(reject("DIGITS", capture.name, f"{capture.label}: {problem.detail}"))
    return reads, wrong


def _serial(seen: _Seen) -> Iterator[Finding]:
    given, known = seen.captures.get("serial_seen"), seen.books.serial
    if isinstance(given, str) and known is not None and _plain(given) != _plain(known):
        yield warn("SERIAL_MISMATCH", "serial_seen", f"the meter is {given}, and {known} by the books")


def _pairs(seen: _Seen) -> Iterator[Finding]:
    for first, second in _PAIRS:
        if first in seen.reads and second in seen.reads and seen.books.register is not None:
            ran = judge(seen.books.register, seen.reads[first], seen.reads[second])
            if ran.usage is None:
                said = f"{seen.reads[second]} is below {seen.reads[first]}, which was read before"
                yield reject("SECOND_READ_LOWER", second, said)


def _off_use(seen: _Seen) -> Iterator[Finding]:
    read, last = seen.reads.get("read", seen.reads.get("in_read")), seen.books.last_read
    if read is None or last is None or seen.books.register is None or seen.books.physical not in OFF_STATES:
        return
    usage = judge(seen.books.register, last, read).usage
    if usage is not None and usage > seen.books.policy.off_use_units:
        yield warn("OFF_USE", "read", f"{usage} units were used while it was {seen.books.physical.value}")


def _dates(seen: _Seen) -> Iterator[Finding]:
    read_at = as_moment(seen.captures.get("read_at"))
    if read_at is None:
        return
    if read_at > seen.books.now + CLOCK_LENIENCY:
        yield reject("READ_AT_FUTURE", "read_at", "a reading is not from the future")
    moved_on = seen.books.requested_on
    if moved_on is not None:
        apart = abs((read_at.astimezone(seen.books.zone).date() - moved_on).days)
        if apart > seen.books.policy.move_days:
            yield warn("PRORATE", "read_at", f"read {apart} days from the day that was asked for, {moved_on}")


def _locks(seen: _Seen) -> Iterator[Finding]:
    locked = seen.does("apply_lock") and seen.captures.get("lock_type") not in (None, NO_LOCK)
    again = seen.does("assess_tamper") and seen.captures.get("action") in ("relock", "heavy_duty")
    if not locked and not again:
        return
    if not seen.captures.get("lock_no") and not seen.captures.get("seal_no"):
        yield reject("LOCK_NUMBER_MISSING", "lock_no", "the lock or its seal has a number")
    if seen.books.lock_holder is not None:
        yield reject("LOCK_IN_USE", "lock_no", f"that lock is in use at {seen.books.lock_holder}")


def _place(seen: _Seen) -> Iterator[Finding]:
    moved, furthest = seen.books.moved_m, seen.books.policy.furthest_move_m
    if seen.does("request_route_change") and moved is not None and moved > furthest:
        yield reject("TOO_FAR", "gps", f"{moved:.0f} m from where it is now; a correction is within {furthest} m")


def _plain(serial: str) -> str:
    return "".join(serial.split()).upper()
