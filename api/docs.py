"""Serves the OpenAPI document and a page to read and try it, from a package's files: no network is needed."""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import NotFound

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Curbstop API</title><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-32x32.png"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
"""
START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, docExpansion: "none",
  defaultModelsExpandDepth: 0, displayOperationId: true, filter: true, validatorUrl: null});
"""
# Swagger UI sets styles by attribute and draws its icons from data URLs; scripts come from this server only.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'"
)
SHIPPED = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}


def register(app: Flask, document: Callable[[], dict[str, Any]]) -> None:
    """/openapi.json, and /docs for people. The document is drawn up when it is first asked for."""
    folder = files("flask_swagger_ui") / "dist"

    @cache
    def text() -> str:
        return json.dumps(document(), indent=1)

    @app.get("/openapi.json")
    def openapi_json() -> Response:
        return Response(text(), mimetype="application/json")

    @app.get("/docs")
    def docs_page() -> Response:
        return _shown(Response(PAGE, mimetype="text/html"))

    @app.get("/docs/start.js")
    def docs_start() -> Response:
        return _shown(Response(START, mimetype="text/javascript"))

    @app.get("/docs/<name>")
    def docs_file(name: str) -> Response:
        if name not in SHIPPED:
            raise NotFound
        response = _shown(Response((folder / name).read_bytes(), mimetype=SHIPPED[name]))
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def _shown(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response
