"""The code tables as rows of the reference bucket: constants of the release that are in no table."""

import json
import zlib
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from curbstop.domain.outcomes import load_code_tables

# Their ids follow from their names, so that they are the same in every release.
_NAMESPACE = UUID("0190a1e0-0000-7000-8000-000000000001")


def code_rows() -> list[dict[str, Any]]:
    """Outcomes, skip codes and access categories.

    A code's version is drawn from its content. A release that words one anew changes the bucket's digest, so tablets
    find the difference and fetch that row, though no change of it is in the log.
    """
    return list(_made())


@cache
def _made() -> tuple[dict[str, Any], ...]:
    tables = load_code_tables().to_json()
    return tuple(
        _row(table, entry)
        for table, entries in (
            ("outcome", tables["outcomes"]),
            ("skip_code", tables["skip_codes"]),
            ("access_category", tables["access_categories"]),
        )
        for entry in entries
    )


def _row(table: str, entry: dict[str, Any]) -> dict[str, Any]:
    details = {key: value for key, value in entry.items() if key not in ("code", "label")}
    body = {"table": table, "code": entry["code"], "label": entry["label"], "details": details}
    row_id = str(uuid5(_NAMESPACE, f"{table}/{entry['code']}"))
    version = zlib.crc32(json.dumps(body, sort_keys=True).encode()) & 0x7FFFFFFF
    return {"entity_type": "code", "id": row_id, "version": version, "gone": False, "body": body}
