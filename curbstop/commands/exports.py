"""What other systems still have to hear: changed places are marked, and the next file takes the marks."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from curbstop.commands.many import insert_many
from curbstop.commands.work import Work
from curbstop.models.change_out import ExportMark
from curbstop.models.ids import new_id

MCO: Final = "mco"
VFLEX: Final = "vflex"


def mark(work: Work, kind: str, places: Sequence[tuple[UUID, UUID | None]]) -> None:
    """The next file of this kind takes these places (service point, change-out where it was one): one statement."""
    rows = [
        {
            "id": new_id(),
            "kind": kind,
            "service_point_id": place_id,
            "change_out_id": change_out_id,
            "marked_at": work.at,
            "run_id": None,
        }
        for place_id, change_out_id in places
    ]
    insert_many(work.session, ExportMark, rows)
