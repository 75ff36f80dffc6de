"""What a GIS editor is asked to draw: done when it is on the map."""

from uuid import UUID

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, Grant, require
from curbstop.domain.problems import Problem
from curbstop.models.feature_request import FeatureRequest


def finish(work: Work, request_id: UUID, *, note: str | None = None, if_version: int | None = None) -> FeatureRequest:
    """It is drawn; finishing it again changes nothing. Problems: forbidden, not_found, version_mismatch."""
    if Grant.YES not in require(work.actor, Action.EDIT_GEOMETRY):
        raise Problem("forbidden", "Only a GIS editor draws.")
    row = get(work, FeatureRequest, request_id)
    if row.state == "done":
        return row
    check_version(row, if_version)
    row.state, row.note, row.done_at, row.done_by_id = "done", note, work.at, work.actor.staff_id
    journal.changed(work, row, "finish")
    return row
