"""The figures that changed since changes were last decided, each as it was then and as it is now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from connectors.store.newest import newest
from connectors.store.tables import FIGURE, runs, verdicts

Row = dict[str, Any]
PROMISE = ("standard", "measure", "force", "area", "period")
PERIODS = ("day", "month")


def changed_figures(
    conn: Connection, since: int, up_to: int, standards: Sequence[str], news_from: date
) -> Iterator[tuple[tuple[Any, ...], list[Row], list[Row]]]:
    """(promise, its figures before, its figures after) of each promise with changes, in order of period_start.

    A promise is named by PROMISE: forces and areas, days and months, of these standards.

    Args:
        since: the run_number up to which changes were decided.
        up_to: the run_number that is decided now.
        news_from: figures of earlier periods only where they were restated; the others are history.
    """
    number, figures = verdicts.c.run_number, [verdicts.c[name] for name in FIGURE]
    new_runs = select(runs.c.run_id).where(runs.c.run_number > since, runs.c.run_number <= up_to)
    asked = and_(
        verdicts.c.run_id.in_(new_runs),
        verdicts.c.standard.in_(standards),
        verdicts.c.period.in_(PERIODS),
        verdicts.c.neighbourhood == "",
        verdicts.c.force != "all",
        or_(verdicts.c.period_start >= news_from, verdicts.c.restated),
    )
    keys = select(*figures).where(asked).distinct().subquery()
    same = and_(*(verdicts.c[name] == keys.c[name] for name in FIGURE))
    order = [*(verdicts.c[name] for name in PROMISE), verdicts.c.period_start, number]
    found = conn.execute(select(verdicts).join(keys, same).where(number <= up_to).order_by(*order)).mappings()
    for promise, rows in groupby((dict(row) for row in found), key=lambda row: tuple(row[name] for name in PROMISE)):
        before, after = [], []
        for _, history in groupby(rows, key=lambda row: row["period_start"]):
            states = list(history)
            before += [row for row in states if row["run_number"] <= since][-1:]
            after.append(states[-1])
        yield promise, before, after


def ever_judged(conn: Connection, up_to: int, measures: Sequence[str]) -> set[tuple[Any, ...]]:
    """The promises of these measures of which a figure was ever judged, by PROMISE."""
    judged = verdicts.c.verdict.in_(("kept", "missed", "too_few"))
    about = and_(judged, verdicts.c.measure.in_(measures), verdicts.c.run_number <= up_to)
    chosen = select(*(verdicts.c[name] for name in PROMISE)).where(about, verdicts.c.neighbourhood == "").distinct()
    return {tuple(row) for row in conn.execute(chosen)} if measures else set()


def earlier_counts(
    conn: Connection, figure: Mapping[str, Any], up_to: int, as_far_back: timedelta
) -> list[tuple[int, int]]:
    """(numerator, denominator) of the periods before a figure of the same promise, oldest first.

    A period that is over but has an open case yet counts, too: a month with one would else be unknown for long.

    Args:
        up_to: a run_number: as that run left them.
        as_far_back: how long before the figure's period the first of them may begin.
    """
    start, table = figure["period_start"], verdicts.c
    about = [table[name] == figure[name] for name in (*PROMISE, "neighbourhood")]
    before = and_(table.period_start < start, table.period_start >= start - as_far_back)
    found = newest(verdicts, *about, before, up_to=up_to)
    chosen = select(found.c.numerator, found.c.denominator).where(found.c.denominator > 0)
    return [(row[0], row[1]) for row in conn.execute(chosen.order_by(found.c.period_start))]
