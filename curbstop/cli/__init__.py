"""The `curbstop` command: one line for whatever goes wrong, and an exit code that a script can trust."""

import sys

import click

from curbstop.domain.problems import Problem

# Command -> module and attribute; a module is loaded only when its command is asked for, so that --help is quick.
COMMANDS = {
    "ask": ("curbstop.cli.ask", "ask"),
    "demo": ("curbstop.cli.demo", "demo"),
    "export": ("curbstop.cli.exports", "exports"),
    "import": ("curbstop.cli.imports", "imports"),
    "map-packs": ("curbstop.cli.map_packs", "make_map_packs"),
    "migrate": ("curbstop.cli.office", "migrate"),
    "new-history": ("curbstop.cli.history", "new_history"),
    "serve": ("curbstop.cli.serve", "serve"),
    "simulate": ("curbstop.cli.simulate", "simulate"),
    "staff": ("curbstop.cli.office", "staff"),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(__import__(module, fromlist=[name]), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="curbstop")
def cli() -> None:
    """Field operations of a water utility: the office, its tablets and what lies between them."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the command and ends the process: 0 done, 1 a problem (one line says what to do), 2 wrong usage."""
    try:
        code = cli.main(arguments, prog_name="curbstop", standalone_mode=False)
    except Problem as problem:
        click.echo(f"curbstop: {problem.detail}", err=True)
        sys.exit(1)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("curbstop: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output went away, as `head` does.
        sys.stderr.close()
        sys.exit(141)
    sys.exit(code if isinstance(code, int) else 0)
