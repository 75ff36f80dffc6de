"""Rows as an older tablet knows them: without the members that came with a later schema version.

A schema version adds members to rows and never changes or removes one, so the older view of a row is the new one with
less in it. Its version and checks are those of the row itself: an older tablet compares copies with the same digest.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

Line = dict[str, Any]
# entity type -> member of its body -> the schema version that brought it.
SINCE: Final[Mapping[str, Mapping[str, int]]] = {}


def project(body: Mapping[str, Any], entity_type: str, schema_version: int) -> dict[str, Any]:
    """The body of a row in a schema version."""
    since = SINCE.get(entity_type, {})
    return {name: value for name, value in body.items() if since.get(name, 1) <= schema_version}


def is_needed(schema_version: int) -> bool:
    """Whether any row has a member that the version does not know; where not, rows are sent as they are made."""
    return any(version > schema_version for since in SINCE.values() for version in since.values())


def texts(found: Iterator[str], schema_version: int) -> Iterator[str]:
    """The lines of a pull, as JSON texts, in a schema version."""
    if not is_needed(schema_version):
        return found
    return (json.dumps(_line(json.loads(text), schema_version)) for text in found)


def _line(line: Line, schema_version: int) -> Line:
    if "data" not in line:
        return line
    rows = [
        row if row["gone"] else {**row, "body": project(row["body"], row["entity_type"], schema_version)}
        for row in line["data"]["rows"]
    ]
    return {"data": {**line["data"], "rows": rows}}
