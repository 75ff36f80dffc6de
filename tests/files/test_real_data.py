"""Real files, broken in the ways that real files are; these tests skip where the data is absent."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from curbstop.domain.import_rows import HydrantRow, StreetRow
from curbstop.files.layouts import layout_named
from curbstop.files.opener import open_source
from curbstop.files.reading import Reading, street_index
from curbstop.files.rows import Options
from geo.crs import ToWgs84
from geo.distance import length_m
from tests.files.conftest import say_nothing

Find = Callable[[str], Path]


def test_a_real_citys_addresses_are_read_and_most_are_placed(real: Find, tmp_path: Path) -> None:
    options = Options(rejects_folder=tmp_path)
    streets = Reading(real("cambridge_ma/streets.geojson"), layout_named("streets"), options)
    index = street_index(row.value for row in streets if isinstance(row.value, StreetRow))
    assert (streets.preview.accepted, streets.preview.rejected) == (2_643, 0)
    reading = Reading(real("cambridge_ma/addresses.csv"), layout_named("addresses"), options, index)
    keys = [row.value.source_key for row in reading]
    preview = reading.preview
    assert keys[0] == "id:14754"  # the row that the header was fused with
    assert len(preview.repairs) == 2
    assert preview.read == 46_644
    assert preview.read == preview.accepted + preview.duplicates + preview.rejected
    assert preview.accepted + len(preview.unplaced) == 21_488
    assert preview.accepted / 21_488 > 0.95
    assert set(preview.reasons) == {"no_such_street", "number_out_of_range", "wrong_parity", "ambiguous"}


def test_real_hydrants_have_dates_before_1970_and_no_editors(real: Find, tmp_path: Path) -> None:
    reading = Reading(real("cambridge_ma/hydrants.geojson"), layout_named("hydrants"), Options(rejects_folder=tmp_path))
    hydrants = [row.value for row in reading if isinstance(row.value, HydrantRow)]
    assert (reading.preview.read, reading.preview.accepted) == (1_960, 1_959)
    assert reading.preview.reasons == {"not_a_date": 1}  # the year 910
    assert hydrants[0].installed_on == date(1874, 1, 1)
    assert not any("last_edited_date" in hydrant.attributes for hydrant in hydrants)
    assert any(hydrant.installed_on is None for hydrant in hydrants)


def test_a_real_pipe_in_survey_feet_is_as_long_as_its_register_says(real: Find) -> None:
    source = open_source(real("kentucky_ky4/pipes.geojson"), Options())
    assert source.crs is not None
    rows = [row for row in source.rows(say_nothing) if row.geometry is not None]
    shapes = ToWgs84(source.crs).shapes([row.geometry for row in rows])
    known = np.array([float(row.values["length"]) for row in rows])
    measured = np.array([length_m(np.array(shape.coords)) for shape in shapes if shape is not None])
    assert np.median(np.abs(measured / known - 1)) < 0.02


def test_fifty_thousand_rows_stay_within_300_megabytes(tmp_path: Path) -> None:
    lines = (f"{number % 997 + 1},Street {number // 997} Ave,{-71 - number * 1e-6},42.3\n" for number in range(50_000))
    path = tmp_path / "many.csv"
    path.write_text("number,street_name,lon,lat\n" + "".join(lines))
    program = (
        "import resource, sys; from pathlib import Path; from curbstop.files.layouts import layout_named\n"
        "from curbstop.files.reading import Reading\n"
        "print(Reading(Path(sys.argv[1]), layout_named('addresses')).run().accepted)\n"
        # Linux counts what the parent had before exec into ru_maxrss, so its own high-water mark is read there.
        "status = Path('/proc/self/status')\n"
        "lines = status.read_text().splitlines() if status.exists() else []\n"
        "peak = [int(line.split()[1]) * 1024 for line in lines if line.startswith('VmHWM')]\n"
        "print(peak[0] if peak else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    checkout = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True, cwd=checkout
    )
    accepted, most = map(int, done.stdout.split())
    assert accepted == 50_000
    assert most / (1024 * 1024) < 300
