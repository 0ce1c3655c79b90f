"""Whether the lake's data files are still the bytes their runs sealed: asked before anything is read from them.

No format notices every bit that flips on a disk: it would be judged, and change a figure. A file is hashed once in a
process. One that no run has sealed was written since the last, and is taken as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from checks.database import connect
from checks.errors import DamagedError
from connectors.lake.schema import SEALS_TABLE

if TYPE_CHECKING:
    from connectors.lake.tables import Lake

# A file is sealed after it was written; in between, a clock may have been set.
_MARGIN_MS = 2 * 86_400_000
_SELECT = "select key, sha256 from read_parquet($files) where what = $what and "
_OF_NAMES = "key in (select unnest($wanted))"
_OF_FORCES = "list_contains($wanted, regexp_extract(key, '/force=([^/]*)/', 1))"
# The files this process has looked at, with their size and time.
_looked_at: dict[str, tuple[int, int]] = {}


class Whole:
    """Knows by which hashes the files of a lake were sealed."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._sealed: dict[str, str] = {}

    def check(self, table: str, paths: Mapping[str, str]) -> None:
        """Raise DamagedError where a file is not what its run sealed, or no one can tell.

        Args:
            paths: where each file can be read, by its name below the lake; what is gone is left to its reader.
        """
        new = {name: said for name, path in paths.items() if (said := _said(path)) and _looked_at.get(path) != said}
        unknown = [name for name in new if name not in self._sealed]
        if unknown:
            self._sealed.update(self._read(table, unknown))
        for name in new:
            if name in self._sealed and _hash(paths[name]) != self._sealed[name]:
                raise self._changed(table, name)
        _looked_at.update({paths[name]: said for name, said in new.items()})

    def _changed(self, table: str, name: str) -> DamagedError:
        return DamagedError(
            f"lake file {self._lake.of(table).location}/{name}",
            "it is damaged, or was changed: its bytes are not those its run sealed",
            "a data file that stays as it was written",
            "Restore it, then run again: what else could be done is done.",
        )

    def _read(self, table: str, names: Collection[str]) -> dict[str, str]:
        """The hashes of these files and of others that will be asked for; those that were never sealed have none."""
        written = self._lake.listing(table).written()
        if all(name in written for name in names):
            since = min(written[name] for name in names)
            condition, wanted = _OF_NAMES, [name for name, at in written.items() if at >= since]
        else:  # of an old version, whose times would take long to list
            since, condition = 0, _OF_FORCES
            wanted = sorted({part.partition("=")[2] for name in names for part in name.split("/") if "force=" in part})
        sealed = self._lake.listing(SEALS_TABLE).written()
        files = self._lake.at_hand(SEALS_TABLE, [name for name, at in sealed.items() if at >= since - _MARGIN_MS])
        if not files:
            return {}
        con = connect()
        try:
            asked = {"files": files, "what": f"lake/{table}", "wanted": wanted}
            return dict(con.execute(_SELECT + condition, asked).fetchall())
        except duckdb.Error as error:  # of a damaged heading DuckDB says so by no kind of its own
            raise self._lake.unreadable(SEALS_TABLE) from error
        finally:
            con.close()


def _said(path: str) -> tuple[int, int] | None:
    try:
        said = Path(path).stat()
    except OSError:
        return None
    return said.st_size, said.st_mtime_ns


def _hash(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
