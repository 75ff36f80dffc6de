"""The layout of meter change-outs, in and out: the new meter as MCO has it, and our explicit half for the old one.

What is exported is read back in as what is there already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from curbstop.domain.consumption import GALLONS
from curbstop.files import builders
from curbstop.files.layout import Field, Layout
from curbstop.files.rejects import guard
from curbstop.files.values import code, day, decimal, integer, text

_DIGITS: Final = text(20)

CHANGE_OUTS: Final = Layout(
    "change_outs",
    (
        Field("record_number", text(20), "The row's number in the file", ("record_no", "record")),
        Field("record_type", code({"MCO": "MCO"}), "MCO", default="MCO"),
        Field("install_date", day, "Day of the exchange", ("installed_on", "date_installed", "change_date"),
              required=True),
        Field("serial", text(40), "Serial number of the new meter", ("serial_number", "new_serial", "new_meter"),
              required=True),
        Field("starting_reading", _DIGITS, "What the new meter showed", ("in_read", "new_reading"), default="0"),
        Field("multiplier", decimal(Decimal("0.0001"), Decimal(100_000)), "What one unit of it counts for",
              default=Decimal(1)),
        Field("dials", integer(1, 12), "How many digits it shows", ("number_of_dials", "no_of_dials"), required=True),
        Field("size", text(15), "Its size in inches", ("meter_size",)),
        Field("read_type", code({"AMI": "AMI", "AMR": "AMR"}), "AMI, AMR", ("meter_read_type",), default="AMI"),
        Field("latitude", decimal(Decimal(-90), Decimal(90)), "Where it was done", ("lat",)),
        Field("longitude", decimal(Decimal(-180), Decimal(180)), "Where it was done", ("lon", "long", "lng")),
        Field("decimals", integer(0, 4), "How many digits may stand behind the point", ("number_of_decimals",),
              default=0),
        Field("register_number", integer(1, 4), "Which of its registers; a row is one exchange", ("register",),
              default=1),
        Field("transponder_id", text(40), "Number of the new radio", ("radio_id", "endpoint_id", "mxu", "ert")),
        Field("manufacturer", text(40), "Who made it", ("make", "mfr")),
        Field("model", text(40), "Its model", ("meter_model",)),
        Field("unit_of_measure", code({unit: unit for unit in GALLONS}), "What it counts: GAL, KGAL, CF, CCF, M3",
              ("uom", "unit"), default="GAL"),
        Field("service_point", text(20), "Number of the service point; else where the old meter is",
              ("service_point_id", "service_point_number", "sp_number", "premise_id")),
        Field("old_serial", text(40), "Serial number of the old meter",
              ("old_serial_number", "old_meter", "out_serial"), required=True),
        Field("out_read", _DIGITS, "What the old meter showed; none where it is estimated",
              ("ending_reading", "old_reading", "final_reading")),
        Field("out_read_kind", code({"final": "final", "actual": "final", "estimated": "estimated", "E": "estimated",
              "A": "final"}), "final, or estimated", default="final"),
        Field("reason", text(40), "Why", ("reason_code",)),
        Field("remark", text(2000), "What explains what is odd; why a reading is estimated", ("remarks", "comment",
              "notes")),
        Field("installer", text(120), "Who did it", ("installed_by", "technician", "crew")),
        Field("photos", text(2000), "Names of the photos, between semicolons", ("photo", "images")),
    ),
    builders.change_out,
    # The row's number is no part of what it says.
    identity=lambda row: repr(replace(row, record_number=None)),
)  # fmt: skip

# The headings of what goes out, as MCO spells them, with what each is read from.
COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("Record Number", "record_number"), ("Record Type", "record_type"), ("Install Date", "installed_on"),
    ("Serial Number", "new_serial"), ("Starting Reading", "in_read"), ("Multiplier", "multiplier"),
    ("Number of Dials", "dials"), ("Meter Size", "size"), ("Meter Read Type", "read_type"), ("Latitude", "latitude"),
    ("Longitude", "longitude"), ("Number of Decimals", "decimals"), ("Register Number", "position"),
    ("Transponder ID", "new_endpoint"), ("Manufacturer", "manufacturer"), ("Model", "model"),
    ("Unit of Measure", "unit"), ("Service Point ID", "service_point_number"), ("Old Serial", "old_serial"),
    ("Out Read", "out_read"), ("Out Read Kind", "out_kind"), ("Reason", "reason"), ("Remark", "remark"),
    ("Installer", "installer"), ("Photos", "photos"),
)  # fmt: skip


def heading() -> list[str]:
    """The first line of what goes out."""
    return [name for name, _ in COLUMNS]


def cells(number: int, row: Mapping[str, Any]) -> list[str]:
    """A row's cells: one register of one exchange, nothing that runs as a formula."""
    told = {**row, "record_number": number, "record_type": "MCO"}
    return [_cell(told.get(name)) for _, name in COLUMNS]


def _cell(value: Any) -> str:
    """A number is one, also below nought; only words can run as a formula."""
    return _text(value) if isinstance(value, int | float | Decimal) else guard(_text(value))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        plain = f"{value:f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ";".join(str(one) for one in value)
    return str(value)
