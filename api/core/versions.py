"""ETag and If-Match: every editable row says which version it is, and no edit goes to another one."""

import re

from flask import request

from curbstop.domain.problems import Problem

# What no row has: a tag that is not one of ours can match nothing.
NO_VERSION = -1
_OURS = re.compile(r'"v(\d{1,9})"', re.ASCII)
# RFC 9110: tags are quoted, and there may be a list of them.
_TAG = r'(?:W/)?"[^"]*"'
_TAGS = re.compile(rf"{_TAG}(?:\s*,\s*{_TAG})*")


def etag(version: int) -> str:
    """The strong tag of a row's version."""
    return f'"v{version}"'


def if_match() -> int | None:
    """The version that the caller edited, None for `*` (any).

    Problems: precondition_required, bad_request (what is no tag at all says nothing of a version).
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise Problem("precondition_required")
    if given == "*":
        return None
    found = _OURS.fullmatch(given)
    if found is None and not _TAGS.fullmatch(given):
        raise Problem("bad_request", 'Write If-Match as the ETag was given, with its quotes: "v1".')
    return int(found[1]) if found else NO_VERSION
