"""A route as a drawing: every stop within the frame, numbers that can be read, streets by their names."""

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from geo.route_picture import WIDTH, Line, draw


@pytest.mark.parametrize("count", [1, 2, 81, 400])
def test_every_stop_is_in_the_frame_and_the_ends_are_numbered(count: int) -> None:
    chance = np.random.default_rng(count)
    stops = np.array([-79.0, 35.0]) + chance.random((count, 2)) * [0.02, 0.004]
    drawn = draw(stops, [10 * (n + 1) for n in range(count)], [])
    root = ET.fromstring(drawn.svg)  # noqa: S314 - our own
    height = float(root.attrib["height"])
    circles = [(float(one.attrib["cx"]), float(one.attrib["cy"])) for one in root.iter() if one.tag.endswith("circle")]
    assert len(circles) == count
    assert all(0 <= x <= WIDTH and 0 <= y <= height for x, y in circles)
    said = [one.text for one in root.iter() if one.tag.endswith("text")]
    numbers = [text for text in said if text and text.isdigit()]
    assert {numbers[0], numbers[-1]} == {"10", str(10 * count)}
    assert len(numbers) <= 82
    # North is up: the northernmost stop is the uppermost circle.
    assert int(np.argmax(stops[:, 1])) == int(np.argmin([y for _, y in circles]))


def test_streets_are_named_once_and_no_name_is_markup() -> None:
    streets = [
        Line("<A & B> St", np.array([[-79.0, 35.0], [-78.99, 35.0]])),
        Line("<A & B> St", np.array([[-78.99, 35.0], [-78.985, 35.0]])),
        Line("", np.array([[-79.0, 35.0], [-79.0, 35.01]])),
    ]
    drawn = draw(np.array([[-79.0, 35.0001], [-78.99, 35.0001]]), [10, 20], streets)
    assert len(re.findall("&lt;A &amp; B&gt; St", drawn.svg)) == 1
    ET.fromstring(drawn.svg)  # noqa: S314 - our own
    assert drawn.scale_m in (100, 200)
