"""Whatever a file holds, reading it ends in a preview or in one Problem of one line, never in anything else."""

import contextlib
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.domain.problems import Problem
from curbstop.files.layouts import LAYOUTS
from curbstop.files.reading import Reading
from geo.geocode import StreetIndex
from tests.files.conftest import Write

HEADERS = (
    "id,number,street_name,x,y",
    "serial,size",
    "order_id,type,address,date",
    "",
    "\ufeffaccount;name;address",
    "{",
)
CELLS = st.one_of(
    st.sampled_from(["", "1", "-1", "Main St", "1e400", "nan", "inf", '"', "٣", "\0", "=1", "0"]), st.text()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("name", "serial", "type", "order_id", "address", "account_number", "installed_on", "l_from", "size", "x", "y")
PROPERTIES = st.fixed_dictionaries(dict.fromkeys(NAMES, JSON))
SHAPES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Point", "LineString", "MultiLineString", "GeometryCollection", "Nothing"]),
        "coordinates": JSON,
    }
)


def outcome(write: Write, name: str, content: bytes) -> None:
    path = write(name, content)
    for layout in LAYOUTS.values():
        with contextlib.suppress(Problem):
            preview = Reading(path, layout, streets=StreetIndex([])).run()
            assert preview.read == preview.accepted + preview.duplicates + preview.rejected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(HEADERS), st.lists(st.lists(CELLS, max_size=6), max_size=5), st.binary(max_size=20))
def test_any_table_ends_well(write: Write, header: str, rows: list[list[str]], tail: bytes) -> None:
    lines = "\n".join([header, *(",".join(row) for row in rows)])
    outcome(write, "a.csv", lines.encode("utf-8", "surrogatepass") + tail)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries({"geometry": JSON | SHAPES, "properties": PROPERTIES | JSON, "id": JSON}) | JSON,
        max_size=4,
    ),
    JSON,
)
def test_any_geojson_ends_well(write: Write, features: list[object], crs: object) -> None:
    document = {"type": "FeatureCollection", "crs": crs, "features": features}
    outcome(write, "a.geojson", json.dumps(document).encode())
    outcome(write, "a.geojson", json.dumps({**document, "crs": None}).encode())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([b"", b"PK\x03\x04", b"SQLite format 3\0", b"\x00\x00\x27\x0a", b"{", b"\xff\xfe"]), st.binary())
def test_any_bytes_end_well(write: Write, start: bytes, content: bytes) -> None:
    outcome(write, "a.shp", start + content)
    outcome(write, "a.csv", start + content)
