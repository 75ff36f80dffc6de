"""Orders that follow from another: whether what was found asks for one, and what the next technician is told."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any


def wanted(only_if: Any, captures: Mapping[str, Any], flags: Collection[str]) -> bool:
    """Whether a following order is asked for. `only_if` is one condition or a list, of which one is enough.

    A condition is `{capture, is}`, where `is` lists the values that ask for it, or `{flag}`, a code that a check noted.
    None asks for it always.
    """
    if only_if is None:
        return True
    return any(_holds(one, captures, flags) for one in _conditions(only_if))


def wrong_with(only_if: Any, captures: Collection[str]) -> list[str]:
    """What makes no sense of a condition, for whoever writes an order type."""
    if only_if is None:
        return []
    wrong = []
    for one in _conditions(only_if):
        keys = set(one) if isinstance(one, Mapping) else set()
        if keys == {"flag"}:
            continue
        if keys != {"capture", "is"} or not isinstance(one["is"], list):
            wrong.append("only_if is {capture, is = [...]} or {flag}")
        elif one["capture"] not in captures:
            wrong.append(f"only_if: unknown capture {one['capture']!r}")
    return wrong


def words(only_if: Any) -> str:
    """The condition as the documentation has it."""
    said = [
        f"{one['flag']} is noted" if "flag" in one else f"{one['capture']} is {' or '.join(map(_plain, one['is']))}"
        for one in _conditions(only_if)
    ]
    return " or ".join(said)


def told(head: str, found: Mapping[str, Any], labels: Mapping[str, str], notes: str | None) -> str:
    """A visit in words, for whoever goes next and for the contact log: a head, what was found, and the notes."""
    lines = [head]
    lines += [f"{labels[key]}: {_plain(value)}" for key, value in found.items() if key in labels and value is not None]
    return "\n".join([*lines, notes] if notes else lines)


def _holds(one: Mapping[str, Any], captures: Mapping[str, Any], flags: Collection[str]) -> bool:
    if "flag" in one:
        return one["flag"] in flags
    found = captures.get(one["capture"])
    # True is not 1 here: a yes is a yes.
    return any(type(found) is type(value) and found == value for value in one["is"])


def _conditions(only_if: Any) -> Sequence[Any]:
    return only_if if isinstance(only_if, list) else [only_if]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return str(value)
