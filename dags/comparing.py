"""What statistics add to a run's figures: the signal of each as it is recorded, comparisons and funnels after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from checks.compared import (
    COMPARED_PERIODS,
    FUNNEL_GROUP,
    FUNNEL_PERIODS,
    Similar,
    comparisons,
    funnel_groups,
    funnel_rows,
)
from checks.series import Charts, Rebases, first_day_read
from connectors.settings import Settings
from connectors.sources import rebases
from connectors.store.compared import periods_written, record_compared
from connectors.store.figures import charted_figures
from connectors.store.read import read_table
from connectors.store.tables import FIGURE
from dags.plan import Plan, forces_of
from dags.stating import EVERYTHING, Scope

Row = Mapping[str, Any]


def rebases_of(settings: Settings) -> Rebases:
    """The rebases of PLEDGE_REBASES; raises UsageError when the file cannot be used."""
    return rebases.load(Path(settings.rebases) if settings.rebases else None)


def similar_forces(settings: Settings) -> dict[str, Similar]:
    """The stated groups of most similar forces, by force."""
    return {
        force.slug: Similar(force.most_similar, force.similar_source, force.similar_date)
        for force in forces_of(settings).values()
        if force.similar_date
    }


def charts(conn: Connection, plan: Plan, figures: Sequence[Row], placed: Rebases, scope: Scope = EVERYTHING) -> Charts:
    """The series of the figures a run is about to record.

    A run that states everything states the whole of every series; otherwise the store fills in the rest.
    """
    known: dict[tuple[Any, ...], Row] = {}
    today = plan.moment.date()
    if plan.first_day or plan.last_day or not scope.is_everything:
        days_from = None if plan.first_day or plan.last_day else first_day_read(today)
        known = {_figure(row): row for row in charted_figures(conn, days_from)}
    known |= {_figure(figure): figure for figure in figures}
    return Charts(known.values(), placed, today)


def _figure(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name, "") for name in FIGURE)


def record_comparisons(conn: Connection, plan: Plan, similar: Mapping[str, Similar], first: date | None = None) -> int:
    """Compare every closed figure of a whole force, as the store now has them; returns how many rows are new.

    All of them each night, for reference data on forces may have changed; only what differs is written.

    Args:
        first: only figures that begin on this day or later, None = all.
    """
    year_before = first and first.replace(year=first.year - 1)
    asked = {"period": list(COMPARED_PERIODS), "area": [""], "neighbourhood": [""], "from": year_before}
    rows = list(comparisons(read_table(conn, "verdicts", asked), similar))
    rows = [row for row in rows if first is None or row["period_start"] >= first]
    return record_compared(conn, plan.run_id, "comparisons", rows)


def record_funnels(conn: Connection, plan: Plan) -> int:
    """Draw the funnels of the months and years a run wrote a figure of; returns how many rows are new."""
    written = periods_written(conn, plan.run_id, FUNNEL_PERIODS)
    if not written:
        return 0
    standards, measures, periods, starts = (sorted(set(names)) for names in zip(*written, strict=True))
    asked = {"standard": standards, "measure": measures, "period": periods, "from": starts[0], "to": starts[-1]}
    stated: dict[tuple[Any, ...], list[str]] = {}
    for row in read_table(conn, "funnels", asked):
        stated.setdefault(tuple(row[name] for name in FUNNEL_GROUP), []).append(row["unit"])
    groups = funnel_groups(row for row in read_table(conn, "verdicts", asked) if _period(row) in written)
    rows = [row for group, figures in groups.items() for row in funnel_rows(group, figures, stated.get(group, ()))]
    return record_compared(conn, plan.run_id, "funnels", rows)


def _period(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in FUNNEL_GROUP[:4])
