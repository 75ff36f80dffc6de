"""Wrong passwords and codes of late, counted across all processes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now
from curbstop.models.ids import new_id


class WrongTry(Base):
    """One wrong try. The name is kept as a hash: what people type there is now and then their password."""

    __tablename__ = "wrong_try"
    __table_args__ = (Index("ix_wrong_try_name_hash_tried_at", "name_hash", "tried_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    tried_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
