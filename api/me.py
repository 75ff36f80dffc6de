"""Who I am: the signed-in person's own page."""

from typing import Any

from api.core import Answer, Blueprint, Body, actor, reading, writing
from api.core.schemas import Free, Id, Many, Text
from curbstop.commands import staff as commands
from curbstop.domain.permissions import MATRIX, Role, grants
from curbstop.models.staff import Staff

blp = Blueprint("me", "me", url_prefix="/me", description="The signed-in person.")


class MeAnswer(Answer):
    id = Id("My id.")
    login = Text("What I sign in with.", "tess")
    name = Text("My name.", "Tess Okafor")
    roles = Many(Text("A role.", "TECH", choices=[role.value for role in Role]), "What I am to the utility.")
    skills = Many(Text("A skill.", "backflow"), "What I can do.")
    tablet_id = Id("The tablet that this session belongs to.", allow_none=True)
    permissions = Free("What I may do: each action with how far it reaches.", {"search": ["yes"]})


class PasswordChange(Body):
    password = Text("The password until now.", required=True, shortest=1, longest=200, load_only=True)
    new_password = Text("The new one.", required=True, shortest=8, longest=200, load_only=True)


@blp.operation("GET", "", answer=MeAnswer)
def get_me() -> dict[str, Any]:
    """Who is signed in, and what they may do."""
    me = actor()
    with reading() as session:
        row = session.get_one(Staff, me.staff_id)
        return {
            "id": row.id,
            "login": row.login,
            "name": row.name,
            "roles": row.roles,
            "skills": row.skills,
            "tablet_id": me.tablet_id,
            "permissions": {
                action.value: sorted(grant.value for grant in grants(me, action))
                for action in MATRIX
                if grants(me, action)
            },
        }


@blp.operation("PUT", "/password", body=PasswordChange, problems=("wrong_credentials",))
def change_my_password(body: dict[str, Any]) -> None:
    """Change my password; every session of mine ends, this one when its access token does."""
    with writing() as work:
        commands.change_own_password(work, body["password"], body["new_password"])
