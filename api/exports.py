"""Files in and out: what was imported, what was exported, and the exports' files."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, creates, page_of, reading, writing
from api.core.context import context
from api.core.schemas import Free, Id, Many, Moment, Number, Text, Whole
from api.meter_schemas import NULL
from curbstop.blobs import blobs_of
from curbstop.exporting import change_outs as change_out_files
from curbstop.exporting import vflex as vflex_files
from curbstop.queries import exports as queries
from curbstop.queries.page import Page, PageRequest

FAULT = {"service_point": "SP-00123", "field": "latitude", "reason": "missing", "detail": "Latitude is empty."}

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
    form = Text("fixed: positions, csv: with a heading.", "fixed")
    scope = Text("changed: what is new since the last file, all: every row.", "changed")
    unchanged = Whole("How many rows were as the last file had them, and were not sent again.", 59000)
    left_out = Whole("How many rows did not fit the layout; they come with the next file, once they do.", 3)
    gone = Whole("How many places the file before had, and this one has no row for.", 1)
    seconds = Number("How long it took; null for files of change-outs.", 6.4, **NULL)
    faults = Many(Free("A row that was left out or is gone.", FAULT), "What somebody has to look at, the first 1,000.")
    staff_id = Id("Who asked for it; null at the command line.", **NULL)
    staff_name = Text("Who, by name.", "Bill Okafor", **NULL)
    recorded_at = Moment("When.")


class VflexBody(Body):
    scope = Text("changed: what is new since the last file, all: every row.", "all", choices=("changed", "all"),
                 load_default="changed")  # fmt: skip
    form = Text("fixed: 926 characters a row, csv: with a heading.", "fixed", choices=("fixed", "csv"),
                load_default="fixed")  # fmt: skip


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
        run, _ = change_out_files.make(work)
        return queries.run(work.session, work.actor, run.id)


@blp.operation("POST", "/exports/vflex", body=VflexBody, answer=ExportRunAnswer, problems=("nothing_to_export",))
@creates("/exports/{id}")
def export_vflex(body: dict[str, Any]) -> Row[Any]:
    """Make a VFLEX file of the meters, places and customers that the AMI system has to hear of.

    A row that does not fit is left out, with the reason in `faults`, and nothing is cut.
    """
    with reading() as session:
        made = vflex_files.make(session, actor(), context().settings, **body)
    with made, writing() as work:
        run = vflex_files.keep(work, made)
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
        run = queries.run(session, actor(), export_run_id)
        if run.kind == vflex_files.KIND:
            content: Any = blobs_of(context().settings).read(run.sha256)
        else:
            content = change_out_files.again(session, actor(), export_run_id)
    is_csv = run.form == "csv"
    response = Response(content, mimetype="text/csv" if is_csv else "text/plain")
    name = f"{run.kind}-{run.number}.{'csv' if is_csv else 'txt'}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
