"""Open access issues by age as a spreadsheet. What was noted of them stays in the office: people write codes there."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from curbstop.files.rejects import guard

COLUMNS: Final = (
    "service_point_number", "address", "city", "category", "state", "age_days", "occurrences", "first_seen_on",
    "last_seen_on", "due_on", "stopped_on", "stopped_because", "next_step",
)  # fmt: skip


def cells(row: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    """A row's cells in the order of COLUMNS, days in `zone`, nothing that runs as a formula."""
    days = {f"{name}_on": row[f"{name}_at"].astimezone(zone).date() for name in ("first_seen", "last_seen")}
    shown = {**row, **days}
    return [guard("" if shown[name] is None else str(shown[name])) for name in COLUMNS]
