"""Staff, their roles and skills, and the sessions they are signed in with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id


class Staff(Versioned, Base):
    """A person of the utility. `login` is what they sign in with; `password_hash` is Argon2."""

    __tablename__ = "staff"

    login: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    roles: Mapped[list[Any]] = mapped_column(Json, default=list)
    skills: Mapped[list[Any]] = mapped_column(Json, default=list)
    crew_lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    daily_capacity: Mapped[int] = mapped_column(default=40)
    active: Mapped[bool] = mapped_column(default=True)


class RefreshToken(Base):
    """One step of a rotating session. Tokens of one sign-in share a family; a reused one ends the family."""

    __tablename__ = "refresh_token"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    family_id: Mapped[UUID] = mapped_column(index=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    tablet_id: Mapped[UUID | None] = mapped_column(ForeignKey("tablet.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    issued_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    rotated_at: Mapped[datetime | None]
    successor_id: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
