"""A file, a layout and its preview: what is accepted, what is refused, and that a second run finds the same keys."""

import json

import pytest

from curbstop.domain.import_rows import AccountRow, AddressRow, MeterRow, OrderRow, StreetRow
from curbstop.domain.problems import Problem
from curbstop.files.layouts import LAYOUTS, layout_named
from curbstop.files.reading import Reading, street_index
from curbstop.files.rejects import read_rejects
from curbstop.files.rows import Options
from geo.geocode import StreetIndex
from tests.files.conftest import Write

STREETS = """{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"Street": "Main St", "L_From": 1, "L_To": 99, "R_From": 2, "R_To": 98, "ID": "m1"},
 "geometry": {"type": "LineString", "coordinates": [[-71.1, 42.3], [-71.09, 42.3]]}},
{"type": "Feature", "properties": {"Street": "Elm Ave", "L_From": 0, "L_To": 0, "R_From": 2, "R_To": 98, "ID": "e1"},
 "geometry": {"type": "MultiLineString", "coordinates": [[[-71.1, 42.31], [-71.095, 42.31]],
                                                         [[-71.095, 42.31], [-71.09, 42.31]]]}}
]}"""


@pytest.fixture
def streets(write: Write) -> StreetIndex:
    reading = Reading(write("streets.geojson", STREETS), layout_named("streets"))
    return street_index(row.value for row in reading if isinstance(row.value, StreetRow))


def test_streets_are_read_with_their_ranges_and_merged_in_their_direction(write: Write) -> None:
    reading = Reading(write("streets.geojson", STREETS), layout_named("streets"))
    main, elm = (row.value for row in reading)
    assert isinstance(main, StreetRow)
    assert isinstance(elm, StreetRow)
    assert (main.left_from, main.right_to, main.source_key) == (1, 98, "id:m1")
    assert (elm.left_from, elm.left_to) == (None, None)
    assert elm.line == ((-71.1, 42.31), (-71.095, 42.31), (-71.09, 42.31))


def test_addresses_are_placed_refused_or_counted_as_duplicates(write: Write, streets: StreetIndex) -> None:
    path = write("a.csv", "street_number,street_name\n5,Main St\n5,MAIN STREET\n500,Main St\n5,Oak St\n,Main St\n5,\n")
    reading = Reading(path, layout_named("addresses"), streets=streets)
    accepted = [row.value for row in reading]
    assert [row.source_key for row in accepted] == ["address:5||MAIN ST|"]
    assert isinstance(accepted[0], AddressRow)
    assert (accepted[0].address, accepted[0].location_source) == ("5 Main St", "geocoded")
    preview = reading.preview
    assert (preview.read, preview.accepted, preview.duplicates, preview.rejected) == (6, 1, 1, 4)
    assert preview.reasons == {
        "number_out_of_range": 1, "no_such_street": 1, "no_number": 1, "missing_value": 1,
    }  # fmt: skip
    refused = list(read_rejects(preview.rejects_path))
    assert [(row.line, row.text) for row in refused] == [
        (4, "500,Main St"),
        (5, "5,Oak St"),
        (6, ",Main St"),
        (7, "5,"),
    ]


def test_a_second_run_finds_the_same_keys(write: Write, streets: StreetIndex) -> None:
    path = write("a.csv", "number,street_name,unit\n5,Main St,\n5,Main St,2\n7,Main St,\n")
    reading = Reading(path, layout_named("addresses"), streets=streets)
    first, second = ([row.value.source_key for row in reading] for _ in range(2))
    assert first == second
    assert len(set(first)) == 3


def test_an_id_that_comes_again_for_another_address_is_refused(write: Write, streets: StreetIndex) -> None:
    path = write("a.csv", "id,number,street_name\n1,5,Main St\n1,7,Main St\n1,5,Main St\n")
    preview = Reading(path, layout_named("addresses"), streets=streets).run()
    assert (preview.accepted, preview.duplicates, preview.reasons) == (1, 1, {"duplicate_key": 1})


def test_addresses_with_coordinates_need_no_streets(write: Write) -> None:
    path = write("a.csv", "address,lon,lat\n5 Main St,-71.1,42.3\nPump house,-71.2,42.3\n7 Main St,,\n9 Main St,x,y\n")
    reading = Reading(path, layout_named("addresses"))
    assert [row.value.location for row in reading if isinstance(row.value, AddressRow)] == [
        (-71.1, 42.3),
        (-71.2, 42.3),
    ]
    assert reading.preview.reasons == {"no_location": 1, "bad_geometry": 1}
    assert reading.preview.bounds == (-71.2, 42.3, -71.1, 42.3)


def test_addresses_without_coordinates_and_streets_are_a_problem(write: Write) -> None:
    with pytest.raises(Problem, match="--streets FILE"):
        Reading(write("a.csv", "address\n5 Main St\n"), layout_named("addresses"))


def test_projected_coordinates_need_their_system(write: Write) -> None:
    path = write("a.csv", "address,x,y\n5 Main St,4971350,3905604\n")
    with pytest.raises(Problem, match="say --crs") as caught:
        Reading(path, layout_named("addresses")).run()
    assert caught.value.code == "crs_wrong"
    preview = Reading(path, layout_named("addresses"), Options(crs="EPSG:3547")).run()
    assert (preview.accepted, preview.crs) == (1, "EPSG:3547")


def test_a_few_points_in_impossible_places_are_refused_alone(write: Write) -> None:
    lines = "".join(f"{number} Main St,-71.1,42.3\n" for number in range(1, 9))
    path = write("a.csv", f"address,lon,lat\n{lines}99 Main St,-71.1,4230\n")
    preview = Reading(path, layout_named("addresses")).run()
    assert (preview.accepted, preview.reasons) == (8, {"outside": 1})


def test_a_column_is_named_by_hand(write: Write, streets: StreetIndex) -> None:
    path = write("a.csv", "hausnummer,strasse\n5,Main St\n")
    with pytest.raises(Problem, match=r"--map street_name=COLUMN.*hausnummer, strasse"):
        Reading(path, layout_named("addresses"), streets=streets)
    options = Options(mapping={"number": "hausnummer", "street_name": "strasse"})
    assert Reading(path, layout_named("addresses"), options, streets).run().accepted == 1


@pytest.mark.parametrize(
    ("mapping", "says"), [({"size": "id"}, "no field 'size'"), ({"number": "gone"}, "no column 'gone'")]
)
def test_a_mapping_to_what_is_not_there_is_a_problem(write: Write, mapping: dict[str, str], says: str) -> None:
    with pytest.raises(Problem, match=says):
        Reading(
            write("a.csv", "id,address,x,y\n1,5 Main St,1,1\n"), layout_named("addresses"), Options(mapping=mapping)
        )


def test_meters_accounts_and_orders_name_their_service_point_by_number_or_address(write: Write) -> None:
    path = write(
        "m.csv", "serial,size,dials,uom,service_address\nab-1,5/8,6,gallons,5 Main Street\nab-2,1,99,,\nAB-1,1,6,,\n"
    )
    reading = Reading(path, layout_named("meters"))
    meters = [row.value for row in reading]
    assert isinstance(meters[0], MeterRow)
    assert (meters[0].serial, meters[0].unit, meters[0].address_key) == ("AB-1", "GAL", "5||MAIN ST|")
    assert reading.preview.reasons == {"out_of_range": 1, "duplicate_key": 1}

    accounts = [
        row.value
        for row in Reading(
            write("a.csv", "account_no,name,sp_number,class\nA-1,Ann,SP-1,R\nA-2,Bob,,\n"), layout_named("accounts")
        )
    ]
    assert isinstance(accounts[0], AccountRow)
    assert len(accounts) == 1
    assert (accounts[0].service_point_number, accounts[0].service_class) == ("SP-1", "residential")

    orders = [
        row.value
        for row in Reading(
            write("o.csv", "order_id,type,due,account,notes\n77,gen,5/4/2026,A-1,=1+1\n"), layout_named("orders")
        )
    ]
    assert isinstance(orders[0], OrderRow)
    assert (orders[0].source_key, orders[0].type_code, orders[0].priority) == ("order:77", "GEN", 3)


def test_a_layout_that_needs_a_line_refuses_points(write: Write) -> None:
    feature = {"type": "Feature", "properties": {"name": "x"}, "geometry": {"type": "Point", "coordinates": [-71, 42]}}
    path = write("a.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert Reading(path, layout_named("streets")).run().reasons == {"bad_geometry": 1}


def test_progress_goes_from_little_to_all(write: Write) -> None:
    seen: list[tuple[int, int]] = []
    path = write("m.csv", "serial\n" + "".join(f"S{number}\n" for number in range(3_000)))
    Reading(path, layout_named("meters"), progress=lambda done, of: seen.append((done, of))).run()
    assert seen == sorted(seen)
    assert len(seen) > 2
    assert seen[-1][0] == seen[-1][1]


def test_the_preview_reads_well(write: Write, streets: StreetIndex) -> None:
    path = write("a.csv", "number,street_name,x9\n5,Main St,\n7,Oak St,\n")
    lines = Reading(path, layout_named("addresses"), streets=streets).run().lines()
    assert lines[0] == "a.csv: CSV, 2 rows: 1 accepted, 0 duplicates, 1 rejected."
    assert "Placed on streets: 1 of 2 addresses (50.0%)" in lines
    assert "  line 3: No street is called OAK ST." in lines


def test_no_two_fields_of_a_layout_have_one_name() -> None:
    for layout in LAYOUTS.values():
        names = [field.name for field in layout.fields]
        assert len(names) == len(set(names))
    with pytest.raises(Problem):
        layout_named("valves")
