"""Where service points are: in a box, near a place, and always through the spatial index."""

from typing import Any

import pytest
from geoalchemy2 import WKBElement
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from curbstop.domain.problems import Problem
from curbstop.models.ids import new_id
from curbstop.models.service_point import ServicePoint
from curbstop.models.sqlite_geometry import point_ewkb
from curbstop.queries import spatial
from curbstop.queries.spatial import Bounds
from geo.distance import shifted

HERE = (-79.3781234, 35.4823456)


def put(session: Session, *places: tuple[float, float]) -> list[Any]:
    rows = [
        {
            "id": new_id(),
            "number": f"SP-{n:06d}",
            "address": f"{n} Main St",
            "hazards": [],
            "field_versions": {},
            "location": WKBElement(point_ewkb(*place), srid=4326, extended=True),
        }
        for n, place in enumerate(places, 1)
    ]
    session.execute(insert(ServicePoint), rows)
    return [row["id"] for row in rows]


def inside(session: Session, bounds: Bounds) -> set[Any]:
    return set(session.scalars(select(ServicePoint.id).where(spatial.within(session, bounds))))


def test_a_box_has_what_lies_in_it_and_on_its_edges(session: Session) -> None:
    within, on_edge, _beyond = put(session, (-79.005, 35.005), (-79.01, 35.01), (-79.02, 35.005))
    assert inside(session, Bounds(-79.01, 35.0, -79.0, 35.01)) == {within, on_edge}


def test_the_exact_bounds_count_where_the_index_is_rounded(session: Session) -> None:
    """Single precision does not tell these two apart: they are a tenth of a millimeter from the edge."""
    just_in, _just_out = put(session, (HERE[0] - 1e-9, HERE[1]), (HERE[0] + 1e-9, HERE[1]))
    assert inside(session, Bounds(-79.4, 35.4, HERE[0], 35.5)) == {just_in}


def test_a_moved_service_point_is_found_where_it_is_now(session: Session) -> None:
    (moved,) = put(session, (-79.0, 35.0))
    point = session.get_one(ServicePoint, moved)
    point.location = WKBElement(point_ewkb(-78.0, 36.0), srid=4326, extended=True)
    session.flush()
    assert inside(session, Bounds(-79.1, 34.9, -78.9, 35.1)) == set()
    assert inside(session, Bounds(-78.1, 35.9, -77.9, 36.1)) == {moved}


def test_near_is_by_geodesic_nearest_first(session: Session) -> None:
    far, near, beyond = put(session, shifted(HERE, 90, 99.9), shifted(HERE, 0, 10), shifted(HERE, 45, 100.1))
    found = spatial.nearest(session, *HERE, radius_m=100, limit=10)
    assert [row_id for row_id, _ in found] == [near, far]
    assert [meters for _, meters in found] == pytest.approx([10, 99.9], abs=0.001)
    assert beyond not in dict(found)
    assert len(spatial.nearest(session, *HERE, radius_m=100, limit=1)) == 1


def test_a_circle_in_the_far_north_loses_nothing_at_its_sides(session: Session) -> None:
    here = (20.0, 84.9)
    ids = put(session, *(shifted(here, azimuth, 4_999) for azimuth in range(0, 360, 5)))
    assert {row_id for row_id, _ in spatial.nearest(session, *here, radius_m=5_000, limit=100)} == set(ids)


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "1,2,0,3", "0,0,181,1", "nan,0,1,1"])
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="invalid"):
        spatial.read_bounds(text)


def test_a_box_is_asked_of_the_spatial_index(session: Session, backend: str) -> None:
    put(session, *((-79 + n / 1000, 35.0) for n in range(300)))
    statement = select(ServicePoint.id).where(spatial.within(session, Bounds(-79, 34, -78.99, 36)))
    listed = statement.order_by(ServicePoint.number, ServicePoint.id).limit(51)
    if backend == "services":
        # A table of a few pages is always scanned, whatever its indexes.
        session.execute(text("SET LOCAL enable_seqscan = off"))
    explain = "EXPLAIN" if backend == "services" else "EXPLAIN QUERY PLAN"
    sql = listed.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = "\n".join(str(row) for row in session.execute(text(f"{explain} {sql}".replace(":", "\\:"))))
    if backend == "services":
        assert "ix_service_point_location_gist" in plan
    else:
        assert "idx_service_point_location VIRTUAL TABLE INDEX" in plan
        assert "SEARCH service_point USING INTEGER PRIMARY KEY (rowid=?)" in plan
