"""The product's own SQL asked about rows given as Python values: one connection, many examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from checks.commitment import Measure
from checks.database import connect
from checks.judging import AppliedRule, Window, judge, log_script, prepare, rules_script, run_script
from checks.logs import LOGS
from connectors.lake.schema import log_schema

Rows = Sequence[Mapping[str, Any]]


class Product:
    """A DuckDB connection with everything laid out that measures read; rows are kept as the lake keeps them."""

    def __init__(self, folder: Path, zones: Mapping[str, str], window: Window) -> None:
        self._folder, self._zones, self._numbers = folder, zones, count()
        self._laid_out = ""
        self.con = connect(threads=1)
        prepare(self.con, window, zones, {})

    def judged(
        self, measure: Measure, log: str, rows: Rows, rules: Sequence[AppliedRule], window: Window
    ) -> list[dict[str, Any]]:
        """The cases of these rows under every rule; `figures()` then counts them."""
        self.con.execute(run_script(window, self._zones) + log_script(LOGS[log], self._kept(log, rows)))
        if measure.name != self._laid_out:
            judge(self.con, measure, rules)
        else:
            # The measure's views are there already: binding them again for every example takes half the time.
            self.con.execute(rules_script(measure, rules) + "create or replace table facts as select * from judged")
        self._laid_out = measure.name
        return self.con.sql("select * from facts").to_arrow_table().to_pylist()

    def figures(self) -> list[dict[str, Any]]:
        """The cases last judged, counted at every level and period."""
        return self.con.sql("select * from figures").to_arrow_table().to_pylist()

    def _kept(self, log: str, rows: Rows) -> list[str]:
        """One Parquet file per force; a new name each time, so that nothing read before can stand in for it."""
        schema = pa.schema([field for field in log_schema(LOGS[log]) if field.name not in ("force", "month")])
        files = []
        for force in sorted({row["force"] for row in rows}):
            path = self._folder / f"{next(self._numbers)}" / f"force={force}" / "month=any" / "rows.parquet"
            path.parent.mkdir(parents=True)
            own = [row for row in rows if row["force"] == force]
            pq.write_table(pa.Table.from_pylist(own, schema), path)
            files.append(str(path))
        return files
