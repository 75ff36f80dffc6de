"""Cross-checks the other work on meters against the books: setting, pulling, and changing a register or a radio."""

from collections.abc import Iterator

from curbstop.domain.change_outs import (
    Books,
    ChangeOut,
    check_in_reads,
    check_model,
    check_new_meter,
    check_out_reads,
    check_radio,
    check_when_and_where,
)
from curbstop.domain.findings import Finding, reject, warn
from curbstop.domain.meters import PhysicalState

# Where a meter may be set: there is a tap, and nothing that says the service is gone for good.
SETTABLE = frozenset(PhysicalState) - {PhysicalState.NO_TAP, PhysicalState.CUT_AT_MAIN, PhysicalState.ABANDONED}


def check_set(out: ChangeOut, books: Books, *, state: PhysicalState, locked: bool) -> Iterator[Finding]:
    """A meter was set. Codes: those of a new meter, METER_HERE, NO_TAP, NOT_LOCKED."""
    if books.installed_serial is not None and books.installed_serial != out.new_serial:
        yield reject("METER_HERE", "new_serial", f"{books.installed_serial} is installed here; a change-out ends that")
    if state not in SETTABLE:
        yield reject("NO_TAP", None, f"the service is {state.value.replace('_', ' ')}: there is nothing to set it on")
    if not locked:
        yield reject("NOT_LOCKED", "locked_on_set", "a meter that is set stays locked until it was inspected")
    yield from check_new_meter(out, books)
    yield from check_in_reads(out, books)
    yield from check_model(out, books)
    yield from check_when_and_where(out, books)


def check_pull(out: ChangeOut, books: Books, *, in_service: str | None, approved: bool) -> Iterator[Finding]:
    """A meter was pulled. `in_service` is the account that the place's last meter serves.

    `approved`: a supervisor has given a reason to pull it all the same.

    Codes: OLD_NOT_INSTALLED, those of the last readings, LAST_METER.
    """
    yield from check_here(out, books)
    if in_service is not None:
        make = warn if approved else reject
        yield make("LAST_METER", None, f"account {in_service} is in service and has no other meter: final it first")
    yield from check_out_reads(out, books)
    yield from check_when_and_where(out, books)


def check_parts(out: ChangeOut, books: Books, *, register: bool, radio: bool) -> Iterator[Finding]:
    """A register or a radio was changed. Codes: as of a change-out, ENDPOINT_MISSING, IN_MISSING, OLD_ENDPOINT."""
    yield from check_here(out, books)
    if radio:
        if not out.new_endpoint:
            yield reject("ENDPOINT_MISSING", "new_endpoint", "the number of the new radio is missing")
        yield from check_radio(out, books)
    if register:
        yield from check_out_reads(out, books)
        for position in books.registers.keys() - out.in_reads.keys():
            yield reject("IN_MISSING", "in_read", f"register {position} was not read when it was new")
        for position in out.in_reads.keys() - books.registers.keys():
            yield reject("NO_SUCH_REGISTER", "in_read", f"the meter has no register {position[:10]}")
        yield from check_in_reads(out, books)
    yield from check_when_and_where(out, books)


def check_here(out: ChangeOut, books: Books) -> Iterator[Finding]:
    """The meter that was worked on is the one of the books."""
    if out.old_serial != books.installed_serial:
        here = books.installed_serial or "no meter"
        yield reject("OLD_NOT_INSTALLED", "serial_seen", f"{here} is installed here, not {out.old_serial}")
