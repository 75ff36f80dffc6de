"""Keys by which GIS tools read layers in somebody's name."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base


class LayerKey(Base):
    """A person's key for layers, one at most: a tool keeps it instead of the password. It is kept as a hash."""

    __tablename__ = "layer_key"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
