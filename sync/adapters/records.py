"""A row as other people's clients keep it: an id, the row's version, and columns of plain values."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from sync import rows

Key = tuple[str, UUID]


def records(session: Session, keys: Sequence[Key]) -> dict[Key, dict[str, Any]]:
    """The present records of rows; what is not the tablet's to see is missing. `row_version` is in each."""
    by_type: dict[str, list[UUID]] = {}
    for entity_type, entity_id in keys:
        by_type.setdefault(entity_type, []).append(entity_id)
    found = {
        (entity_type, entity_id): {**body, "row_version": version}
        for entity_type, ids in by_type.items()
        for entity_id, (version, body) in rows.images(session, entity_type, ids).items()
    }
    # The session is a snapshot for reading only: what was sent need not be remembered.
    session.expunge_all()
    return found


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """The record for a client with columns: what is not a plain value is JSON text, a yes or no is 1 or 0."""
    return {name: _plain(value) for name, value in record.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value
