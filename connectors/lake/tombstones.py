"""What keeps erased records out when an old file brings them again: keyed hashes of references, and dates.

Neither says what was erased. Without the key nobody can try references until a hash fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from checks.logs import Kind
from connectors.lake.erasing import dated_by
from connectors.lake.pseudonyms import Pseudonyms
from connectors.lake.staging import CHUNK, Staged

ALL = "all"


@dataclass(frozen=True)
class Tombstones:
    """`hashed` are the rows of `erasures` with a reference; `before` the moment up to which (log, force) is erased."""

    key: Pseudonyms
    hashed: Sequence[Mapping[str, Any]] = ()
    before: Mapping[tuple[str, str], datetime] = field(default_factory=dict)

    def rows(self, staged: Staged) -> set[int]:
        """The numbers of the staged rows that were erased before."""
        log = staged.log
        ours = [row for row in self.hashed if row["log"] in (ALL, log.name)]
        dates = {force: moment for (name, force), moment in self.before.items() if name == log.name}
        if not (ours or dates) or not staged.path.exists():
            return set()
        found: set[int] = set()
        with pq.ParquetFile(staged.path) as file:
            for batch in file.iter_batches(CHUNK):
                rows = pa.Table.from_batches([batch])
                erased = pa.chunked_array([pa.array([False] * len(rows))])
                for test in (*self._by_reference(ours, staged, rows), *_by_date(dates, staged, rows)):
                    erased = pc.or_(erased, pc.fill_null(test, False))
                found.update(rows["row_number"].filter(erased).to_pylist())
        return found

    def _by_reference(self, hashed: Sequence[Mapping[str, Any]], staged: Staged, rows: pa.Table) -> list[Any]:
        tests = []
        for name in staged.log.personal if hashed else ():
            if name in rows.column_names:
                made = self.key.column(rows[name])
                for force in {row["force"] for row in hashed}:
                    known = pa.array([row["reference"] for row in hashed if row["force"] == force], pa.string())
                    tests.append(_of_force(rows, force, pc.is_in(made, known)))
        return tests


def _by_date(dates: Mapping[str, datetime], staged: Staged, rows: pa.Table) -> list[Any]:
    name = dated_by(staged.log) if dates else ""
    if name not in rows.column_names:
        return []
    is_date = staged.log.by_name[name].kind is Kind.DATE
    kind = rows.schema.field(name).type
    return [
        _of_force(rows, force, pc.less(rows[name], pa.scalar(before.date() if is_date else before, kind)))
        for force, before in dates.items()
    ]


def _of_force(rows: pa.Table, force: str, test: Any) -> Any:
    return test if force == ALL or "force" not in rows.column_names else pc.and_(test, pc.equal(rows["force"], force))
