"""Holds the rules that no linter knows: who inserts, who writes, what the rules import, what no file may contain."""

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.house import source

JOURNAL = "curbstop/commands/journal.py"
SESSION_WRITES = {"add", "add_all", "delete", "merge"}
# Put together from parts, or this file would be the first to break its own rule.
REGISTRY_HOSTS = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "--" + "index-url", "--" + "find-links")


def test_only_the_journal_inserts_into_the_change_log_the_outbox_and_the_audit() -> None:
    models = _journalled_models()
    assert models, "the models of the journal are found by their table names"
    offenders = [
        f"{source.name(path)}:{node.lineno} {_called(node)}"
        for path in source.python_files(*source.ROOMS)
        if source.name(path) != JOURNAL
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.Call) and _makes_a_row_of(node, models)
    ]
    assert not offenders


def test_the_journal_does_insert_them() -> None:
    """Guards the rule above: were its models' names wrong, it would hold for nothing."""
    models = _journalled_models()
    calls = [node for node in ast.walk(source.tree(source.ROOT / JOURNAL)) if isinstance(node, ast.Call)]
    assert any(_makes_a_row_of(node, models) for node in calls)


def test_only_commands_write_rows() -> None:
    offenders = [
        f"{source.name(path)}:{node.lineno} {ast.unparse(node)[:60]}"
        for path in source.python_files(*source.ROOMS)
        if not source.name(path).startswith(("curbstop/commands/", "curbstop/models/", "curbstop/tablet/"))
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.stmt | ast.expr) and _writes_rows(node)
    ]
    assert not offenders


def test_the_rules_import_the_standard_library_only() -> None:
    foreign = [
        f"{source.name(path)}: {module}"
        for path in source.python_files("curbstop")
        if "domain" in path.parts
        for module in _imports(path)
        if module.split(".")[0] not in sys.stdlib_module_names and not module.startswith("curbstop.domain")
    ]
    assert not foreign


def test_deferred_constraints_are_never_made_immediate() -> None:
    """The change log is stamped at COMMIT; made immediate, its trigger would stamp in another order than commits."""
    words = "set constraints all " + "immediate"
    assert not [source.name(path) for path in source.python_files() if words in path.read_text().lower()]


def test_no_committed_file_names_a_package_registry() -> None:
    offenders = []
    for path in source.committed_files():
        text = path.read_bytes().decode("utf-8", errors="replace")
        offenders += [f"{source.name(path)}: {host}" for host in REGISTRY_HOSTS if host in _without_lock_option(text)]
    assert not offenders


def test_the_licence_is_said_by_its_spdx_expression() -> None:
    project = tomllib.loads((source.ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (source.ROOT / "LICENSE").read_text()


def test_every_locked_package_has_its_hashes() -> None:
    for lock in sorted((source.ROOT / "requirements").glob("*.txt")):
        entries = re.split(r"\n(?=\S)", lock.read_text())
        bare = [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry]
        assert not bare, lock.name


def test_the_lock_names_every_dependency() -> None:
    project = tomllib.loads((source.ROOT / "pyproject.toml").read_text())["project"]
    locked = set(re.findall(r"^([\w-]+)==", (source.ROOT / "requirements" / "main.txt").read_text(), re.MULTILINE))
    wanted = {re.match(r"[\w-]+", line).group() for line in project["dependencies"]}  # type: ignore[union-attr]
    assert wanted <= locked, "run `make lock`"


def _journalled_models() -> set[str]:
    """The classes mapped to the journal's tables, whatever they are called."""
    found = set()
    for path in source.python_files("curbstop"):
        if "models" in path.parts:
            for node in ast.walk(source.tree(path)):
                if isinstance(node, ast.ClassDef) and _table_name(node) in {"change_log", "outbox", "audit"}:
                    found.add(node.name)
    return found


def _table_name(node: ast.ClassDef) -> str | None:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__tablename__":
            return ast.literal_eval(statement.value)  # type: ignore[no-any-return]
    return None


def _makes_a_row_of(node: ast.Call, models: set[str]) -> bool:
    """`Outbox(...)`, `models.Outbox(...)`, `insert(Outbox)`."""
    if _called(node) in models:
        return True
    return _called(node) == "insert" and bool(node.args) and bool(models & set(ast.unparse(node.args[0]).split(".")))


def _writes_rows(node: ast.AST) -> bool:
    """`session.add(...)` and its kin, or SQLAlchemy's own insert, update and delete."""
    if isinstance(node, ast.ImportFrom):
        writers = {alias.name for alias in node.names} & {"insert", "update", "delete"}
        return bool(writers) and (node.module or "").startswith("sqlalchemy")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SESSION_WRITES:
        return ast.unparse(node.func.value).rsplit(".", maxsplit=1)[-1] == "session"
    return False


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func).rsplit(".", maxsplit=1)[-1]


def _imports(path: Path) -> list[str]:
    modules = []
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module or "" if not node.level else f"curbstop.domain.{node.module or ''}")
    return modules


def _without_lock_option(text: str) -> str:
    """The lock's own command says that no index is written down."""
    return text.replace("--no-emit-" + "index-url", "")
