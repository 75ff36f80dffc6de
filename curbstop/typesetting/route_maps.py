"""Sets a route's map on paper or as a picture: the shipped template, with the route as data."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import typst

from curbstop.typesetting import shipped_file

# Dots of the picture for each inch of the page: sharp on a screen, and some 300 KB.
PPI = 130.0


def pdf(data: Mapping[str, Any]) -> bytes:
    """The map, and behind it the list of stops."""
    return _compiled({**data, "list": True}, "pdf")


def png(data: Mapping[str, Any]) -> bytes:
    """The first page alone."""
    return _compiled({**data, "list": False}, "png")


def _compiled(data: Mapping[str, Any], form: Literal["pdf", "png"]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="curbstop-map-") as folder:
        compiler = typst.Compiler(root=Path(folder), ignore_system_fonts=True)
        source, inputs = shipped_file("route_map.typ").encode(), {"data": json.dumps(data)}
        done: Any = compiler.compile(input=source, format=form, sys_inputs=inputs, ppi=PPI)
    return done if isinstance(done, bytes) else bytes(done[0])
