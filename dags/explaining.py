"""The log the product writes itself: what officers explained goes from the store into the lake, without its words.

It goes the way of any log: a delivery when there is something new, merged by key, its Delta version pinned by the run.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from checks.logs import LOGS
from connectors.lake.merge import merge
from connectors.lake.schema import log_schema
from connectors.lake.staging import Staged
from connectors.store import write
from connectors.store.engine import lock_slice, open_store, reading
from connectors.store.explaining import rows_for_the_log
from dags.admission import held_rows
from dags.plan import Plan

LOG = LOGS["explanations"]
SOURCE = "store"


def bring_explanations(plan: Plan, say: Callable[[str], None]) -> int:
    """Bring what was explained until the run's `as_at` into the lake; returns how many rows were new.

    Nothing new, no delivery and no commit. A run that was killed between the two is made good by the next.
    """
    engine = open_store(plan.store)
    with reading(engine) as conn:
        rows = rows_for_the_log(conn, plan.moment)
        digest = _digest(rows)
        if not rows or write.delivery_by_hash(conn, SOURCE, LOG.name, digest):
            return 0
    delivery_id = digest[:16]
    lake = plan.open_lake()
    with tempfile.TemporaryDirectory(prefix="pledge-explanations-") as folder:
        merge(lake, _staged(rows, Path(folder)), (), delivery_id, lacks="")
    admitted = held_rows(lake, LOG.name, {row["force"] for row in rows}, delivery_id)  # a killed run's, too
    with engine.begin() as conn:
        lock_slice(conn, "deliveries", SOURCE, LOG.name)
        if write.delivery_by_hash(conn, SOURCE, LOG.name, digest) is None:
            write.add_delivery(conn, _delivery(plan, rows, delivery_id, digest, admitted))
    say(f"explanations: {len(rows):,} recorded until now, {admitted:,} new to the lake.")
    return admitted


def _digest(rows: Sequence[dict[str, Any]]) -> str:
    """The hash of the rows as they stand: the same rows are the same delivery."""
    said = json.dumps(rows, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _staged(rows: Sequence[dict[str, Any]], folder: Path) -> Staged:
    names = tuple(column.name for column in LOG.columns)
    schema = pa.schema([("row_number", pa.int64()), *(log_schema(LOG).field(name) for name in names)])
    numbered = [{"row_number": number, **row} for number, row in enumerate(rows, 1)]
    staged = Staged(LOG, folder / "typed.parquet", names, rows_read=len(rows))
    pq.write_table(pa.Table.from_pylist(numbered, schema), staged.path)
    return staged


def _delivery(
    plan: Plan, rows: Sequence[dict[str, Any]], delivery_id: str, digest: str, admitted: int
) -> dict[str, Any]:
    forces = {row["force"] for row in rows}
    return {
        "delivery_id": delivery_id,
        "run_id": plan.run_id,
        "source": SOURCE,
        "log": LOG.name,
        "force": forces.pop() if len(forces) == 1 else "all",
        "location": "table explanations of the store",
        "received_at": plan.moment,
        "rows_read": len(rows),
        "rows_admitted": admitted,
        "rows_quarantined": 0,
        "rows_unchanged": len(rows) - admitted,
        "sha256": digest,
        "fitness": "fit",
        "reason": "",
        "columns": ",".join(column.name for column in LOG.columns),
        "covers_from": min(row["recorded_at"] for row in rows),
        "covers_to": max(row["recorded_at"] for row in rows),
    }
