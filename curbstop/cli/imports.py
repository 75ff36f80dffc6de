"""`curbstop import`: files in, with a preview first."""

from pathlib import Path

import click

from curbstop.cli.database import opened
from curbstop.cli.progress import bar
from curbstop.domain.problems import Problem
from curbstop.files.layouts import LAYOUTS
from curbstop.files.rows import Options
from curbstop.importing import OPERATOR, import_file
from curbstop.settings import load

_FILE = click.Path(path_type=Path)


@click.group(name="import")
def imports() -> None:
    """Reads a CSV, GeoJSON, GeoPackage or Shapefile. Without --commit nothing is written, and you see what would be."""


def _command(kind: str) -> click.Command:
    @click.argument("file", type=_FILE)
    @click.option("--commit", is_flag=True, help="Write; without it this is a preview.")
    @click.option("--streets", type=_FILE, help="Street centerlines to place addresses on; else those imported before.")
    @click.option("--crs", help="Coordinate system where the file does not say, such as EPSG:2264.")
    @click.option("--encoding", help="Encoding of a CSV that is not UTF-8.")
    @click.option("--delimiter", help="Delimiter of a CSV where it cannot be guessed.")
    @click.option("--layer", help="Layer of a GeoPackage with several.")
    @click.option("--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Takes a field from that column.")
    @click.option("--rejects", type=_FILE, help="Folder for the rejected rows; else beside the file.")
    def run(
        *,
        file: Path,
        commit: bool,
        streets: Path | None,
        crs: str | None,
        encoding: str | None,
        delimiter: str | None,
        layer: str | None,
        mapping: tuple[str, ...],
        rejects: Path | None,
    ) -> None:
        if streets is not None and kind != "addresses":
            raise click.UsageError("--streets is for addresses only.")
        settings = load()
        options = Options(encoding, delimiter, crs, layer, _pairs(mapping), rejects)
        with opened(settings) as sessions, bar() as progress:
            report = import_file(
                sessions, settings, OPERATOR, kind, file, options=options, streets=streets, commit=commit,
                progress=lambda done, of: progress(kind, done, of),
            )  # fmt: skip
        for line in report.lines():
            click.echo(line)
        if not commit:
            click.echo("Nothing was written: add --commit to write it.")

    run.__doc__ = f"Imports {kind} from FILE; docs/imports.md lists the columns."
    return click.command(kind)(run)


def _pairs(mapping: tuple[str, ...]) -> dict[str, str]:
    pairs = dict(pair.partition("=")[::2] for pair in mapping)
    if not all(pairs.values()) or "" in pairs:
        raise Problem("bad_request", "--map wants FIELD=COLUMN, such as --map house_number=HOUSENO.")
    return pairs


for _kind in LAYOUTS:
    imports.add_command(_command(_kind))
