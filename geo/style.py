"""One light map style, made to be read in sunlight: dark lines on a bright ground, few colors, each with a shape.

It names no glyphs and no sprite, so that nothing is fetched to draw it: MapLibre GL JS from 5.11 writes labels with the
device's own fonts, and signs are circles. (https://maplibre.org/maplibre-style-spec/)
"""

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

FONT: Final = ["sans-serif"]
GROUND, INK, HALO = "#ffffff", "#111111", "#ffffff"
STREET, STREET_EDGE = "#e4e0d6", "#5c574c"
WATER, HYDRANT, WORK = "#0b4fa3", "#c1121f", "#b35900"
_STATES: Final = {"on": "#0b6e2e", "off": "#c1121f", "tapped": "#5c574c"}
_WIDTHS: Final = ["interpolate", ["exponential", 1.5], ["zoom"], 11, 1, 14, 4, 17, 16, 20, 60]
_EDGES: Final = ["interpolate", ["exponential", 1.5], ["zoom"], 11, 2, 14, 6, 17, 19, 20, 66]


def style(sources: Mapping[str, str]) -> Json:
    """The style over these layers: their names, each with the URL of its TileJSON."""
    return {
        "version": 8,
        "name": "Curbstop, light",
        "sources": {name: {"type": "vector", "url": url} for name, url in sources.items()},
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": GROUND}},
            *(one for one in _LAYERS if one["source"] in sources),
        ],
    }


def _line(name: str, source: str, paint: Json) -> Json:
    layout = {"line-cap": "round", "line-join": "round"}
    return {"id": name, "type": "line", "source": source, "source-layer": source, "layout": layout, "paint": paint}


def _dots(source: str, color: Any, radius: Any, **more: Any) -> list[Json]:
    """A layer of points: clusters with their number, and from zoom 13 on the points themselves."""
    ring = {"circle-stroke-color": INK, "circle-stroke-width": 1.5}
    common = {"source": source, "source-layer": source}
    many = ["has", "count"]
    size = ["interpolate", ["linear"], ["get", "count"], 1, 5, 100, 12, 5000, 22]
    return [
        {
            "id": f"{source}-clusters", "type": "circle", **common, "filter": many,
            "paint": {"circle-color": color if isinstance(color, str) else WATER, "circle-radius": size, **ring},
        },
        {
            "id": f"{source}-counts", "type": "symbol", **common, "filter": ["all", many, [">", ["get", "count"], 9]],
            "layout": {"text-field": ["to-string", ["get", "count"]], "text-font": FONT, "text-size": 13},
            "paint": {"text-color": INK, "text-halo-color": HALO, "text-halo-width": 2},
        },
        {
            "id": source, "type": "circle", **common, "filter": ["!", many],
            "paint": {"circle-color": color, "circle-radius": radius, **ring, **more},
        },
    ]  # fmt: skip


def _names(name: str, source: str, field: str, zoom: float, **layout: Any) -> Json:
    return {
        "id": name, "type": "symbol", "source": source, "source-layer": source, "minzoom": zoom,
        "filter": ["has", field],
        "layout": {"text-field": ["to-string", ["get", field]], "text-font": FONT, "text-size": 14, **layout},
        "paint": {"text-color": INK, "text-halo-color": HALO, "text-halo-width": 2},
    }  # fmt: skip


_GROWING: Final = ["interpolate", ["linear"], ["zoom"], 13, 3, 16, 6, 19, 11]
_BY_STATE: Final = ["match", ["get", "physical_state"], *(x for pair in _STATES.items() for x in pair), WATER]
_LAYERS: Final[tuple[Json, ...]] = (
    _line("street-edges", "streets", {"line-color": STREET_EDGE, "line-width": _EDGES}),
    _line("streets", "streets", {"line-color": STREET, "line-width": _WIDTHS}),
    _line("mains", "assets", {"line-color": WATER, "line-width": 2.5, "line-dasharray": [4, 1.5]}),
    *_dots("hydrants", HYDRANT, _GROWING),
    *_dots("service_points", _BY_STATE, _GROWING),
    *_dots("stops", WATER, ["+", 2, ["interpolate", ["linear"], ["zoom"], 13, 3, 19, 11]]),
    *_dots("order_locations", WORK, ["interpolate", ["linear"], ["zoom"], 13, 6, 19, 16]),
    _names("street-names", "streets", "name", 14, **{"symbol-placement": "line"}),
    _names("stop-sequences", "stops", "sequence", 16.5, **{"text-offset": [0, 1.2]}),
    _names("order-types", "order_locations", "type_code", 15, **{"text-offset": [0, -1.5]}),
)
