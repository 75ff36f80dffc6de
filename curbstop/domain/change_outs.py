"""Cross-checks a meter change-out against the books, and adds up consumption across it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from curbstop.domain.findings import Finding, Severity, reject, warn
from curbstop.domain.meters import MeterStatus
from curbstop.domain.problems import Problem
from curbstop.domain.readings import RegisterFacts, judge, parse_reading

# Gallons in one unit; the base unit of consumption across an exchange. A US gallon is 231 cubic inches.
GALLONS: Final = {
    "GAL": Decimal(1),
    "KGAL": Decimal(1000),
    "CF": Decimal(1728) / Decimal(231),
    "CCF": Decimal(172800) / Decimal(231),
    "M3": Decimal("264.172052358"),
}
CLOCK_LENIENCY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ChangeOut:
    """What the technician recorded; readings by register position ('1', '2'), as the digits were typed."""

    old_serial: str
    new_serial: str
    out_reads: Mapping[str, str | int]
    in_reads: Mapping[str, str | int]
    new_dials: int
    installed_at: datetime
    new_decimals: int = 0
    new_multiplier: Decimal = Decimal(1)
    new_unit: str = "GAL"
    new_size: str | None = None
    new_endpoint: str | None = None
    estimated_out_read: bool = False
    estimate_reason: str | None = None
    found_different_meter: bool = False
    serial_unconfirmed: bool = False  # typed by hand, and not typed twice
    accuracy_m: float | None = None
    distance_m: float | None = None  # from the fix to the service point
    test_read: str | None = None  # read through the new radio


@dataclass(frozen=True, slots=True)
class Model:
    """The model catalogue's entry for the new meter; None means that the catalogue does not say."""

    size: str | None = None
    dials: int | None = None
    decimals: int | None = None
    multiplier: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """What the database knows at the moment of the check."""

    now: datetime
    installed_serial: str | None
    installed_size: str | None = None
    registers: Mapping[str, RegisterFacts] = field(default_factory=dict)
    last_reads: Mapping[str, Decimal] = field(default_factory=dict)
    expected: Mapping[str, Decimal] = field(default_factory=dict)  # usage until now, by register
    last_read_at: datetime | None = None
    new_active_at: str | None = None  # number of the other service point where the new meter is installed
    new_status: MeterStatus | None = None  # None: the inventory does not know the serial
    endpoint_active_at: str | None = None
    model: Model | None = None
    out_photo: bool = False
    same_already_recorded: bool = False


def already_recorded(books: Books) -> bool:
    """Whether the same exchange was stored before: then it is a no-op, not an error."""
    return books.same_already_recorded


def blocks_posting(findings: list[Finding]) -> bool:
    """Whether one of the findings must be settled before the exchange may be posted."""
    return any(finding.severity is Severity.REJECT for finding in findings)


def check(change_out: ChangeOut, books: Books) -> list[Finding]:
    """Everything that does not fit. A completed exchange is a fact: a reject keeps it from posting, not from storage.

    Codes: NEW_ACTIVE_ELSEWHERE, NEW_NOT_IN_STOCK, SAME_SERIAL, ENDPOINT_ACTIVE_ELSEWHERE, OLD_NOT_INSTALLED,
    DIFFERENT_METER, DIGITS, OUT_LT_LAST, OUT_UNUSUAL, OUT_MISSING, ESTIMATE_WITHOUT_REASON, IN_READ_HIGH,
    MODEL_DIFFERS, SIZE_CHANGED, BEFORE_LAST_READ, IN_FUTURE, GPS_INACCURATE, FAR, TOO_FAR, SERIAL_UNCONFIRMED,
    CROSS_WIRED.
    """
    if already_recorded(books):
        return []
    return [
        *_check_meters(change_out, books),
        *_check_out_reads(change_out, books),
        *_check_in_reads(change_out),
        *_check_model(change_out, books),
        *_check_when_and_where(change_out, books),
    ]


def _check_meters(out: ChangeOut, books: Books) -> Iterator[Finding]:
    if out.new_serial == out.old_serial:
        yield reject("SAME_SERIAL", "new_serial", "the new meter has the old one's serial number")
    elif books.new_active_at is not None:
        where = books.new_active_at
        yield reject("NEW_ACTIVE_ELSEWHERE", "new_serial", f"{out.new_serial} is installed at {where}")
    elif books.new_status is not MeterStatus.STOCK:
        status = books.new_status.value if books.new_status else "not known"
        yield warn("NEW_NOT_IN_STOCK", "new_serial", f"{out.new_serial} is {status} in the inventory")
    if books.endpoint_active_at is not None:
        where = books.endpoint_active_at
        yield reject("ENDPOINT_ACTIVE_ELSEWHERE", "new_endpoint", f"{out.new_endpoint} transmits for {where}")
    if out.old_serial != books.installed_serial:
        text = f"{books.installed_serial or 'no meter'} is installed here, not {out.old_serial}"
        if out.found_different_meter:
            yield warn("DIFFERENT_METER", "old_serial", text)
        else:
            yield reject("OLD_NOT_INSTALLED", "old_serial", text)
    if out.serial_unconfirmed:
        yield warn("SERIAL_UNCONFIRMED", "new_serial", "typed by hand and not confirmed")


def _check_out_reads(out: ChangeOut, books: Books) -> Iterator[Finding]:
    if out.estimated_out_read and not out.estimate_reason:
        yield warn("ESTIMATE_WITHOUT_REASON", "estimate_reason", "an estimated reading needs a reason")
    for position, register in books.registers.items():
        if position not in out.out_reads:
            yield reject("OUT_MISSING", "out_read", f"register {position} of the old meter was not read")
            continue
        try:
            value = parse_reading(out.out_reads[position], register)
        except Problem as problem:
            yield reject("DIGITS", "out_read", problem.detail)
            continue
        last = books.last_reads.get(position)
        if last is not None:
            yield from _compare_out(value, last, register, books, position)


def _compare_out(
    value: Decimal, last: Decimal, register: RegisterFacts, books: Books, position: str
) -> Iterator[Finding]:
    verdict = judge(register, last, value, expected=books.expected.get(position))
    if verdict.usage is None:
        make = warn if books.out_photo else reject
        yield make("OUT_LT_LAST", "out_read", f"{value} is below the last reading {last}")
        return
    for finding in verdict.findings:
        yield warn("OUT_UNUSUAL", "out_read", finding.detail)


def _check_in_reads(out: ChangeOut) -> Iterator[Finding]:
    register = RegisterFacts(out.new_dials, out.new_decimals, out.new_multiplier)
    for value in out.in_reads.values():
        try:
            number = parse_reading(value, register)
        except Problem as problem:
            yield reject("DIGITS", "in_read", problem.detail)
            continue
        if number > min(register.capacity / 20, Decimal(1000)):
            yield warn("IN_READ_HIGH", "in_read", f"{number} is much for a new meter")
    if out.test_read is not None:
        yield from _check_test_read(out, register)


def _check_test_read(out: ChangeOut, register: RegisterFacts) -> Iterator[Finding]:
    resolution = Decimal(10) ** -register.decimals
    try:
        heard = parse_reading(out.test_read or "", register)
        shown = parse_reading(next(iter(out.in_reads.values()), ""), register)
    except Problem as problem:
        yield reject("DIGITS", "test_read", problem.detail)
        return
    if abs(heard - shown) > resolution:
        yield warn("CROSS_WIRED", "new_endpoint", f"the radio says {heard}, the register {shown}")


def _check_model(out: ChangeOut, books: Books) -> Iterator[Finding]:
    if books.model is not None:
        pairs = {
            "new_size": (out.new_size, books.model.size),
            "new_dials": (out.new_dials, books.model.dials),
            "new_decimals": (out.new_decimals, books.model.decimals),
            "new_multiplier": (out.new_multiplier, books.model.multiplier),
            "new_uom": (out.new_unit, books.model.unit),
        }
        for capture, (said, known) in pairs.items():
            if known is not None and said != known:
                yield warn("MODEL_DIFFERS", capture, f"{said} here, {known} in the model catalogue")
    if out.new_size is not None and books.installed_size not in (None, out.new_size):
        yield warn("SIZE_CHANGED", "new_size", f"from {books.installed_size} to {out.new_size}: the rate may change")


def _check_when_and_where(out: ChangeOut, books: Books) -> Iterator[Finding]:
    if books.last_read_at is not None and out.installed_at < books.last_read_at:
        yield reject("BEFORE_LAST_READ", None, f"the last reading is from {books.last_read_at:%Y-%m-%d}")
    if out.installed_at > books.now + CLOCK_LENIENCY:
        yield reject("IN_FUTURE", None, "the exchange lies in the future")
    if out.accuracy_m is not None and out.accuracy_m > 15:
        yield warn("GPS_INACCURATE", "gps", f"accurate to {out.accuracy_m:.0f} m only")
    if out.distance_m is not None and out.distance_m > 150:
        yield reject("TOO_FAR", "gps", f"{out.distance_m:.0f} m from the service point")
    elif out.distance_m is not None and out.distance_m > 30:
        yield warn("FAR", "gps", f"{out.distance_m:.0f} m from the service point")


@dataclass(frozen=True, slots=True)
class Span:
    """One register's usage on one side of the exchange, in register units, with what turns it into gallons."""

    usage: Decimal
    multiplier: Decimal = Decimal(1)
    unit: str = "GAL"


def consumption_gal(old: list[Span], new: list[Span]) -> Decimal:
    """Gallons used in a period with an exchange: the old meter's up to its removal, the new one's since."""
    return sum((span.usage * span.multiplier * GALLONS[span.unit] for span in (*old, *new)), Decimal(0))
