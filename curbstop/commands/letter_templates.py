"""The words of letters: shipped templates, and the utility's own versions of them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from curbstop.commands.work import Work
from curbstop.domain.actors import Actor
from curbstop.domain.letters import FIELDS, GIVEN, Language, LetterKind, sample
from curbstop.domain.permissions import Action, require
from curbstop.domain.problems import Problem
from curbstop.models.base import utc_now
from curbstop.models.ids import new_id
from curbstop.models.letter import LetterTemplate
from curbstop.typesetting import Sheet, Typesetter, shipped

# The version that comes with the product.
SHIPPED = 0
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tried:
    """A template that was set with made-up fields, and what it looks like. `try_out` alone makes one."""

    kind: LetterKind
    language: Language
    source: str
    sheet: Sheet


def try_out(actor: Actor, kind: LetterKind, language: Language, source: str) -> Tried:
    """What the template would look like, for whoever may edit it. It takes its time: no transaction is open meanwhile.

    Problems: forbidden, template_invalid (with the line, where one is known).
    """
    require(actor, Action.MANAGE_LETTER_TEMPLATES)
    return Tried(kind, language, source, trial(kind, language, source))


def edit(work: Work, tried: Tried, *, reason: str, if_version: int | None = None) -> LetterTemplate:
    """The next version of a template. Letters that are approved keep the version that they were approved with.

    Problems: forbidden, version_mismatch.
    """
    require(work.actor, Action.MANAGE_LETTER_TEMPLATES)
    key = kind, language = tried.kind.value, tried.language.value
    now = numbers(work.session, [key])[key]
    if if_version is not None and if_version != now:
        raise Problem("version_mismatch", current_version=now, your_version=if_version)
    row = LetterTemplate(
        id=new_id(),
        kind=kind,
        language=language,
        number=now + 1,
        source=tried.source,
        reason=reason,
        made_at=work.at,
        made_by_id=work.actor.staff_id,
    )
    # Two editors at once meet at the number. The row is its own audit: who, when and why.
    work.session.add(row)
    work.session.flush()
    return row


def trial(kind: LetterKind, language: Language, source: str) -> Sheet:
    """The template set with made-up fields and a PROOF mark, or Problem(`template_invalid`).

    It is set twice: also without all that a letter may go without, since some letter will.
    """
    whole = {**sample(kind), "language": language.value}
    bare = whole | {name: "" for name, field in {**GIVEN, **FIELDS[kind]}.items() if not field.required}
    with Typesetter() as typesetter:
        typesetter.set(source, bare, at=utc_now(), proof=True)
        return typesetter.set(source, whole, at=utc_now(), proof=True)


def numbers(session: Session, keys: Collection[Key]) -> dict[Key, int]:
    """The newest version of each (kind, language)."""
    rows = session.execute(
        select(LetterTemplate.kind, LetterTemplate.language, func.max(LetterTemplate.number))
        .where(tuple_(LetterTemplate.kind, LetterTemplate.language).in_(list(keys)))
        .group_by(LetterTemplate.kind, LetterTemplate.language)
    )
    return dict.fromkeys(keys, SHIPPED) | {(kind, language): number for kind, language, number in rows}


def sources(session: Session, versions: Collection[tuple[str, str, int]]) -> dict[tuple[str, str, int], str]:
    """The sources of these versions."""
    own = [version for version in versions if version[2] != SHIPPED]
    found = {version: shipped(*version[:2]) for version in versions if version[2] == SHIPPED}
    key = tuple_(LetterTemplate.kind, LetterTemplate.language, LetterTemplate.number)
    for row in session.scalars(select(LetterTemplate).where(key.in_(own))):
        found[row.kind, row.language, row.number] = row.source
    return found
