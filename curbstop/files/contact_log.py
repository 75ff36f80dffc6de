"""The contact log as a spreadsheet: its columns, and a row's cells."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from curbstop.files.rejects import guard

COLUMNS: Final = (
    "id", "at", "account_number", "customer_name", "by", "channel", "direction", "reached", "reason", "result",
    "promise_amount", "promise_date", "promise_state", "order_number", "note",
)  # fmt: skip


def cells(row: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    """A row's cells in the order of COLUMNS: times in `zone`, amounts in dollars, nothing that runs as a formula."""
    at: datetime = row["at"]
    promised = row["promise_cents"]
    shown = {
        **row,
        "at": f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
        "by": row["by_name"],
        "promise_amount": None if promised is None else f"{promised // 100}.{promised % 100:02d}",
        "promise_date": row["promise_on"],
    }
    return [guard(_text(shown[name])) for name in COLUMNS]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
