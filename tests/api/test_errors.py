"""The one error handler: nothing internal leaks, whatever happens."""

import logging

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from api.app import make_app
from api.core.context import EXTENSION
from curbstop.models.engine import make_engine
from curbstop.settings import Settings
from tests.api.office import Office

NAME = "Pat Customer 1"


@pytest.fixture
def broken(settings: Settings, engine: Engine) -> Flask:
    """An application of its own, with routes that fail in every way."""
    app = make_app(settings, engine)

    @app.get("/fails/bug")
    def bug() -> str:
        raise RuntimeError("the secret is 4711")

    @app.get("/fails/constraint")
    def constraint() -> str:
        with app.extensions[EXTENSION].sessions.write() as session:
            for _ in range(2):
                session.execute(text("INSERT INTO number_sequence (kind, next_value) VALUES ('same', 4711)"))
        return ""

    @app.get("/fails/value")
    def value() -> str:
        statement = "INSERT INTO number_sequence (kind, next_value) VALUES (:kind, :value)"
        with app.extensions[EXTENSION].sessions.write() as session:
            session.execute(text(statement), {"kind": NAME, "value": None})
        return ""

    @app.get("/fails/statement")
    def statement() -> str:
        with app.extensions[EXTENSION].sessions.write() as session:
            session.execute(text("SELECT :name FROM no_such_table"), {"name": NAME})
        return ""

    return app


def test_a_bug_is_answered_without_its_words(broken: Flask, caplog: pytest.LogCaptureFixture) -> None:
    response = broken.test_client().get("/fails/bug")
    assert response.status_code == 500
    assert response.json is not None
    assert response.json["code"] == "internal"
    assert response.json["request_id"] == response.headers["X-Request-Id"]
    assert b"4711" not in response.data
    assert "RuntimeError" in caplog.text


def test_a_constraint_is_a_conflict_without_sql(broken: Flask) -> None:
    response = broken.test_client().get("/fails/constraint")
    assert response.status_code == 409
    assert b"number_sequence" not in response.data
    assert b"4711" not in response.data


def test_the_log_of_a_refused_statement_has_no_values(broken: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """They are people's names and notes; a trace of the database's error would show them."""
    with caplog.at_level(logging.DEBUG):
        for kind in ("constraint", "value", "statement"):
            assert broken.test_client().get(f"/fails/{kind}").status_code >= 400
    assert "number_sequence" in caplog.text
    assert NAME not in caplog.text


def test_a_database_that_is_gone_is_unavailable(settings: Settings) -> None:
    engine = make_engine("postgresql+psycopg://nobody:pw@127.0.0.1:1/none")
    client = make_app(settings, engine).test_client()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json is not None
    assert response.json["code"] == "database_unreachable"
    assert response.headers["Retry-After"] == "5"
    assert b"127.0.0.1" not in response.data
    assert client.get("/healthz").status_code == 200


def test_the_log_has_no_query_strings_and_no_tokens(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        client = office.as_("ada")
        client.get("/staff?name=verysecret")
    assert "verysecret" not in caplog.text
    assert client.headers["Authorization"].split()[1] not in caplog.text
    assert '"path": "/staff"' in caplog.text
