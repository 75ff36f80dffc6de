"""Who acts: a person signed in, a person at a tablet, or the system itself."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from curbstop.domain.permissions import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever a command is carried out for; `staff_id` is None only for the system."""

    staff_id: UUID | None
    name: str
    roles: "frozenset[Role]" = field(default_factory=frozenset)
    tablet_id: UUID | None = None

    @property
    def is_system(self) -> bool:
        return self.staff_id is None


SYSTEM = Actor(staff_id=None, name="system")
