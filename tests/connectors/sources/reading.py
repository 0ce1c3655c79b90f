"""Files read as a run reads them: what the tests of the readers and descriptions share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from checks.logs import LOGS
from connectors.lake.staging import stage
from connectors.sources.delivery import Refusal, Source
from connectors.sources.description import read_description
from connectors.sources.file import canonical, open_delivery

SHARED = Path(__file__).parents[4] / "shared" / "data"

HEADER = "call_id,force,line,kind,received_at,answered_at"
FIRST = "c1,norfolk,999,public,2026-03-01 10:00:00,2026-03-01 10:00:08"
SECOND = "c2,norfolk,999,public,2026-03-01 10:01:00,2026-03-01 10:01:12"
THIRD = "c3,norfolk,101,public,2026-03-01 10:02:00,2026-03-01 10:02:30"
CALLS = "\n".join([HEADER, FIRST, SECOND, THIRD]) + "\n"


@dataclass(frozen=True)
class Read:
    """Everything a delivery handed over; rows without their empty values."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    refusals: list[Refusal]

    @property
    def keys(self) -> list[str]:
        return [row["call_id"] for row in self.rows]

    @property
    def numbers(self) -> list[int]:
        return [row["row_number"] for row in self.rows]

    @property
    def refused(self) -> list[tuple[int, str]]:
        return [(refusal.row_number, refusal.rule) for refusal in self.refusals]


def read(path: Path, source: Source | None = None) -> Read:
    """Read a file of `calls`, or through the source given."""
    delivery = open_delivery(source or canonical("calls"), path)
    batches = list(delivery.batches())
    rows = [
        {name: value for name, value in row.items() if value not in (None, "")}
        for batch in batches
        for row in batch.rows.to_pylist()
    ]
    return Read(delivery.columns, rows, [refusal for batch in batches for refusal in batch.refusals])


def read_csv(folder: Path, content: str | bytes, name: str = "calls.csv", **stated: Any) -> Read:
    """Write a file of calls (bytes as they are, text as UTF-8) and read it; `stated` as in a description."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(path, Source("calls", "calls", **stated))


def description(folder: Path, select: str, name: str = "system", **front: str) -> Source:
    """A description with this select and front matter (log: calls, force: norfolk unless stated)."""
    stated = "\n".join(f"{key}: {value}" for key, value in {"log": "calls", "force": "norfolk", **front}.items())
    path = folder / f"{name}.sql"
    path.write_text(f"/*---\n{stated}\n---*/\n{select}\n", "utf-8")
    return read_description(path)


def staged(path: Path, source: Source, folder: Path) -> pd.DataFrame:
    """A delivery after the typing door: values, and beside each column `c` its `c__trouble`; by row number."""
    folder.mkdir(parents=True, exist_ok=True)
    done = stage(open_delivery(source, path), LOGS[source.log], folder)
    chunks = list(done.chunks())
    return pd.concat(chunks).set_index("row_number").sort_index() if chunks else pd.DataFrame()
