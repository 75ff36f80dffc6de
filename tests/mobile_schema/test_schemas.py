"""Holds the contract together: valid schemas, valid examples, every field explained."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sync import contract

NAMES = sorted(contract.schemas())


def _fields(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, inner in schema.get("properties", {}).items():
        if "$ref" not in inner:
            yield f"{path}.{name}", inner
            yield from _fields(inner, f"{path}.{name}")
    items = schema.get("items")
    if isinstance(items, dict):
        yield from _fields(items, f"{path}[]")


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_a_schema(name: str) -> None:
    schema = contract.schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(f"/v1/{name}")


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_valid(name: str) -> None:
    schema = contract.schemas()[name]
    assert schema["examples"], "a schema without an example teaches nobody"
    for example in schema["examples"]:
        assert contract.check(name, example) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_a_title_a_description_and_an_example(name: str) -> None:
    for path, field in _fields(contract.schemas()[name], name):
        if "if" in field or not field.keys() - {"required", "properties"}:
            continue
        assert field.get("title"), path
        assert field.get("description"), path
        assert field.get("examples") or field.get("properties"), path


@pytest.mark.parametrize("name", NAMES)
def test_every_field_example_is_valid_for_the_field(name: str) -> None:
    validator = contract.validator(name)
    for path, field in _fields(contract.schemas()[name], name):
        for example in field.get("examples", ()):
            if "$ref" not in str(field):
                assert not list(validator.evolve(schema=field).iter_errors(example)), path


def test_a_kind_is_in_the_file_of_its_name() -> None:
    for (kind, version), name in contract.op_kinds().items():
        assert name in {f"ops/{kind}.json", f"ops/{kind}@{version}.json"}
