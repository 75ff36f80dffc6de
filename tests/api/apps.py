"""One application a test process: making it takes longer than most tests."""

from flask import Flask
from sqlalchemy import Engine

from api.app import connect, make_app
from curbstop.settings import Settings

_made: list[Flask] = []


def app_on(settings: Settings, engine: Engine) -> Flask:
    """The process's application, tied to this test's database."""
    if not _made:
        _made.append(make_app(settings, engine))
    connect(_made[0], settings, engine)
    return _made[0]
