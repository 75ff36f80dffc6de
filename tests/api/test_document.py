"""The OpenAPI document: valid, complete, and readable without a network."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from jsonschema import Draft202012Validator

from curbstop.domain.problems import PROBLEMS
from tests.api.office import Office

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(office: Office) -> dict[str, Any]:
    found: dict[str, Any] = office.anyone().get("/openapi.json").json
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["license"]["identifier"] == "Apache-2.0"
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_it_is_valid_by_the_schema_of_openapi(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()


def test_every_schema_in_it_is_a_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        found: Any = document
        for part in reference.split("/"):
            found = found[part]


def test_every_operation_has_its_own_id_a_summary_and_a_tag(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations(document):
        assert operation["summary"].endswith("."), (method, path)
        assert operation["tags"], (method, path)


def test_every_operation_documents_its_problems(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        answers = operation["responses"]
        wanted = {"500", "503"} | ({"401", "403"} if operation["security"] else set())
        assert wanted <= answers.keys(), (method, path)
        for status, answer in answers.items():
            if status >= "4":
                (schema,) = (content["schema"] for content in answer["content"].values())
                codes = schema["allOf"][1]["properties"]["code"]["enum"]
                assert all(PROBLEMS[code].status == int(status) for code in codes)


def test_every_creating_post_takes_a_key_and_every_edit_a_version(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        headers = {p["name"] for p in operation.get("parameters", []) if p.get("in") == "header"}
        if "Location" in operation["responses"].get("201", {}).get("headers", {}):
            assert "Idempotency-Key" in headers, (method, path)
        # tus 1.0.0 has its own way: the offset is what must not have changed.
        if method == "patch" and "Upload-Offset" not in headers:
            assert "If-Match" in headers, (method, path)


def test_every_field_and_parameter_says_what_it_is(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for key, field in schema.get("properties", {}).items():
            assert "description" in field or "$ref" in field or name == "Problem", (name, key)
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), (method, path, parameter)


def test_the_page_to_read_it_needs_no_network(office: Office) -> None:
    client = office.anyone()
    page = client.get("/docs")
    assert page.status_code == 200
    for link in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert link.startswith("/docs/")
        assert client.get(link).status_code == 200, link
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert client.get("/docs/../app.py").status_code == 404
