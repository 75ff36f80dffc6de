"""Files in and out: what was imported, what was exported, and the exports' files."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import Row

from api.core import Answer, Blueprint, PageQuery, Sort, actor, creates, page_of, reading, writing
from api.core.schemas import Free, Id, Moment, Text, Whole
from api.meter_schemas import NULL
from curbstop import exporting
from curbstop.queries import exports as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("files", "files", url_prefix="", description="Files in and out.")


class ImportBatchAnswer(Answer):
    id = Id("The batch's id.")
    kind = Text("What was in it.", "change_outs")
    file_name = Text("The file.", "changeouts-may.csv")
    sha256 = Text("The hash of its bytes.", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    counts = Free("How many rows were read, added, as they were, refused, and to be looked at.", {"added": 12})
    staff_id = Id("Who brought it in; null at the command line.", **NULL)
    staff_name = Text("Who, by name.", "Bill Okafor", **NULL)
    recorded_at = Moment("When.")


class ImportBatchQuery(PageQuery):
    sort = Sort("recorded_at")
    kind = Text("Only of this kind.", "change_outs", longest=20, load_default=None)


class ExportRunAnswer(Answer):
    id = Id("The run's id.")
    kind = Text("What went out.", "mco")
    number = Whole("Its number among the runs of its kind.", 12)
    rows = Whole("How many rows the file has.", 40)
    sha256 = Text("The hash of its bytes.", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
    staff_id = Id("Who asked for it; null at the command line.", **NULL)
    staff_name = Text("Who, by name.", "Bill Okafor", **NULL)
    recorded_at = Moment("When.")


class ExportRunQuery(PageQuery):
    sort = Sort("recorded_at")
    kind = Text("Only of this kind.", "mco", longest=10, load_default=None)


@blp.operation("GET", "/imports", query=ImportBatchQuery, answer=page_of(ImportBatchAnswer))
def list_imports(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """The files that were brought in, with what became of their rows."""
    with reading() as session:
        return queries.batches(session, actor(), page, **query)


@blp.operation("GET", "/exports", query=ExportRunQuery, answer=page_of(ExportRunAnswer))
def list_exports(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """The files that went out."""
    with reading() as session:
        return queries.runs(session, actor(), page, **query)


@blp.operation("POST", "/exports/change-outs", answer=ExportRunAnswer, problems=("nothing_to_export",))
@creates("/exports/{id}")
def export_change_outs() -> Row[Any]:
    """Make a file of the change-outs that no file has had yet; each goes out once."""
    with writing() as work:
        run, _ = exporting.change_outs(work)
        return queries.run(work.session, work.actor, run.id)


@blp.operation("GET", "/exports/<uuid:export_run_id>", answer=ExportRunAnswer)
def get_export(export_run_id: UUID) -> Row[Any]:
    """One run."""
    with reading() as session:
        return queries.run(session, actor(), export_run_id)


@blp.operation(
    "GET",
    "/exports/<uuid:export_run_id>/file",
    status=200,
    doc={"responses": {"200": {"description": "The file.", "content": {"text/csv": {}}}}},
)
def download_export(export_run_id: UUID) -> Response:
    """The run's file, as often as it is asked for."""
    with reading() as session:
        text = exporting.change_outs_again(session, actor(), export_run_id)
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="change-outs-{export_run_id}.csv"'
    return response
