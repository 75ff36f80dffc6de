"""Letters, the templates that they are set from, a day's batches, and who owns a place."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id


class LetterTemplate(Base):
    """One version of a kind's template in a language, append-only; number 0 is the shipped one and has no row."""

    __tablename__ = "letter_template"
    __table_args__ = (UniqueConstraint("kind", "language", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(30))
    language: Mapped[str] = mapped_column(String(5))
    number: Mapped[int]
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class LetterBatch(Versioned, Base):
    """A day's letters for the print vendor: one PDF in presort order. Its states are gathering, ready, mailed and
    cancelled.
    """

    __tablename__ = "letter_batch"

    number: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    letters: Mapped[int]
    pages: Mapped[int | None]
    pdf_sha256: Mapped[str | None] = mapped_column(String(64))
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    mailed_on: Mapped[date | None]


class Letter(Versioned, Base):
    """A letter to one person about one thing; from its approval on, what it says is frozen with it."""

    __tablename__ = "letter"
    __table_args__ = (
        Index("ix_letter_subject_kind_subject_id", "subject_kind", "subject_id"),
        Index("ix_letter_state_kind", "state", "kind"),
        Index("ix_letter_batch_id_batch_place", "batch_id", "batch_place"),
    )

    number: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    language: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(24))
    recipient: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"), index=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    # What it is about: a cut-off line, an access issue.
    subject_kind: Mapped[str | None] = mapped_column(String(20))
    subject_id: Mapped[UUID | None]
    # The words of the whitelist, and what is there without being said: name, address, the utility.
    fields: Mapped[dict[str, Any]] = mapped_column(Json)
    given: Mapped[dict[str, Any]] = mapped_column(Json)
    photos: Mapped[list[Any]] = mapped_column(Json, default=list)
    postal_code: Mapped[str | None] = mapped_column(String(10))
    street: Mapped[str] = mapped_column(String(160))
    house_number: Mapped[str | None] = mapped_column(String(16))
    # Frozen: the template's version, the rendered bytes, the text in them.
    template_number: Mapped[int | None]
    pdf_sha256: Mapped[str | None] = mapped_column(String(64))
    pages: Mapped[int | None]
    text: Mapped[str | None] = mapped_column(Text)
    drafted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    approved_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("letter_batch.id"))
    batch_place: Mapped[int | None]
    mailed_on: Mapped[date | None]
    method: Mapped[str | None] = mapped_column(String(20))
    tracking: Mapped[str | None] = mapped_column(String(80))
    ended_on: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(Text)


class PropertyOwner(Versioned, Base):
    """Who owns a place, where that is not whoever has the account; a notice goes to both."""

    __tablename__ = "property_owner"

    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(160))
    city: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(2))
    zip: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(5), default="en")
