"""Holds the documents to the project: links lead somewhere, and the README's commands exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from curbstop.cli import cli
from tests.house import source

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(?:sh|bash|console|shell)?\s*$(.*?)^```", re.MULTILINE | re.DOTALL)


def _markdown() -> list[Path]:
    return [path for path in source.committed_files() if path.suffix == ".md"]


@pytest.mark.parametrize("document", _markdown(), ids=source.name)
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    broken = [target for target in _targets(document) if not (document.parent / target).exists()]
    assert not broken


@pytest.mark.parametrize("document", _markdown(), ids=source.name)
def test_every_heading_that_is_linked_to_exists(document: Path) -> None:
    broken = [f"{path}#{anchor}" for path, anchor in _anchors(document) if anchor not in _headings(path)]
    assert not broken


def test_the_readme_names_only_make_targets_that_exist() -> None:
    makefile = (source.ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {words[1] for words in _commands("make")} <= targets


def test_the_readme_names_only_subcommands_that_exist() -> None:
    asked = sorted({_subcommand(words) for words in _commands("curbstop")})
    unknown = [words for words in asked if CliRunner().invoke(cli, [*words, "--help"]).exit_code != 0]
    assert not unknown


def _targets(document: Path) -> Iterator[str]:
    for match in LINK.finditer(_prose(document)):
        target = (match.group(1) or match.group(2)).split("#")[0]
        if target and "://" not in target and not target.startswith("mailto:"):
            yield target


def _anchors(document: Path) -> Iterator[tuple[Path, str]]:
    for match in LINK.finditer(_prose(document)):
        target, _, anchor = (match.group(1) or match.group(2)).partition("#")
        path = (document.parent / target).resolve() if target else document
        if anchor and "://" not in target and path.suffix == ".md" and path.exists():
            yield path, anchor


def _headings(document: Path) -> set[str]:
    """Anchors as GitHub makes them."""
    titles = re.findall(r"^#+\s+(.*?)\s*$", _prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _prose(document: Path) -> str:
    return re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _commands(program: str) -> list[list[str]]:
    """The README's fenced commands that start this program, each as its words."""
    text = (source.ROOT / "README.md").read_text(encoding="utf-8")
    lines = [line.strip().removeprefix("$ ") for block in FENCE.findall(text) for line in block.splitlines()]
    commands = [line.split("#")[0].split() for line in lines]
    return [words for words in commands if len(words) > 1 and words[0].split("/")[-1] == program]


def _subcommand(words: list[str]) -> tuple[str, ...]:
    """`curbstop import addresses FILE --commit` is about `import addresses`."""
    names = []
    for word in words[1:]:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        names.append(word)
    return tuple(names[:2])
