"""What the commands say, and where they ask when nothing else is said."""

import pytest
from click.testing import CliRunner

from curbstop.cli import cli
from curbstop.cli.demo import counted
from curbstop.settings import local_url


def test_what_was_made_is_counted_in_words_without_what_there_is_none_of() -> None:
    made = {"order_type": 0, "staff": 10, "service_point": 1, "customer": 1000, "account_party": 2, "addresses_read": 3}
    assert counted(made) == "10 staff, 1 service point, 1,000 customers, 2 account parties, 3 addresses read"


def test_the_server_of_this_machine_is_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_url() == "http://127.0.0.1:8080"
    monkeypatch.setenv("CURBSTOP_PORT", "9123")
    assert local_url() == "http://127.0.0.1:9123"


@pytest.mark.parametrize("words", [("ask", "carla", "/me"), ("simulate", "--tablets", "1")], ids=["ask", "simulate"])
def test_a_command_asks_the_port_of_the_settings(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURBSTOP_PORT", "1")
    told = CliRunner().invoke(cli, words)
    assert told.exit_code != 0
    assert "127.0.0.1:1" in told.output + str(told.exception) or "port=1" in told.output + str(told.exception)
