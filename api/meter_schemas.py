"""The shapes of meters, registers and readings in the API; what a register shows is text, as tablets have it."""

from decimal import Decimal
from typing import Any

from api.core import Answer
from api.core.schemas import Id, Many, Moment, Part, Text, Whole
from curbstop.domain.consumption import GALLONS
from curbstop.domain.meters import MeterStatus
from curbstop.domain.readings import ReadingKind

NULL: dict[str, Any] = {"allow_none": True}
STATUSES = [status.value for status in MeterStatus]
KINDS = [kind.value for kind in ReadingKind]
UNITS = list(GALLONS)


class Digits(Text):
    """A decimal as the register shows it: no exponent, no zeros behind the point that say nothing."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if not isinstance(value, Decimal):
            return value if value is None else str(value)
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class RegisterAnswer(Answer):
    id = Id("The register's id.")
    position = Whole("Which of the meter's registers; a compound meter has two.", 1)
    dials = Whole("How many digits it shows.", 6)
    decimals = Whole("How many of them may stand behind the point.", 0)
    multiplier = Digits("What one unit of it counts for.", "1")
    unit = Text("What it counts.", "GAL")
    last_value = Digits("The latest reading that was not superseded.", "1042", **NULL)
    last_kind = Text("Why that was taken.", "regular", choices=KINDS, **NULL)
    last_noted_at = Moment("When that was noted.", **NULL)


class InstalledMeterAnswer(Answer):
    id = Id("The meter's id.")
    serial = Text("Its serial number.", "K10000042")
    size = Text("Its size in inches.", "5/8", **NULL)
    manufacturer = Text("Who made it.", "Kestrel", **NULL)
    model = Text("Which model.", "K20", **NULL)
    radio_id = Text("Its radio.", "80000042", **NULL)
    installed_at = Moment("Since when it is here.", **NULL)
    registers = Many(Part(RegisterAnswer, "A register."), "Its registers, in their order.")


class MeterLineAnswer(Answer):
    """A meter of the inventory and where it is now."""

    id = Id("The meter's id.")
    version = Whole("The version, for If-Match.", 3)
    serial = Text("Its serial number.", "K10000042")
    size = Text("Its size in inches.", "5/8", **NULL)
    manufacturer = Text("Who made it.", "Kestrel", **NULL)
    model = Text("Which model.", "K20", **NULL)
    status = Text("Its place in the inventory.", "installed", choices=STATUSES)
    radio_id = Text("The radio that it is paired with.", "80000042", **NULL)
    radio_kind = Text("What kind of radio.", "AMI", **NULL)
    service_point_id = Id("Where it is installed.", **NULL)
    service_point_number = Text("Where it is installed, by number.", "SP-000042", **NULL)
    address = Text("The address there.", "12 Main St", **NULL)
    installed_at = Moment("Since when it is there.", **NULL)
    source_key = Text("What another system calls this meter.", "billing/4711", **NULL)
    created_at = Moment("When it was entered.")
    updated_at = Moment("When it was last changed.")


class InstallationAnswer(Answer):
    id = Id("The installation's id.")
    service_point_id = Id("Where it was.")
    service_point_number = Text("Where it was, by number.", "SP-000042")
    address = Text("The address there.", "12 Main St")
    installed_at = Moment("From when.")
    removed_at = Moment("Until when; null while it is there.", **NULL)
    order_id = Id("The order that installed it.", **NULL)


class MeterAnswer(MeterLineAnswer):
    """One meter whole."""

    version = Whole("The version, also in the ETag.", 3)
    registers = Many(Part(RegisterAnswer, "A register."), "Its registers, in their order.")
    installations = Many(Part(InstallationAnswer, "A place."), "Where it was over time, the latest first.")


class ReadingAnswer(Answer):
    """A reading: an append-only fact."""

    id = Id("The reading's id.")
    meter_id = Id("The meter.")
    register_id = Id("The register that was read.")
    position = Whole("Which of the meter's registers.", 1)
    service_point_id = Id("Where the meter was.", **NULL)
    value = Digits("What the register showed.", "1042")
    unit = Text("What it counts.", "GAL")
    kind = Text("Why it was taken.", "regular", choices=KINDS)
    source = Text("Where it came from: route, order, office, import.", "route")
    noted_at = Moment("When it was read, by the clock of whoever read it.")
    recorded_at = Moment("When the server heard of it.")
    order_id = Id("The order that it was read for.", **NULL)
    superseded_by_id = Id("The better reading that took its place.", **NULL)
    flags = Many(Text("A finding's code.", "HIGH"), "What is out of the ordinary; kept, never refused.", ["HIGH"])
