"""Reads GeoPackages and Shapefiles through GDAL, some thousand features at a time."""

import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from curbstop.domain.problems import Problem
from curbstop.files.rows import Options, Progress, Row

_BATCH: Final = 4_000


class OgrSource:
    """One layer of a GeoPackage or a Shapefile (also zipped)."""

    def __init__(self, path: Path, options: Options, name: str) -> None:
        """Problem file_unreadable, also where there are several layers and none is named."""
        self.path, self.format = path, name
        self.repairs: list[str] = []
        self._encoding = options.encoding
        try:
            with _quiet():
                self._layer = _layer(path, pyogrio.list_layers(path)[:, 0].tolist(), options.layer)
                info = pyogrio.read_info(path, layer=self._layer, encoding=self._encoding)
        except (DataSourceError, DataLayerError, ValueError, LookupError) as error:
            raise self._unreadable(error) from None
        self.columns: list[str] = [str(field) for field in info["fields"]]
        self.has_geometry = info["geometry_type"] is not None
        self._count = int(info["features"])
        self.crs: str | None = options.crs or info["crs"]

    def rows(self, progress: Progress) -> Iterator[Row]:
        """One row a feature, numbered from 1; its text is its values as JSON."""
        line = 0
        for start in range(0, max(self._count, 0), _BATCH):
            progress(start, self._count)
            for values, geometry in self._batch(start):
                line += 1
                text = json.dumps({name: value for name, value in values.items() if value})
                yield Row(line, values, geometry, text)
        progress(self._count, self._count)

    def _batch(self, start: int) -> Iterator[tuple[dict[str, str], Any]]:
        try:
            with _quiet():
                _, _, shapes, columns = pyogrio.raw.read(
                    self.path, layer=self._layer, encoding=self._encoding, skip_features=start, max_features=_BATCH
                )
        except (DataSourceError, DataLayerError, ValueError, UnicodeDecodeError) as error:
            raise self._unreadable(error) from None
        texts = [[_text(value) for value in column] for column in columns]
        count = len(shapes) if shapes is not None else len(texts[0]) if texts else 0
        made = shapely.from_wkb(shapes, on_invalid="ignore") if shapes is not None else np.full(count, None)
        for place in range(count):
            values = {name: column[place] for name, column in zip(self.columns, texts, strict=True)}
            geometry = made[place]
            yield values, None if geometry is None or geometry.is_empty else geometry

    def _unreadable(self, error: Exception) -> Problem:
        why = str(error).splitlines()[0][:200]
        return Problem("file_unreadable", f"{self.path} cannot be read as a {self.format}: {why}")


def _layer(path: Path, layers: Sequence[str], named: str | None) -> str:
    if named is not None and named in layers:
        return named
    if named is not None or len(layers) != 1:
        raise Problem(
            "file_unreadable", f"{path} has the layers {', '.join(layers) or '(none)'}; say which with --layer NAME."
        )
    return layers[0]


def _quiet() -> AbstractContextManager[object]:
    """GDAL's remarks about a file's dialect are no news to the person who imports it."""
    return warnings.catch_warnings(action="ignore")


def _text(value: Any) -> str:
    """A value as a CSV would have it."""
    plain = value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value
    if plain is None or plain != plain or (isinstance(value, np.datetime64) and np.isnat(value)):  # noqa: PLR0124
        return ""
    if isinstance(plain, float) and plain.is_integer():
        return str(int(plain))
    return str(plain)
