"""How a moment is written wherever it leaves the server inside free JSON: RFC 3339 in UTC with `Z`."""

from datetime import UTC, datetime


def as_text(moment: datetime) -> str:
    """As clause 1.1 of the protocol says; the moment must have a zone."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
