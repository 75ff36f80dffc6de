"""Feature requests: what was built and a GIS editor is to draw."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.core import Answer, Blueprint, Body, PageQuery, Sort, actor, edits, page_of, reading, writing
from api.core.schemas import Free, Id, Moment, Text, Whole
from curbstop.commands import feature_requests as commands
from curbstop.queries import feature_requests as queries
from curbstop.queries.page import Page, PageRequest

blp = Blueprint("feature requests", "feature_requests", url_prefix="/feature-requests", description="Built, not drawn.")

FEATURE_STATES = ["open", "done"]


class FeatureRequestAnswer(Answer):
    id = Id("The request's id.")
    version = Whole("The version, also in the ETag.", 1)
    kind = Text("What was built.", "tap")
    service_point_id = Id("Where.")
    service_point_number = Text("The service point's number.", "SP-000042")
    address = Text("The address.", "12 Mill Rd")
    order_id = Id("By which order.")
    order_number = Text("Its number.", "SO-2026-00123")
    facts = Free("As the crew measured it.", {"tap_size": 1, "depth": 36, "as_built": "2 ft north of the hydrant"})
    state = Text("Whether it is drawn.", "open", choices=FEATURE_STATES)
    note = Text("What the editor says.", "Snapped to the main.", allow_none=True)
    created_at = Moment("When it was asked for.")
    done_at = Moment("When it was drawn.", allow_none=True)
    done_by_id = Id("Who drew it.", allow_none=True)


class FeatureRequestQuery(PageQuery):
    sort = Sort("created_at")
    state = Text("Only in this state.", "open", choices=FEATURE_STATES, load_default=None)


class FeatureDoneBody(Body):
    note = Text("What there is to say.", "Snapped to the main.", longest=2000, load_default=None)


@blp.operation("GET", "", query=FeatureRequestQuery, answer=page_of(FeatureRequestAnswer))
def list_feature_requests(query: dict[str, Any], page: PageRequest) -> Page[Row[Any]]:
    """What is to be drawn, or was."""
    with reading() as session:
        return queries.find(session, actor(), page, **query)


@blp.operation("POST", "/<uuid:feature_request_id>/finish", body=FeatureDoneBody, answer=FeatureRequestAnswer)
@edits
def finish_feature_request(feature_request_id: UUID, body: dict[str, Any], if_version: int | None) -> Row[Any]:
    """Say that it is drawn."""
    with writing() as work:
        commands.finish(work, feature_request_id, **body, if_version=if_version)
        return queries.get(work.session, actor(), feature_request_id)
