"""Filters in CQL2: the same rows on both databases, and words for whatever cannot be asked."""

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from curbstop.domain.actors import Actor
from curbstop.domain.permissions import Role
from curbstop.domain.problems import Problem
from curbstop.models import Hydrant, ServicePoint, Street
from curbstop.queries.layer_filters import Filter
from curbstop.queries.layers import Wanted, attributes, page
from geo.cql import JSON_TREE, TEXT, read_filter
from geo.layer_crs import LATITUDE_LONGITUDE, LONGITUDE_LATITUDE, LayerCrs, storage_crs
from geo.layers import layer_named

EDITOR = Actor(UUID(int=2), "Gus", frozenset({Role.GIS}))
# Number, maker, status, flow, day, position.
HYDRANTS = (
    ("A", "Mueller", "in service", 900, date(2020, 1, 1), (-79.0, 35.0)),
    ("B", "MUELLER", "out", 1500, date(2021, 6, 30), (-78.9, 35.0)),
    ("C", "Größe & Söhne", "in service", None, None, (-78.8, 35.0)),
    ("D", "100%_*[x]\\", None, 0, date(2022, 1, 1), (-78.7, 35.1)),
)
ID_B = UUID(int=0xB)


@pytest.fixture
def rows(session: Session) -> Session:
    many = [
        {"id": UUID(int=int(number, 16)), "number": number, "manufacturer": maker, "status": status,
         "flow_gpm": flow, "installed_on": day, "location": f"SRID=4326;POINT({at[0]} {at[1]})",
         "updated_at": datetime(2026, 1, 1 + place, 12, tzinfo=UTC)}
        for place, (number, maker, status, flow, day, at) in enumerate(HYDRANTS)
    ]  # fmt: skip
    session.execute(insert(Hydrant), many)
    session.execute(insert(Street), [{"name": "Main St", "line": "SRID=4326;LINESTRING(-79 35, -78.8 35.2)"}])
    session.execute(
        insert(ServicePoint), [{"number": n, "address": "?", "location": p} for n, p in (
            ("HERE", "SRID=4326;POINT(-79 35)"), ("NOWHERE", None))],
    )  # fmt: skip
    return session


def found(
    session: Session, text: str, *, layer: str = "hydrants", language: str = TEXT, crs: LayerCrs = LONGITUDE_LATITUDE
) -> str:
    """The first letters of the numbers or names of what the filter finds."""
    one = layer_named(layer)
    asked = Filter(session, one, attributes(one, EDITOR), crs)
    where = (asked.condition(read_filter(text, language)),)
    return "".join(sorted(str(row[2])[0] for row in page(session, EDITOR, one, Wanted(where=where)).rows))


ASKED = {
    "number = 'B'": "B",
    "\"number\" <> 'B'": "ACD",
    "flow_gpm > 899.5": "AB",
    "flow_gpm = 900": "A",
    "flow_gpm < 9e300": "ABD",
    "900 <= flow_gpm AND flow_gpm <= 1500.0": "AB",
    "flow_gpm IS NULL OR flow_gpm = 0": "CD",
    "NOT flow_gpm = 900": "BD",
    "status IS NOT NULL": "ABC",
    "flow_gpm BETWEEN 1 AND 1000": "A",
    "flow_gpm NOT BETWEEN 1 AND 1000": "BD",
    "number IN ('A', 'D')": "AD",
    "number NOT IN ('A', 'D')": "BC",
    "number = manufacturer": "",
    "manufacturer LIKE 'M%'": "AB",
    "manufacturer LIKE 'Mu_ller'": "A",
    "manufacturer LIKE 'm%'": "",
    "CASEI(manufacturer) LIKE CASEI('Mue%')": "AB",
    "CASEI(manufacturer) = CASEI('mueller')": "AB",
    "CASEI(manufacturer) = CASEI('GRÖSSE & SÖHNE')": "",
    "CASEI(manufacturer) = CASEI('GRÖßE & SÖHNE')": "C",
    r"manufacturer LIKE '100\%\_*[x]\\'": "D",
    r"manufacturer LIKE '100\%_?%'": "",
    "manufacturer NOT LIKE '%e%'": "BD",
    "installed_on > DATE('2020-01-01')": "BD",
    "installed_on = '2021-06-30'": "B",
    "T_BEFORE(installed_on, DATE('2021-06-30'))": "A",
    "T_DURING(installed_on, INTERVAL('2020-06-01', '..'))": "BD",
    "T_INTERSECTS(updated_at, INTERVAL('2026-01-02', '2026-01-03T12:00:00Z'))": "BC",
    "T_DISJOINT(updated_at, INTERVAL('2026-01-02', '2026-01-03T12:00:00Z'))": "AD",
    "T_AFTER(updated_at, TIMESTAMP('2026-01-02T13:00:00+01:00'))": "CD",
    "T_EQUALS(updated_at, TIMESTAMP('2026-01-02T12:00:00Z'))": "B",
    "updated_at <= TIMESTAMP('2026-01-02T12:00:00Z')": "AB",
    f"id = '{ID_B}'": "B",
    "S_INTERSECTS(geometry, BBOX(-79, 35, -78.85, 35.05))": "AB",
    "S_INTERSECTS(geometry, POLYGON((-78.95 34.9, -78.75 34.9, -78.75 35.05, -78.95 35.05, -78.95 34.9)))": "BC",
    "S_WITHIN(geometry, POLYGON((-79 34, -78.85 34, -78.85 36, -79 36, -79 34)))": "B",
    "S_CONTAINS(POLYGON((-79 34, -78.85 34, -78.85 36, -79 36, -79 34)), geometry)": "B",
    "S_DISJOINT(geometry, POINT(-79 35))": "BCD",
    "S_EQUALS(geometry, POINT(-79 35))": "A",
    "NOT S_INTERSECTS(geometry, POINT(-79 35))": "BCD",
    "S_INTERSECTS(geometry, POINT(-79 35)) AND number = 'A' OR number = 'D'": "AD",
    "true": "ABCD",
    "1 = 2": "",
    " AND ".join(["flow_gpm >= 0"] * 300): "ABD",
}


def test_filters_find_the_same_on_both_databases(rows: Session) -> None:
    assert {text: found(rows, text) for text in ASKED} == ASKED
    tree = {"op": "and", "args": [{"op": "like", "args": [{"property": "manufacturer"}, "M%"]},
                                  {"op": ">", "args": [{"property": "flow_gpm"}, 900]}]}  # fmt: skip
    assert found(rows, json.dumps(tree), language=JSON_TREE) == "B"
    # A line, which its box is larger than; and a place that is nowhere is neither in nor out.
    assert found(rows, "S_INTERSECTS(geometry, BBOX(-78.9, 35, -78.8, 35.05))", layer="streets") == ""
    assert found(rows, "S_CROSSES(geometry, LINESTRING(-79 35.1, -78.8 35.1))", layer="streets") == "M"
    for text in ("S_INTERSECTS(geometry, POINT(1 1))", "NOT S_INTERSECTS(geometry, POINT(-79 35))"):
        assert found(rows, text, layer="service_points") == "", text
    assert found(rows, "geometry IS NULL", layer="service_points") == "N"


def test_shapes_are_read_in_the_filters_own_system(rows: Session) -> None:
    assert found(rows, "S_INTERSECTS(geometry, BBOX(34.9, -79.1, 35.05, -78.95))", crs=LATITUDE_LONGITUDE) == "A"
    feet = storage_crs("EPSG:2264")
    (x, y), (u, v) = feet.from_degrees([(-79.01, 34.99), (-78.95, 35.01)])
    assert found(rows, f"S_INTERSECTS(geometry, BBOX({x}, {y}, {u}, {v}))", crs=feet) == "A"


REFUSED = {
    "number = ": "at its end",
    "number == 'A'": "character 9",
    "": "no CQL2 text",
    "number": "a condition is wanted",
    "gate_code = '1'": "hydrants has no 'gate_code'",
    "attributes = '1'": "it has id, number",
    "number = 5": "number is text",
    "flow_gpm = 'many'": "flow_gpm is a number",
    "flow_gpm = true": "a number",
    "flow_gpm = number": "not compared with",
    "id = 'x'": "an id",
    "installed_on = DATE('2021-13-01')": "no day",
    "updated_at > TIMESTAMP('yesterday')": "no moment",
    "updated_at > 5": "a moment such as",
    "flow_gpm LIKE 'x'": "LIKE is of text",
    "manufacturer LIKE 'x\\'": "double it",
    "CASEI(flow_gpm) = 'x'": "CASEI is of text",
    "flow_gpm + 1 > 2": "not offered among values",
    "A_CONTAINS(number, ('x'))": "a_contains is not offered",
    "secret(number) = 1": "secret is not offered",
    "T_AFTER(number, DATE('2020-01-01'))": "neither a moment nor a day",
    "T_AFTER(updated_at, updated_at)": "between an attribute and a moment",
    "T_MEETS(updated_at, DATE('2020-01-01'))": "t_meets is not offered",
    "S_INTERSECTS(geometry, geometry)": "between geometry and a shape",
    "S_INTERSECTS(number, POINT(0 0))": "between geometry and a shape",
    "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))": "Self-intersection",
    "S_INTERSECTS(geometry, POLYGON((0 0, 1 1)))": "cannot be read",
    "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(0 0)))": "not valid",
    "(" * 3_000 + "number = 'A'" + ")" * 3_000: "more than 40 deep",
    "NOT " * 1_000 + "number = 'A'": "nested more than",
    "number = '" + "x" * 20_000 + "'": "at most 20000 characters",
}


def test_what_cannot_be_asked_is_refused_in_words(rows: Session) -> None:
    for text, word in REFUSED.items():
        with pytest.raises(Problem) as caught:
            found(rows, text)
        assert caught.value.code == "bad_parameter", text[:60]
        assert word in caught.value.detail, (text[:60], caught.value.detail)
        assert caught.value.detail.startswith("filter: ")
    for text, language, word in (
        ("[", JSON_TREE, "no CQL2 JSON"),
        ('{"op": "=", "args": [{"property": "number"}]}', JSON_TREE, "takes 2 arguments"),
        ('{"op": "in", "args": [{"property": "number"}, []]}', JSON_TREE, "a list of 1 to"),
        ('{"op": "=", "args": [{"property": "number"}, null]}', JSON_TREE, "a value is"),
        ("true", "sql", "cql2-text or cql2-json"),
    ):
        with pytest.raises(Problem) as caught:
            found(rows, text, language=language)
        assert word in caught.value.detail
