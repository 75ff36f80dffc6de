"""Comparing a tablet's copy with the server's, range by range, and repairing what differs. The rules are in `sync`."""

from typing import Any

from api.core import Answer, Blueprint, Body, actor, reading
from api.core.context import context
from api.core.schemas import Flag, Free, Id, Many, Part, Text, Whole
from curbstop.queries import tablets as queries
from sync import repair as repairing

blp = Blueprint("digests", "digests", url_prefix="/sync/v1", description="Tablets compare and repair their copies.")

PROBLEMS = ("tablet_required", "invalid_cursor", "history_changed", "pull_first")
RANGE = "[0-9a-f]{0,31}"


class CompareBody(Body):
    cursor = Text("The cursor of the last pull that was applied.", required=True, longest=8_000)
    bucket = Text("Which bucket.", "ref", required=True, shortest=1, longest=80)
    ranges = Many(
        Text("The last hexadecimal digits of ids; empty for all.", "3f", pattern=RANGE),
        "Ranges whose sixteen parts are summed up.",
        [""],
        required=True,
        shortest=1,
        most=256,
    )


class HeldBody(Body):
    entity_type = Text("Which table.", "stop", required=True, longest=30)
    id = Id("The row.", required=True)
    version = Whole("What the tablet has.", 3, required=True)


class RepairBody(CompareBody):
    ranges = Many(
        Text("The last hexadecimal digits of ids; empty for all.", "3f0", pattern=RANGE),
        "Ranges that differ.",
        ["3f0"],
        required=True,
        shortest=1,
        most=256,
    )
    have = Many(Part(HeldBody, "A row."), "All rows that the tablet has in these ranges.", required=True, most=5_000)


class MovedAnswer(Answer):
    entity_type = Text("Which table.", "stop")
    id = Id("The row.")


class RangeAnswer(Answer):
    range = Text("The last digits.", "03f")
    count = Whole("Rows in it.", 24)
    digest = Text("The sum of their checks.", "3c9f0a11b2d4e6f800112233deadbeef")


class MomentAnswer(Answer):
    seq = Whole("The server's newest change.", 4711, most=2**63 - 1)
    moved = Many(
        Part(MovedAnswer, "A row."), "What changed since the cursor: left out here and to be left out by the tablet."
    )


class CompareAnswer(MomentAnswer):
    ranges = Many(Part(RangeAnswer, "A part."), "The parts of each range, also those without rows.")


class RepairAnswer(MomentAnswer):
    rows = Many(Free("A row as in a pull.", {"entity_type": "stop", "gone": True}), "What to take over.")
    more = Flag("There are more rows than were sent: take these over, and compare again.", False)


@blp.operation("POST", "/digest", body=CompareBody, answer=CompareAnswer, status=200, problems=PROBLEMS)
def compare_digests(body: dict[str, Any]) -> dict[str, Any]:
    """What the server's copy of a bucket sums up to, by ranges of ids."""
    queries.syncing(actor())
    with reading() as session:
        return repairing.compare(session, actor(), context().settings, **body)


@blp.operation("POST", "/repair", body=RepairBody, answer=RepairAnswer, status=200, problems=PROBLEMS)
def repair_rows(body: dict[str, Any]) -> dict[str, Any]:
    """Just the rows of these ranges that the tablet has not, or not so."""
    queries.syncing(actor())
    with reading() as session:
        return repairing.repair(session, actor(), context().settings, **body)
