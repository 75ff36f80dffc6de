"""Squares of the map that tablets carry as packs: what each is to be made of, and the file that was."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, utc_now


class MapSquare(Base):
    """A square that something lies on, by its name such as 13/2298/3215.

    `wanted` is the print of its rows as the last survey found them, `built` the one that its pack was made for; where
    they differ a pack is to be made. `sha256` is the pack's, and its file's name; null where nothing is drawn there.
    `surveyed` says which state of the layers the survey saw. `size` is in bytes.
    """

    __tablename__ = "map_square"
    __table_args__ = (Index("ix_map_square_sha256", "sha256"),)

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    wanted: Mapped[str] = mapped_column(String(48))
    wanted_at: Mapped[datetime] = mapped_column(default=utc_now)
    surveyed: Mapped[str] = mapped_column(String(40))
    built: Mapped[str | None] = mapped_column(String(48))
    built_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    tiles: Mapped[int] = mapped_column(default=0)
