"""Who hears that letters were mailed or came back: what each kind of subject does about it, in the same transaction."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from curbstop.commands import access_agreements, access_letters, cut_off_letters
from curbstop.commands.work import Work
from curbstop.models.letter import Letter

Heard = Callable[[Work, Sequence[Letter]], None]
# subject_kind -> (when they were mailed, when they came back)
FOLLOWERS: Final[dict[str, tuple[Heard, Heard]]] = {
    access_agreements.SUBJECT: (access_letters.mailed, access_letters.returned),
    cut_off_letters.SUBJECT: (cut_off_letters.mailed, cut_off_letters.returned),
}


def mailed(work: Work, letters: Sequence[Letter]) -> None:
    """Tells each subject's command of its letters, all of a kind at once."""
    for kind, theirs in _by_subject(letters).items():
        FOLLOWERS[kind][0](work, theirs)


def returned(work: Work, letters: Sequence[Letter]) -> None:
    """The same for letters that came back."""
    for kind, theirs in _by_subject(letters).items():
        FOLLOWERS[kind][1](work, theirs)


def _by_subject(letters: Sequence[Letter]) -> dict[str, list[Letter]]:
    found: dict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        if letter.subject_kind in FOLLOWERS:
            found[letter.subject_kind].append(letter)
    return found
