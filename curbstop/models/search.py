"""The search index: words and where they occur, plain tables so that both databases answer alike."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base
from curbstop.models.change_log import BigId


class SearchWord(Base):
    """A distinct word; `frequency` is about how many rows have it, to start with the rarest."""

    __tablename__ = "search_word"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    # Byte order, so that a prefix is a range of the index whatever the database's language.
    word: Mapped[str] = mapped_column(String(60).with_variant(String(60, collation="C"), "postgresql"), unique=True)
    frequency: Mapped[int] = mapped_column(Integer, default=0)


class SearchPosting(Base):
    """A row has a word."""

    __tablename__ = "search_posting"
    __table_args__ = (Index("ix_search_posting_entity_id", "entity_id"),)

    word_id: Mapped[int] = mapped_column(ForeignKey("search_word.id"), primary_key=True)
    entity_type: Mapped[str] = mapped_column(String(20), primary_key=True)
    entity_id: Mapped[UUID] = mapped_column(primary_key=True)
