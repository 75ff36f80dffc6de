"""Rescues: the outbox of a tablet that cannot send it, brought in from the office."""

from typing import Any
from uuid import UUID

from api import incoming
from api.core import Answer, Blueprint, Body, writing
from api.core.schemas import Anything, Id, Many, Part, Text
from api.sync import PUSH_BYTES, VerdictAnswer
from sync import rescue

blp = Blueprint("rescues", "rescues", url_prefix="/sync/v1/rescues", description="Work brought in by hand.")


class RescueBody(Body):
    tablet_id = Id("The tablet that it comes from.", required=True)
    ops = Many(
        Anything("A sealed op: `content` and `signature`; mobile-schema describes it.", allow_none=True),
        "At most 200, as the tablet wrote them to a file.",
        required=True,
    )
    reason = Text("Why it is brought in.", "Screen broken.", longest=400, load_default=None, allow_none=True)


class RescueAnswer(Answer):
    verdicts = Many(Part(VerdictAnswer, "A verdict."), "One for each op, in the order sent.")


@blp.operation(
    "POST",
    "",
    body=RescueBody,
    answer=RescueAnswer,
    most_bytes=PUSH_BYTES,
    as_sent=frozenset({"ops"}),
    problems=("forbidden", "not_found", "too_large"),
)
def rescue_work(body: dict[str, Any]) -> dict[str, Any]:
    """Bring in the sealed outbox of a tablet that is broken, blocked or lost.

    Each op is kept as that tablet's and as the work of whoever noted it, and parked for the office to apply. Sending
    it again, or the tablet sending it after all, gives the same verdict.
    """
    with writing() as work:
        return {"verdicts": rescue.take(work, body["tablet_id"], body["ops"], body["reason"])}


@blp.operation(
    "PUT",
    "/attachments/<uuid:attachment_id>",
    problems=("forbidden", "hash_mismatch", "too_large", "upload_locked", "storage_full", "files_unreachable"),
    doc=incoming.BODY,
)
def rescue_attachment(attachment_id: UUID) -> None:
    """Bring in the bytes of a declared photo, from the file that the tablet wrote; again changes nothing.

    A photo whose declaration is parked is not declared yet: apply that first.
    """
    incoming.take(incoming.rescued(attachment_id))
