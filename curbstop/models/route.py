"""Cycles, routes with their versions and stops, and what happened when somebody walked one."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from curbstop.models.base import Base, Json, Versioned, utc_now
from curbstop.models.ids import new_id


class Cycle(Versioned, Base):
    """When a part of the town is read and billed."""

    __tablename__ = "cycle"

    code: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(80))


class Route(Versioned, Base):
    """One reader's day of a cycle. What is walked is a version of it."""

    __tablename__ = "route"

    code: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("cycle.id"), index=True)


class RouteVersion(Base):
    """A numbered state of a route: draft, published or retired. A session pins the one it started with.

    `base_id` is the version that was published when the draft was begun: published in between, another would be lost.
    Drafts of one `bundle_id` came of one edit of several routes and are published together. `note` says what was done.
    """

    __tablename__ = "route_version"
    __table_args__ = (
        Index("uq_route_version_route_id_number", "route_id", "number", unique=True),
        Index(
            "uq_route_version_route_id_published",
            "route_id",
            unique=True,
            postgresql_where=text("state = 'published'"),
            sqlite_where=text("state = 'published'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    route_id: Mapped[UUID] = mapped_column(ForeignKey("route.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="draft")
    base_id: Mapped[UUID | None]
    bundle_id: Mapped[UUID | None] = mapped_column(index=True)
    note: Mapped[str | None] = mapped_column(String(200))
    stop_count: Mapped[int] = mapped_column(default=0)
    length_m: Mapped[float | None]
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Stop(Base):
    """A service point's place in a version; sequences leave gaps of ten so that new stops fit between.

    `origin_id` is the stop that it was first, through all versions, splits and merges since; null: this very one.
    """

    __tablename__ = "stop"
    __table_args__ = (
        Index("uq_stop_route_version_id_sequence", "route_version_id", "sequence", unique=True),
        Index("uq_stop_route_version_id_service_point_id", "route_version_id", "service_point_id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    route_version_id: Mapped[UUID] = mapped_column(ForeignKey("route_version.id"))
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    sequence: Mapped[int]
    origin_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)


class RouteSession(Versioned, Base):
    """A technician walks a version of a route on a day: open until all is in or it is closed."""

    __tablename__ = "route_session"

    route_version_id: Mapped[UUID] = mapped_column(ForeignKey("route_version.id"), index=True)
    technician_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    on_date: Mapped[date]
    state: Mapped[str] = mapped_column(String(12), default="open")


class StopVisit(Base):
    """What happened at a stop, once read and once skipped at most per op: an append-only fact."""

    __tablename__ = "stop_visit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    stop_id: Mapped[UUID] = mapped_column(ForeignKey("stop.id"), index=True)
    service_point_id: Mapped[UUID] = mapped_column(ForeignKey("service_point.id"), index=True)
    technician_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    tablet_id: Mapped[UUID | None] = mapped_column(ForeignKey("tablet.id"))
    op_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(10))
    skip_code: Mapped[str | None] = mapped_column(String(30))
    category: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    noted_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(default=utc_now)
