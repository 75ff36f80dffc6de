"""ETag and If-Match: every editable row says which version it is, and no edit goes to another one."""

import re

from flask import request

from curbstop.domain.problems import Problem

# What no row has: an If-Match that is not one of our tags can match nothing.
NO_VERSION = -1


def etag(version: int) -> str:
    """The strong tag of a row's version."""
    return f'"v{version}"'


def if_match() -> int | None:
    """The version that the caller edited, None for `*` (any), or Problem(`precondition_required`)."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise Problem("precondition_required")
    if given == "*":
        return None
    found = re.fullmatch(r'"v(\d{1,9})"', given, re.ASCII)
    return int(found[1]) if found else NO_VERSION
