"""What was said when: the run a moment knew, every value a figure ever had, and the deliveries rows came with."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from checks.errors import UsageError
from checks.revision import days_after_end
from connectors.store.filters import condition
from connectors.store.tables import FIGURE, deliveries, runs, verdicts
from connectors.store.write import run_number

Row = dict[str, Any]
REVISION = (
    "standard", "commitment", "measure", "force", "area", "neighbourhood", "period", "period_start", "days_after_end",
    "run_id", "run_number", "as_at", "finished_at", "cases", "numerator", "denominator", "unknown", "excluded", "rate",
    "verdict", "restated", "restated_why",
)  # fmt: skip
_AT_ONCE = 500


def run_known_at(conn: Connection, moment: datetime) -> str:
    """The newest run that had finished by a moment; raises UsageError when none had."""
    chosen = (
        select(runs.c.run_id)
        .where(runs.c.status == "done", runs.c.finished_at <= moment)
        .order_by(runs.c.run_number.desc())
        .limit(1)
    )
    run_id: str | None = conn.execute(chosen).scalar()
    if run_id is None:
        found = f"no run had finished by {moment:%Y-%m-%dT%H:%M:%SZ}"
        raise UsageError("--as-known-at", found, "a moment after the first run", "See `pledge runs`.")
    return run_id


def revisions(conn: Connection, filters: Mapping[str, Any], run: str | None = None) -> Iterator[Row]:
    """Every value the figures asked for ever had, as rows of REVISION: the view `revision_triangle`, filtered.

    Args:
        filters: as `read_table` takes them for `verdicts`.
        run: only what was said up to this run.
    """
    conditions = [condition(verdicts, key, value) for key, value in filters.items() if value not in (None, "", [], ())]
    if run:
        conditions.append(verdicts.c.run_number <= run_number(conn, run))
    columns = [
        (runs if name in ("as_at", "finished_at") else verdicts).c[name]
        for name in REVISION
        if name != "days_after_end"
    ]
    chosen = (
        select(*columns)
        .join(runs, runs.c.run_id == verdicts.c.run_id)
        .where(*conditions)
        .order_by(*(verdicts.c[name] for name in FIGURE), verdicts.c.run_number)
    )
    for row in conn.execute(chosen, execution_options={"yield_per": 5_000}).mappings():
        yield {**row, "days_after_end": days_after_end(row["period"], row["period_start"], row["as_at"])}


def deliveries_of(conn: Connection, delivery_ids: Collection[str]) -> dict[str, Row]:
    """The rows of `deliveries` of these names, by name."""
    found: dict[str, Row] = {}
    names = sorted(delivery_ids)
    for first in range(0, len(names), _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        rows = conn.execute(select(deliveries).where(deliveries.c.delivery_id.in_(some))).mappings()
        found |= {row["delivery_id"]: dict(row) for row in rows}
    return found
