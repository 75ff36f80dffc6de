"""Writes many rows at once, for a utility that is loaded whole: inserts with their audit, and the search index."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from curbstop.commands import journal, search_index
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.base import Base, Versioned
from curbstop.models.ids import new_id

# A transaction's rows: its changes are stamped at COMMIT under a lock that every other writer waits for.
MOST_ROWS = 1_000


def load(work: Work, model: type[Base], rows: Sequence[Mapping[str, Any]], *, action: str = "load") -> list[UUID]:
    """Inserts rows (column values; an `id` is made where none is given) and returns their ids in order.

    Every row that people may edit gets its own line in the audit; facts such as readings get one for the batch. New
    rows are in no bucket yet, so no tablet is told. Problems: forbidden, too_large (more than 1,000 rows).
    """
    require(work.actor, Action.IMPORT_DATA)
    if len(rows) > MOST_ROWS:
        raise Problem("too_large", f"A batch has at most {MOST_ROWS} rows.")
    if not rows:
        return []
    whole = [{"id": new_id(), **row} for row in rows]
    ids = [row["id"] for row in whole]
    if issubclass(model, Versioned):
        stamps = {"created_at": work.at, "updated_at": work.at}
        work.session.execute(insert(model), [{**stamps, **row} for row in whole])
        lines = [(row["id"], None, journal.plain_row(row)) for row in whole]
    else:
        work.session.execute(insert(model), whole)
        lines = [(ids[0], None, {"rows": len(ids)})]
    journal.audit_many(work, action, model.__tablename__, lines)
    if model.__tablename__ in search_index.MODELS:
        search_index.refresh(work, model.__tablename__, ids)
    return ids
