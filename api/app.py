"""Makes the application: the context, the resources, the document, the error handler, the log and the headers."""

from threading import BoundedSemaphore, Lock
from types import ModuleType
from typing import Any

import flask_smorest
from flask import Flask
from sqlalchemy import Engine

from api import (
    access_issues,
    accounts,
    ami_events,
    appointments,
    attachments,
    audit,
    auth,
    board,
    change_out_projects,
    change_outs,
    conflicts,
    connection_events,
    contacts,
    customers,
    cutoffs,
    cycles,
    day_routes,
    developments,
    digests,
    disconnected,
    discrepancies,
    dispatch,
    docs,
    exports,
    feature_requests,
    field_work,
    gates,
    health,
    holds,
    inventory,
    layer_keys,
    layers,
    letter_batches,
    letters,
    live,
    locate_tickets,
    locks,
    map_packs,
    me,
    meter_tests,
    meters,
    moratoria,
    office_live,
    order_types,
    photos,
    policy,
    powersync,
    readings,
    rescues,
    review,
    route_change_requests,
    route_edits,
    route_inserts,
    route_maps,
    route_sessions,
    route_versions,
    routes,
    rxdb,
    schedules,
    search,
    service_orders,
    service_points,
    snapshots,
    staff,
    staff_calendars,
    standings,
    supervisor_tasks,
    sync,
    tablet_incidents,
    tablets,
    tamper_cases,
    taps,
    temp_services,
    tiles,
    uploads,
    waiting_ops,
    watermelondb,
)
from api.core import document, errors, log
from api.core.bodies import MOST_BYTES
from api.core.context import EXTENSION, Context
from api.core.tokens import Tokens
from api.core.turns import Turns
from api.core.watcher import Live
from curbstop import __doc__ as about
from curbstop.models.engine import Sessions, make_engine
from curbstop.settings import Settings
from geo.layer_crs import offered

# One line a noun, in the order of the document.
RESOURCES: tuple[ModuleType, ...] = (
    auth,
    me,
    layer_keys,
    staff,
    staff_calendars,
    tablets,
    customers,
    accounts,
    standings,
    cutoffs,
    disconnected,
    letters,
    letter_batches,
    gates,
    moratoria,
    holds,
    contacts,
    service_points,
    locks,
    connection_events,
    tamper_cases,
    ami_events,
    meters,
    inventory,
    readings,
    map_packs,
    meter_tests,
    change_outs,
    change_out_projects,
    exports,
    discrepancies,
    cycles,
    routes,
    route_versions,
    route_edits,
    route_inserts,
    route_maps,
    route_change_requests,
    route_sessions,
    service_orders,
    appointments,
    board,
    locate_tickets,
    taps,
    temp_services,
    developments,
    feature_requests,
    office_live,
    dispatch,
    day_routes,
    schedules,
    field_work,
    review,
    order_types,
    policy,
    conflicts,
    supervisor_tasks,
    access_issues,
    photos,
    audit,
    sync,
    rescues,
    tablet_incidents,
    waiting_ops,
    digests,
    snapshots,
    live,
    powersync,
    rxdb,
    watermelondb,
    attachments,
    uploads,
    search,
    tiles,
    layers,
    health,
)


class Api(flask_smorest.Api):  # type: ignore[misc] # flask-smorest carries no types
    """The document's maker; problems are documented by the operations themselves."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask, **rest: Any) -> None:
        super().__init__(app, **rest)
        self._drawing = Lock()
        self._undrawn: list[Any] = []

    def _register_error_handlers(self) -> None:
        """api.core.errors does it."""

    def serve(self, blp: Any) -> None:
        """Registers a blueprint; it is drawn into the document when somebody asks for that, which takes a second."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp)
        self._undrawn.append(blp)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document of every blueprint that is served."""
        with self._drawing:
            for blp in self._undrawn:
                blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
                self.spec.tag({"name": blp.name, "description": blp.description})
            self._undrawn.clear()
            drawn: dict[str, Any] = self.spec.to_dict()
            return drawn


def make_app(settings: Settings, engine: Engine | None = None) -> Flask:
    """The WSGI application. Nothing is connected before the first request."""
    app = Flask("curbstop", static_folder=None)
    app.config.update(
        API_TITLE="Curbstop",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=MOST_BYTES,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    connect(app, settings, engine)
    api = Api(app, spec_kwargs=_document_head())
    for resource in RESOURCES:
        api.serve(resource.blp)
    docs.register(app, api.document)
    errors.register(app)
    log.register(app)
    return app


def connect(app: Flask, settings: Settings, engine: Engine | None = None) -> None:
    """Ties an application to a database. Making one takes a while, so tests make one and tie it anew."""
    # A wrong setting is told at once, not to the first who opens a layer.
    offered(settings.layers_crs)
    sessions = Sessions(engine or make_engine(settings.database_url, pool_size=settings.api_threads))
    app.extensions[EXTENSION] = Context(
        settings=settings,
        sessions=sessions,
        tokens=Tokens(settings.secret_key, settings.access_minutes),
        live=Live(sessions, settings.api_listeners, live.standing),
        # Each holds a thread while it is sent; half of them stay free for everybody else.
        turns=Turns(max(1, settings.api_threads // 2)),
        waiters=BoundedSemaphore(max(1, settings.api_threads // 4)),
    )


def _document_head() -> dict[str, object]:
    return {
        "info": {
            "description": about,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "components": {
            "schemas": {"Problem": document.PROBLEM},
            "examples": document.problem_examples(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The access token of POST /auth/sign-in.",
                },
                "layer_key": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "My login and PUT /me/layer-key's key.",
                },
            },
        },
        "servers": [{"url": "/"}],
    }
