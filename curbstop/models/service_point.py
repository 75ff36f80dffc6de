"""The service point: the place where water is delivered, its address, position, notes and secrets."""

from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned


class ServicePoint(Versioned, Base):
    """One connection. Address parts are kept apart; `address` is the line that people read."""

    __tablename__ = "service_point"
    __table_args__ = (Index("ix_service_point_city_address", "city", "address"),)

    number: Mapped[str] = mapped_column(String(20), unique=True)
    address: Mapped[str] = mapped_column(String(160), index=True)
    # What makes two spellings of one address equal, by geo.addresses; imports find places by it.
    address_key: Mapped[str | None] = mapped_column(String(160), index=True)
    house_number: Mapped[str | None] = mapped_column(String(16))
    predir: Mapped[str | None] = mapped_column(String(10))
    street_name: Mapped[str | None] = mapped_column(String(80))
    street_type: Mapped[str | None] = mapped_column(String(20))
    postdir: Mapped[str | None] = mapped_column(String(10))
    unit: Mapped[str | None] = mapped_column(String(40))
    city: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[str | None] = mapped_column(String(2))
    zip: Mapped[str | None] = mapped_column(String(10))
    location: Mapped[WKBElement | None] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    # How the location came about: surveyed, imported, geocoded.
    location_source: Mapped[str | None] = mapped_column(String(20))
    physical_state: Mapped[str] = mapped_column(String(20), default="on")
    access_notes: Mapped[str | None] = mapped_column(Text)
    read_instructions: Mapped[str | None] = mapped_column(Text)
    hazards: Mapped[list[Any]] = mapped_column(Json, default=list)
    # Gate codes and keys, encrypted; see curbstop/commands/secrets.py.
    gate_code_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Version in which each field that two people may edit at once was last changed.
    field_versions: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)
