"""Reads mobile-schema, the contract with every tablet, and holds what arrives against it."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from curbstop.domain.texts import is_storable

# The newest schema version that this server speaks with tablets; it is the folder's name too.
SCHEMA_VERSION = 1
DEEPEST = 12  # levels of JSON; the deepest thing a tablet says is a row's register, at 8
MOST_ERRORS = 5

_FORMATS = FormatChecker(formats=("uuid", "date"))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def folder() -> Path:
    """The checkout's `mobile-schema/v1` if there is one, else the copy in the wheel."""
    checkout = Path(__file__).resolve().parents[1] / "mobile-schema" / "v1"
    if (checkout / "verdict.json").exists():
        return checkout
    return Path(str(files("sync") / "_mobile_schema" / "v1"))


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Every JSON Schema of the contract by its path in the folder, such as `ops/order.complete.json`."""
    root = folder()
    found = [path for path in root.rglob("*.json") if "scenarios" not in path.parts]
    return {path.relative_to(root).as_posix(): json.loads(path.read_text(encoding="utf-8")) for path in sorted(found)}


@cache
def validator(name: str) -> Draft202012Validator:
    """The compiled schema at `name`; references to its neighbors are resolved, formats are checked."""
    resources = [
        (schema["$id"], Resource.from_contents(schema, default_specification=DRAFT202012))
        for schema in schemas().values()
    ]
    registry: Registry[Any] = Registry().with_resources(resources)
    return Draft202012Validator(schemas()[name], registry=registry, format_checker=_FORMATS)


@cache
def op_kinds() -> dict[tuple[str, int], str]:
    """(kind, version) -> the schema that describes it."""
    return {
        (schema["properties"]["kind"]["const"], schema["properties"]["kind_version"]["const"]): name
        for name, schema in schemas().items()
        if name.startswith("ops/") and name != "ops/op.json"
    }


def check_op(kind: str, version: int, op: Mapping[str, Any]) -> list[str]:
    """What is wrong with an op, in words, at most five; empty when it is as the contract says."""
    name = op_kinds().get((kind, version))
    if name is None:
        return [f"kind: there is no {kind} of version {version}"]
    return check(name, op)


def check(name: str, value: Any) -> list[str]:
    """What is wrong with a value against the schema at `name`, in words, at most five."""
    wrong = unstorable(value)
    if wrong:
        return [wrong]
    if _quick(name).is_valid(value):
        return []
    errors = sorted(validator(name).iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    return [_words(error) for error in errors[:MOST_ERRORS]]


@cache
def _quick(name: str) -> jsonschema_rs.Draft202012Validator:
    """The same schema compiled to machine code: it only says yes; what it does not pass is looked at by `validator`."""
    registry = jsonschema_rs.Registry([(schema["$id"], schema) for schema in schemas().values()])
    return jsonschema_rs.Draft202012Validator(schemas()[name], registry=registry, validate_formats=True)


def unstorable(value: Any) -> str | None:
    """Why a JSON value cannot be kept by both databases: too deep, not a number, NUL or half a character."""
    if _is_storable(value, DEEPEST):
        return None
    level = [("", value)]
    for _ in range(DEEPEST):
        below: list[tuple[str, Any]] = []
        for path, item in level:
            if isinstance(item, Mapping):
                for key, inner in item.items():
                    below += [(path, key), (f"{path}.{key}" if path else str(key), inner)]
            elif isinstance(item, list):
                below += [(path, inner) for inner in item]
            elif wrong := _unstorable_leaf(item):
                return f"{path}: {wrong}"
        if not below:
            return None
        level = below
    return f"nested more than {DEEPEST} levels deep"


def _is_storable(value: Any, levels: int) -> bool:
    """A quick yes for the many values that are right; a no is looked at once more, for its reason."""
    if isinstance(value, dict):
        return levels > 1 and all(
            _is_storable(key, 1) and _is_storable(item, levels - 1) for key, item in value.items()
        )
    if isinstance(value, list):
        return levels > 1 and all(_is_storable(item, levels - 1) for item in value)
    return _unstorable_leaf(value) is None


def _unstorable_leaf(value: Any) -> str | None:
    if isinstance(value, str):
        if not is_storable(value):
            return "holds a NUL or half a character"
    elif isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    elif isinstance(value, int) and abs(value) > 2**63 - 1:
        return "is too large a number"
    return None


def _words(error: ValidationError) -> str:
    path = ".".join(str(part) for part in error.absolute_path)
    message = error.message if len(error.message) <= 300 else error.message[:297] + "..."
    return f"{path}: {message}" if path else message
