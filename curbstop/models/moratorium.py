"""When nothing is cut off: moratoria for a time and an area, and what the weather is to be."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Float, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now


class Moratorium(Versioned, Base):
    """A disaster, an executive order, a storm: from a day on, through another or until it is ended."""

    __tablename__ = "moratorium"

    name: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date]
    through: Mapped[date | None]
    # A GeoJSON Polygon or MultiPolygon in longitude and latitude; without one it holds everywhere.
    area: Mapped[dict[str, Any] | None] = mapped_column(Json)
    made_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))


class WeatherDay(Base):
    """What is forecast for a day, as last told; degrees Fahrenheit."""

    __tablename__ = "weather_day"

    day: Mapped[date] = mapped_column(primary_key=True)
    alert: Mapped[str | None] = mapped_column(String(120))
    low_f: Mapped[float | None] = mapped_column(Float)
    high_f: Mapped[float | None] = mapped_column(Float)
    told_at: Mapped[datetime] = mapped_column(default=utc_now)
    told_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
