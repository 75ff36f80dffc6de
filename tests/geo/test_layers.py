"""The whitelist of layers: no column of it is where somebody's name, words, debts or secrets are kept."""

from sqlalchemy import Column, LargeBinary, Text

from geo.layers import LAYERS, ROW_VERSION

TABLES = {
    "service_point",
    "stop",
    "route",
    "route_version",
    "street",
    "hydrant",
    "service_order",
    "route_change_request",
    "utility_asset",
}


def test_no_attribute_is_free_text_a_secret_or_of_another_table() -> None:
    looked_at = 0
    for layer in LAYERS.values():
        assert len(layer.by_name) == len(layer.attributes)
        assert {"id", "geometry"}.isdisjoint(layer.by_name)
        assert layer.by_name[ROW_VERSION].column is layer.version.expression
        for one in layer.attributes:
            assert one.about.endswith(".")
            assert not isinstance(one.column.type, Text | LargeBinary), (layer.name, one.name)
            if isinstance(one.column, Column):
                assert one.column.table.name in TABLES, (layer.name, one.name)
                looked_at += 1
    assert looked_at > 50
