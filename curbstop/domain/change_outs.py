"""Cross-checks a meter change-out against the books: seventeen rules, each with a code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from curbstop.domain.findings import Finding, Severity, reject, warn
from curbstop.domain.inventory import AT_HAND
from curbstop.domain.meters import MeterStatus
from curbstop.domain.problems import Problem
from curbstop.domain.readings import RegisterFacts, judge, parse_reading

CLOCK_LENIENCY = timedelta(minutes=10)
ACCURATE_M, NEAR_M, FAR_M = 15.0, 30.0, 150.0
# A new meter has counted next to nothing: of its capacity, and in units.
NEW_SHARE, NEW_UNITS = Decimal("0.05"), Decimal(1000)


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
    new_make: str | None = None
    new_model: str | None = None
    new_endpoint: str | None = None
    old_unreadable: bool = False
    estimated_out_read: bool = False
    estimate_reason: str | None = None
    found_different_meter: bool = False
    typed_by_hand: bool = False  # the new serial was not scanned
    serial_again: str | None = None  # and typed a second time
    accuracy_m: float | None = None
    distance_m: float | None = None  # from the fix to the service point
    test_read: str | None = None  # read through the new radio

    @property
    def face(self) -> RegisterFacts:
        """The new meter's registers."""
        return RegisterFacts(self.new_dials, self.new_decimals, self.new_multiplier)


@dataclass(frozen=True, slots=True)
class Model:
    """The model catalogue's entry for the new meter; None means that the catalogue does not say."""

    size: str | None = None
    dials: int | None = None
    decimals: int | None = None
    resolution: Decimal | None = None  # the smallest step that its registers show, in their units
    multiplier: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """What the database knows at the moment of the check.

    `registers`, `last_reads` and `expected` (usage until now) are those of the meter that was taken out, by position.
    """

    now: datetime
    installed_serial: str | None
    zone: tzinfo = UTC
    installed_size: str | None = None
    registers: Mapping[str, RegisterFacts] = field(default_factory=dict)
    last_reads: Mapping[str, Decimal] = field(default_factory=dict)
    expected: Mapping[str, Decimal] = field(default_factory=dict)
    last_read_at: datetime | None = None
    new_active_at: str | None = None  # number of the other service point where the new meter is installed
    new_status: MeterStatus | None = None  # None: the inventory does not know the serial
    old_active_at: str | None = None  # number of the other service point where the meter taken out should be
    endpoint_active_at: str | None = None
    model: Model | None = None
    model_unknown: bool = False  # there is a catalogue, and the model is not in it
    out_photo: bool = False
    same_already_recorded: bool = False


def already_recorded(books: Books) -> bool:
    """Whether the same exchange was stored before: then it is a no-op, not an error."""
    return books.same_already_recorded


def found_another(change_out: ChangeOut, installed_serial: str | None) -> bool:
    """Whether the meter in the ground was not the one of the books, and the technician says so."""
    return change_out.found_different_meter and change_out.old_serial != installed_serial


def blocks_posting(findings: list[Finding]) -> bool:
    """Whether one of the findings must be settled before the exchange may be posted."""
    return any(finding.severity is Severity.REJECT for finding in findings)


def check(change_out: ChangeOut, books: Books) -> list[Finding]:
    """Everything that does not fit. A completed exchange is a fact: a reject keeps it from posting, not from storage.

    Codes: NEW_ACTIVE_ELSEWHERE, NEW_ACTIVE_HERE, NEW_NOT_IN_STOCK, SAME_SERIAL, ENDPOINT_ACTIVE_ELSEWHERE,
    OLD_NOT_INSTALLED, DIFFERENT_METER, OLD_ACTIVE_ELSEWHERE, DIGITS, NO_SUCH_REGISTER, OUT_LT_LAST, OUT_UNUSUAL,
    OUT_MISSING, CANNOT_ESTIMATE, NOT_ESTIMATED, ESTIMATE_WITHOUT_REASON, IN_READ_HIGH, MODEL_DIFFERS, MODEL_UNKNOWN,
    SIZE_CHANGED, BEFORE_LAST_READ, IN_FUTURE, GPS_INACCURATE, FAR, TOO_FAR, SERIAL_UNCONFIRMED, CROSS_WIRED.
    """
    if already_recorded(books):
        return []
    return [
        *check_new_meter(change_out, books),
        *_check_old(change_out, books),
        *check_out_reads(change_out, books),
        *check_in_reads(change_out, books),
        *check_model(change_out, books),
        *check_when_and_where(change_out, books),
    ]


def check_new_meter(out: ChangeOut, books: Books) -> Iterator[Finding]:
    """What the books say against the meter and the radio that were put in."""
    if out.new_serial == out.old_serial:
        yield reject("SAME_SERIAL", "new_serial", "the new meter has the old one's serial number")
    elif books.new_active_at is not None:
        where = books.new_active_at
        yield reject("NEW_ACTIVE_ELSEWHERE", "new_serial", f"{out.new_serial} is installed at {where}")
    elif out.new_serial == books.installed_serial:
        yield reject("NEW_ACTIVE_HERE", "new_serial", f"{out.new_serial} is installed here already, by another change")
    elif books.new_status not in AT_HAND:
        status = books.new_status.value if books.new_status else "not known"
        yield warn("NEW_NOT_IN_STOCK", "new_serial", f"{out.new_serial} is {status} in the inventory")
    yield from check_radio(out, books)
    if out.typed_by_hand and out.serial_again != out.new_serial:
        said = f"and then {out.serial_again}" if out.serial_again else "and not typed a second time"
        yield warn("SERIAL_UNCONFIRMED", "new_serial", f"{out.new_serial} was typed by hand {said}")


def check_radio(out: ChangeOut, books: Books) -> Iterator[Finding]:
    """A radio transmits for one meter."""
    if books.endpoint_active_at is not None:
        where = books.endpoint_active_at
        yield reject("ENDPOINT_ACTIVE_ELSEWHERE", "new_endpoint", f"{out.new_endpoint} transmits for {where}")


def _check_old(out: ChangeOut, books: Books) -> Iterator[Finding]:
    if out.old_serial == books.installed_serial:
        return
    text = f"{books.installed_serial or 'no meter'} is installed here, not {out.old_serial}"
    if not out.found_different_meter:
        yield reject("OLD_NOT_INSTALLED", "old_serial", text)
        return
    yield warn("DIFFERENT_METER", "old_serial", text)
    if books.old_active_at is not None:
        where = books.old_active_at
        yield warn("OLD_ACTIVE_ELSEWHERE", "old_serial", f"{out.old_serial} should be at {where}")


def check_out_reads(out: ChangeOut, books: Books) -> Iterator[Finding]:
    """The last readings against those before, register by register."""
    if out.estimated_out_read and not out.estimate_reason:
        yield warn("ESTIMATE_WITHOUT_REASON", "estimate_reason", "an estimated reading needs a reason")
    if out.old_unreadable and not out.estimated_out_read:
        yield warn("NOT_ESTIMATED", "out_read", "the old meter could not be read, and its reading is no estimate")
    if books.registers:
        for position in out.out_reads.keys() - books.registers.keys():
            yield reject("NO_SUCH_REGISTER", "out_read", f"the old meter has no register {position[:10]}")
    for position, register in books.registers.items():
        if position in out.out_reads:
            yield from _check_out_read(out, books, position, register)
        elif not out.estimated_out_read:
            yield reject("OUT_MISSING", "out_read", f"register {position} of the old meter was not read")
        elif position not in books.last_reads:
            yield reject("CANNOT_ESTIMATE", "out_read", f"register {position} was never read, so nobody can guess it")


def _check_out_read(out: ChangeOut, books: Books, position: str, register: RegisterFacts) -> Iterator[Finding]:
    try:
        value = parse_reading(out.out_reads[position], register)
    except Problem as problem:
        yield reject("DIGITS", "out_read", problem.detail)
        return
    last = books.last_reads.get(position)
    if last is None:
        return
    verdict = judge(register, last, value, expected=books.expected.get(position))
    if verdict.usage is None:
        # A photo or the technician's word explains it; otherwise it was misread.
        make = warn if books.out_photo or out.estimate_reason else reject
        yield make("OUT_LT_LAST", "out_read", f"{value} is below the last reading {last:f}")
        return
    for finding in verdict.findings:
        yield warn("OUT_UNUSUAL", "out_read", finding.detail)


def estimate(books: Books, position: str) -> Decimal:
    """The reading that an unreadable register would show: the last one and what is usually used, past its end too."""
    register, last = books.registers[position], books.last_reads[position]
    step = Decimal(1).scaleb(-register.decimals)
    guessed = (last + books.expected.get(position, Decimal(0))).quantize(step)
    return guessed % register.capacity


def check_in_reads(out: ChangeOut, books: Books) -> Iterator[Finding]:
    """The first readings of new registers, and what the new radio says of them."""
    register = out.face
    for position, value in out.in_reads.items():
        if position not in ("1", "2", "3", "4"):
            yield reject("NO_SUCH_REGISTER", "in_read", f"{position[:10]!r} is no register: they are 1, 2...")
        try:
            number = parse_reading(value, register)
        except Problem as problem:
            yield reject("DIGITS", "in_read", problem.detail)
            continue
        if number > min(register.capacity * NEW_SHARE, NEW_UNITS):
            yield warn("IN_READ_HIGH", "in_read", f"{number} is much for a new meter")
    if out.test_read is not None:
        yield from _check_test_read(out, register, books.model)


def _check_test_read(out: ChangeOut, register: RegisterFacts, model: Model | None) -> Iterator[Finding]:
    resolution = (model.resolution if model else None) or Decimal(1).scaleb(-register.decimals)
    try:
        heard = parse_reading(out.test_read or "", register)
        shown = parse_reading(next(iter(out.in_reads.values()), ""), register)
    except Problem as problem:
        yield reject("DIGITS", "test_read", problem.detail)
        return
    if abs(heard - shown) > resolution:
        yield warn("CROSS_WIRED", "new_endpoint", f"the radio says {heard}, the register {shown}")


def check_model(out: ChangeOut, books: Books) -> Iterator[Finding]:
    """The new meter against the model catalogue, and its size against the old one's."""
    if books.model_unknown:
        what = " ".join(filter(None, (out.new_make, out.new_model))) or "a meter without a model"
        yield warn("MODEL_UNKNOWN", "new_model", f"{what} is not in the model catalogue")
    if books.model is not None:
        pairs = {
            "new_size": (out.new_size, books.model.size),
            "new_dials": (out.new_dials, books.model.dials),
            "new_decimals": (out.new_decimals, books.model.decimals),
            "new_multiplier": (out.new_multiplier, books.model.multiplier),
            "new_uom": (out.new_unit, books.model.unit),
        }
        for capture, (said, known) in pairs.items():
            if known is not None and said is not None and said != known:
                yield warn("MODEL_DIFFERS", capture, f"{said} here, {known} in the model catalogue")
        yield from _check_resolution(out, books.model)
    if out.new_size is not None and books.installed_size not in (None, out.new_size):
        yield warn("SIZE_CHANGED", "new_size", f"from {books.installed_size} to {out.new_size}: the rate may change")


def _check_resolution(out: ChangeOut, model: Model) -> Iterator[Finding]:
    if not model.resolution:
        return
    for value in out.in_reads.values():
        try:
            number = parse_reading(value, out.face)
        except Problem:
            continue
        if number % model.resolution:
            yield warn("MODEL_DIFFERS", "in_read", f"{number}, but this model shows steps of {model.resolution:f}")


def check_when_and_where(out: ChangeOut, books: Books) -> Iterator[Finding]:
    """The moment against the last reading and the server's clock, the position against the place's."""
    last = books.last_read_at
    # Days, not moments: readings that came from files have no certain hour.
    if last is not None and out.installed_at.astimezone(books.zone).date() < last.astimezone(books.zone).date():
        yield reject("BEFORE_LAST_READ", None, f"the last reading is from {last.astimezone(books.zone):%Y-%m-%d}")
    if out.installed_at > books.now + CLOCK_LENIENCY:
        yield reject("IN_FUTURE", None, "the exchange lies in the future")
    if out.accuracy_m is not None and out.accuracy_m > ACCURATE_M:
        yield warn("GPS_INACCURATE", "gps", f"accurate to {out.accuracy_m:.0f} m only")
    if out.distance_m is not None and out.distance_m > FAR_M:
        yield reject("TOO_FAR", "gps", f"{out.distance_m:.0f} m from the service point")
    elif out.distance_m is not None and out.distance_m > NEAR_M:
        yield warn("FAR", "gps", f"{out.distance_m:.0f} m from the service point")
