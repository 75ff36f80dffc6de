"""Two people for a final notice: one of billing and field supervision agrees to it, another approves the letter."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from curbstop.commands.work import Work
from curbstop.domain.letters import LetterKind
from curbstop.domain.problems import Problem
from curbstop.models.access_issue import AccessIssue
from curbstop.models.among import among
from curbstop.models.letter import Letter

SUBJECT: Final = "access_issue"


def check(work: Work, letters: Sequence[Letter]) -> None:
    """Problem(`four_eyes`) for the final notice of an issue that nobody else of them has agreed to yet."""
    finals = [
        letter.subject_id
        for letter in letters
        if letter.kind == LetterKind.ACCESS_FINAL and letter.subject_kind == SUBJECT and letter.subject_id is not None
    ]
    if not finals:
        return
    agreed = select(AccessIssue.final_agreed_by_id).where(among(work.session, AccessIssue.id, set(finals)))
    for who in work.session.scalars(agreed):
        if who is None:
            raise Problem("four_eyes", "Somebody of billing or field supervision must agree to the final notice first.")
        if who == work.actor.staff_id:
            raise Problem("four_eyes", "You agreed to this final notice; another of the two approves the letter.")
