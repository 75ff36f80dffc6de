"""The contract and the server's handlers cannot drift apart."""

from sync import contract, handlers


def test_every_kind_the_server_handles_has_a_schema_and_every_schema_is_handled() -> None:
    handled = {(kind, version) for kind, versions in handlers.KINDS.items() for version in versions}
    assert handled == set(contract.op_kinds())
