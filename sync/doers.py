"""Whose work an op is: the person whom the ledger names, with the roles of today, on the tablet that it came from."""

from uuid import UUID

from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.models.staff import Staff


def doer_of(session: Session, staff_id: UUID, tablet_id: UUID) -> Actor:
    """Whoever did it, by its seal, or else whoever sent it first; a colleague may be signed in by now."""
    member = session.get_one(Staff, staff_id)
    return Actor(member.id, member.name, frozenset(Role(role) for role in member.roles), tablet_id)
