"""My key for layers: what QGIS keeps instead of my password."""

from typing import Any

from api.core import Answer, Blueprint, actor, reading, writing
from api.core.schemas import Moment, Text
from curbstop.commands import layer_keys as commands
from curbstop.commands.layer_keys import NewLayerKey
from curbstop.domain.problems import Problem
from curbstop.queries import layer_keys as queries

blp = Blueprint("layer_keys", "layer_keys", url_prefix="/me/layer-key", description="My key for GIS tools.")


class LayerKeyAnswer(Answer):
    made_at = Moment("When it was made.")
    ends_at = Moment("Until when it is good.")


class NewLayerKeyAnswer(LayerKeyAnswer):
    key = Text("The password for QGIS, with your login as user name. It is shown this once.")


@blp.operation("GET", "", answer=LayerKeyAnswer, problems=("not_found",))
def get_my_layer_key() -> dict[str, Any]:
    """Since when and until when my key is good; the key itself is shown when it is made, and never again."""
    with reading() as session:
        found = queries.mine(session, actor())
    if found is None:
        raise Problem("not_found", "You have no key for layers; PUT /me/layer-key makes one.")
    return {"made_at": found[0], "ends_at": found[1]}


@blp.operation("PUT", "", answer=NewLayerKeyAnswer)
def make_my_layer_key() -> NewLayerKey:
    """Make a key for GIS tools: it reads and edits layers in my name for a year, and is good for nothing else.

    The key before it is worth nothing any more. It ends when I am signed out everywhere, and when I leave.
    """
    with writing() as work:
        return commands.make(work)


@blp.operation("DELETE", "")
def end_my_layer_key() -> None:
    """End my key for layers."""
    with writing() as work:
        commands.end(work)
