"""What the server suggests for parked work: only what it would take."""

import pytest

from curbstop.domain.conflicts import suggest


@pytest.mark.parametrize(
    ("code", "kind", "state", "wanted"),
    [
        ("register_not_here", "stop.read", None, "keep_theirs"),
        ("not_in_scope", "stop.read", None, "apply"),
        ("op_malformed", None, None, "keep_theirs"),
        ("op_malformed", "stop.read", None, "merge"),
        ("rescued", "order.travel", "completed", "keep_theirs"),
        ("rescued", "order.travel", "dispatched", "apply"),
        ("not_in_scope", "order.decline", "posted", "keep_theirs"),
        ("rescued", "order.complete", "cancelled", "apply"),
    ],
)
def test_nothing_is_suggested_that_would_be_refused(
    code: str, kind: str | None, state: str | None, wanted: str
) -> None:
    """Clause 10.1: an op that nobody can read is not corrected, and a step that is over is not taken."""
    present = {"state": state} if state is not None else {}
    assert suggest(code, kind, present).resolution == wanted
