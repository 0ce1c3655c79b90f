"""The lake as a run saw it: its logs at the versions it judged, and cases of its own in a folder beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from checks.logs import LOGS
from connectors.lake.cases import frozen, read_cases
from connectors.lake.schema import CASES, schema_of
from connectors.lake.storage import Storage
from connectors.lake.tables import Lake


class PinnedLake(Lake):
    """Reads the logs of another lake at fixed versions and keeps its own cases in `scratch`, so that a run can be
    judged again and nothing of it is written where the run was.
    """

    def __init__(self, of: Lake, versions: Mapping[str, int], scratch: str) -> None:
        super().__init__(scratch)
        self._judged = of
        self._pinned = {name: version for name, version in versions.items() if name in LOGS}

    def of(self, name: str) -> Storage:
        return self._judged.of(name) if name in LOGS else super().of(name)

    def table(self, name: str, version: int | None = None) -> DeltaTable | None:
        if name not in LOGS:
            return super().table(name, version)
        return super().table(name, self._pinned[name]) if name in self._pinned else None

    def at_hand(self, name: str, names: Sequence[str]) -> list[str]:
        return self._judged.at_hand(name, names) if name in LOGS else super().at_hand(name, names)

    def versions(self) -> dict[str, int]:
        return dict(self._pinned)


def bring_frozen_cases(
    con: duckdb.DuckDBPyConnection, of: Lake, version: int, to: Lake, before: Callable[[str, str], date | None]
) -> None:
    """Bring the cases of erased records, which nobody can judge again, from a lake's `cases` at a version into another.

    Args:
        before: the first local day that cases of a measure in a force are still judged on, None = every day.
    """
    names = ", ".join(f'"{name}"' for name in CASES)
    found: list[pa.Table] = []
    for standard, measure, force in of.changed_slices(None, version):
        files = of.files("cases", version, standard=[standard], measure=[measure], force=[force])
        read_cases(con, files, "held_cases")
        chosen = con.sql(f"select {names} from held_cases where {frozen(before(measure, force))}")
        found.append(chosen.to_arrow_table().cast(schema_of("cases")))
    rows = pa.concat_tables(found) if found else schema_of("cases").empty_table()
    if len(rows):
        to.change("cases", lambda table: write_deltalake(table, rows, mode="append"))
