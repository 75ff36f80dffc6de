"""Reads filters in CQL2, as text or as JSON, into one tree; what the tree means is the business of whoever asks it.

The library that reads them follows brackets as deep as they go, until the process has no stack left, and takes its
reader along. So they are counted first.
"""

import re
from typing import Any, Final

import cql2

from curbstop.domain.problems import Problem

TEXT, JSON_TREE = "cql2-text", "cql2-json"
LANGUAGES: Final = (TEXT, JSON_TREE)
MOST_CHARACTERS: Final = 20_000
DEEPEST: Final = 40


def read_filter(text: str, language: str) -> Any:
    """The filter's tree, in the shape of CQL2 JSON. Problem(`bad_parameter`) says where it cannot be read."""
    if language not in LANGUAGES:
        raise Problem("bad_parameter", f"filter-lang: {' or '.join(LANGUAGES)}.")
    if len(text) > MOST_CHARACTERS:
        raise Problem("bad_parameter", f"filter: at most {MOST_CHARACTERS} characters.")
    if _depth(text) > DEEPEST:
        raise Problem("bad_parameter", f"filter: brackets within brackets, more than {DEEPEST} deep; write it flatter.")
    try:
        read = cql2.parse_text(text) if language == TEXT else cql2.parse_json(text)
        return read.to_json()
    except (cql2.ParseError, cql2.ValidationError, ValueError) as error:
        raise Problem("bad_parameter", _unreadable(text, language, str(error))) from None


def _depth(text: str) -> int:
    depth = deepest = 0
    for one in text:
        if one in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif one in ")]}":
            depth = max(0, depth - 1)
    return deepest


def _unreadable(text: str, language: str, said: str) -> str:
    if language == JSON_TREE:
        return f"filter: no CQL2 JSON ({said.splitlines()[0][:120]})."
    found = re.search(r"--> (\d+):(\d+)", said)
    where = ""
    if found is not None:
        line = text.split("\n")[int(found[1]) - 1 : int(found[1])]
        at = int(found[2]) - 1
        where = f" at character {at + 1}, before {line[0][at : at + 20]!r}" if line and line[0][at:] else " at its end"
    return f"filter: no CQL2 text{where}; an example is number = 'SP-000001' AND physical_state IN ('off')."
