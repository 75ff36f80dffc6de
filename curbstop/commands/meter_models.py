"""The model catalogue: what meters of a make, model and size look like."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from curbstop.commands import journal
from curbstop.commands.work import Work, check_version, get
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.inventory import MeterModel

NAMES = ("manufacturer", "model", "size")
FACE = frozenset({"dials", "decimals", "resolution", "multiplier", "unit", "active"})


def create(work: Work, fields: Mapping[str, Any]) -> MeterModel:
    """A model of the catalogue; what is not given, it does not check. Problems: forbidden, conflict."""
    require(work.actor, Action.EDIT_METERS)
    named = [getattr(MeterModel, name) == fields[name] for name in NAMES]
    if work.session.scalar(select(MeterModel.id).where(*named)) is not None:
        raise Problem("conflict", f"{' '.join(fields[name] for name in NAMES)} is in the catalogue already.")
    row = MeterModel(id=new_id(), created_at=work.at, **fields)
    work.session.add(row)
    journal.changed(work, row, "create")
    return row


def edit(work: Work, model_id: UUID, changes: Mapping[str, Any], *, if_version: int | None) -> MeterModel:
    """Corrects what the catalogue says; meters that are installed stay as they are.

    Problems: forbidden, not_found, version_mismatch, invalid.
    """
    require(work.actor, Action.EDIT_METERS)
    row = get(work, MeterModel, model_id)
    check_version(row, if_version)
    unknown = set(changes) - FACE
    if unknown:
        raise Problem("invalid", f"These fields are not edited here: {', '.join(sorted(unknown))}.")
    for name, value in changes.items():
        setattr(row, name, value)
    journal.changed(work, row, "edit")
    return row
