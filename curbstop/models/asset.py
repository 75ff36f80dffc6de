"""Streets, hydrants and other assets: layers that the utility brings along and the field works by."""

from datetime import date
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned


class Street(Versioned, Base):
    """A segment of a street's centerline with its address ranges."""

    __tablename__ = "street"

    name: Mapped[str] = mapped_column(String(120), index=True)
    left_from: Mapped[int | None]
    left_to: Mapped[int | None]
    right_from: Mapped[int | None]
    right_to: Mapped[int | None]
    left_zip: Mapped[str | None] = mapped_column(String(10))
    right_zip: Mapped[str | None] = mapped_column(String(10))
    from_node: Mapped[str | None] = mapped_column(String(40))
    to_node: Mapped[str | None] = mapped_column(String(40))
    line: Mapped[WKBElement] = mapped_column(Geometry("LINESTRING", srid=4326, spatial_index=False))
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)


class Hydrant(Versioned, Base):
    """A fire hydrant as the asset register knows it."""

    __tablename__ = "hydrant"

    number: Mapped[str] = mapped_column(String(40), index=True)
    manufacturer: Mapped[str | None] = mapped_column(String(60))
    installed_on: Mapped[date | None]
    flow_gpm: Mapped[int | None]
    status: Mapped[str | None] = mapped_column(String(20))
    attributes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    location: Mapped[WKBElement] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)


class UtilityAsset(Versioned, Base):
    """A main, valve or whatever else the asset register has, as a shape of any kind."""

    __tablename__ = "utility_asset"

    kind: Mapped[str] = mapped_column(String(40), index=True)
    number: Mapped[str | None] = mapped_column(String(60), index=True)
    material: Mapped[str | None] = mapped_column(String(40))
    diameter_in: Mapped[float | None] = mapped_column(Float)
    installed_on: Mapped[date | None]
    status: Mapped[str | None] = mapped_column(String(20))
    attributes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    shape: Mapped[WKBElement] = mapped_column(Geometry("GEOMETRY", srid=4326, spatial_index=False))
    source_key: Mapped[str | None] = mapped_column(String(120), unique=True)
