"""The logs as they can be read: one damaged file must not keep everything else from being looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import duckdb

from checks.commitment import Measure
from checks.errors import NotAnsweringError
from checks.evidence import logs_of
from checks.feeds import ALL
from checks.logs import LOGS
from connectors.lake.tables import Lake

# Every value is read: what is damaged may lie in a column, or be told by no statistics.
_READ = "select max(hash(columns(*))) from read_parquet($files, hive_partitioning = false, union_by_name = true)"


@dataclass
class Readable:
    """The files of each log and force; `damaged` are the (force, log) that cannot be read, force ALL = its table."""

    files: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    damaged: list[tuple[str, str]] = field(default_factory=list)

    @property
    def forces(self) -> list[str]:
        """Every force there are files of, damaged or not."""
        return sorted({force for own in self.files.values() for force in own})

    def laid_out(self) -> dict[str, list[str]]:
        """The files of each log, but the damaged ones."""
        return {
            log: [path for force, paths in own.items() if (force, log) not in self.damaged for path in paths]
            for log, own in self.files.items()
        }

    def leave_out_damaged(self, con: duckdb.DuckDBPyConnection) -> None:
        """Read everything once and note what cannot be read."""
        for log, own in self.files.items():
            for force, paths in own.items():
                if (force, log) not in self.damaged and not _is_whole(con, paths):
                    self.damaged.append((force, log))

    def judgeable(self, measure: Measure, forces: Iterable[str]) -> list[str]:
        """The forces all of whose logs this measure reads can be read."""
        return [force for force in forces if not is_damaged(measure, force, self.damaged)]


def is_damaged(measure: Measure, force: str, damaged: Collection[tuple[str, str]]) -> bool:
    """Whether a log this measure reads cannot be read for this force."""
    return any((force, log) in damaged or (ALL, log) in damaged for log in logs_of(measure))


def readable(lake: Lake) -> Readable:
    """The logs of the lake in their newest versions; a table that cannot be opened is damaged for every force."""
    found = Readable()
    for log in LOGS:
        try:
            held = lake.forces({log: table.version()}) if (table := lake.table(log)) else {}
        except NotAnsweringError:
            found.damaged.append((ALL, log))
            continue
        for force in sorted(held):
            files: list[str] = []
            try:
                files = lake.files(log, force=[force])
            except NotAnsweringError:
                found.damaged.append((force, log))
            found.files.setdefault(log, {})[force] = files
    return found


def _is_whole(con: duckdb.DuckDBPyConnection, paths: list[str]) -> bool:
    try:
        con.execute(_READ, {"files": paths}).fetchall()
    except duckdb.Error:  # of a damaged heading DuckDB says so by no kind of its own
        return False
    return True
