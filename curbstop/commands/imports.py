"""Writes what an import brings, batch by batch: the same row again changes nothing, and a refused row says why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from curbstop.commands import (
    import_accounts,
    import_billing,
    import_change_outs,
    import_contacts,
    import_lots,
    import_meters,
    import_orders,
    import_places,
    journal,
)
from curbstop.commands.import_rows import Numbered, Outcome
from curbstop.commands.work import Work
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.import_batch import ImportBatch

# Rows of one transaction; see curbstop/commands/bulk.py for why there is a limit.
BATCH = 250

WRITERS: Final[dict[str, Callable[[Work, Sequence[Numbered]], Outcome]]] = {
    "addresses": import_places.addresses,
    "streets": import_places.streets,
    "hydrants": import_places.hydrants,
    "assets": import_places.assets,
    "meters": import_meters.meters,
    "accounts": import_accounts.accounts,
    "orders": import_orders.orders,
    "contacts": import_contacts.contacts,
    "change_outs": import_change_outs.change_outs,
    "lots": import_lots.lots,
    "standings": import_billing.standings,
    "payments": import_billing.payments,
    "returned_payments": import_billing.returned_payments,
    "holds": import_billing.holds,
}


@dataclass(frozen=True, slots=True)
class File:
    """What the batch's record says of the file."""

    name: str
    sha256: str
    counts: Mapping[str, Any] = field(default_factory=dict)


def write(work: Work, kind: str, rows: Sequence[Numbered]) -> Outcome:
    """Writes up to BATCH rows of one kind in the caller's transaction.

    Problems: forbidden, too_large. A row that does not fit what is there is in the outcome's `refused`.
    """
    require(work.actor, Action.IMPORT_DATA)
    if len(rows) > BATCH:
        raise Problem("too_large", f"An import is written in batches of at most {BATCH} rows.")
    return WRITERS[kind](work, rows) if rows else Outcome()


def record(work: Work, kind: str, file: File) -> ImportBatch:
    """Notes that a file was imported, with its hash and counts."""
    require(work.actor, Action.IMPORT_DATA)
    batch = ImportBatch(
        id=new_id(),
        kind=kind,
        file_name=file.name[:255],
        sha256=file.sha256,
        counts=dict(file.counts),
        staff_id=work.actor.staff_id,
        recorded_at=work.at,
    )
    work.session.add(batch)
    work.session.flush()
    journal.audit(work, "import", "import_batch", batch.id, after={"kind": kind, **file.counts})
    return batch
