"""Signatures under closed months, in the store: given, read, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select

from checks.closing import figures_hash
from connectors.store.engine import lock_slice
from connectors.store.read import read_table
from connectors.store.tables import acknowledgements, breaches, explanations, signings

Row = dict[str, Any]
SIGNED, REFUSED = "signed", "refused"


def add(conn: Connection, row: Row) -> Row:
    """Record what was decided; returns the row there is, when the same was decided before.

    Tried again, a step adds nothing: the same person decides the same of a month and run once.
    """
    lock_slice(conn, "signings")
    same = ("month", "run_id", "signed_by", "decision")
    for each in of_month(conn, row["month"]):
        if all(each[name] == row[name] for name in same):
            return each
    newest = conn.scalar(select(func.max(signings.c.signed_at)).where(signings.c.month == row["month"]))
    at = row["signed_at"].astimezone(UTC)
    if newest is not None and at <= newest:  # two within one tick, or a clock set back: the order stays
        at = newest + timedelta(microseconds=1)
    conn.execute(insert(signings), [{**row, "signed_at": at}])
    return {**row, "signed_at": at}


def of_month(conn: Connection, month: date) -> Iterator[Row]:
    """What was decided of a month, in order of time."""
    asked = select(signings).where(signings.c.month == month).order_by(signings.c.signed_at)
    return iter([dict(row) for row in conn.execute(asked).mappings()])


def every(conn: Connection) -> list[Row]:
    """Everything that was decided, in order of month and time."""
    asked = select(signings).order_by(signings.c.month, signings.c.signed_at)
    return [dict(row) for row in conn.execute(asked).mappings()]


def answered_by(conn: Connection, first: date, last: date) -> set[str]:
    """Who acknowledged or explained a miss of these local days, or of a case of them."""
    found: set[str] = set()
    for table in (acknowledgements, explanations):
        joined = select(table.c.recorded_by).outerjoin(breaches, breaches.c.breach_id == table.c.breach_id)
        dated = or_(table.c.missed_on.between(first, last), breaches.c.local_day.between(first, last))
        found |= set(conn.scalars(joined.where(dated)))
    return found


def month_said(conn: Connection, month: date, run: str | None) -> tuple[list[Row], list[Row]]:
    """A month's figures and commitments as a run left them (None: as they stand): what is signed."""
    asked = {"period": "month", "from": month, "to": month}
    return list(read_table(conn, "verdicts", asked, run)), list(read_table(conn, "commitments", asked, run))


def with_standing(conn: Connection) -> Iterator[Row]:
    """Everything that was decided, with `restated`: are the month's figures other ones now than those signed?"""
    now: dict[date, str] = {}
    for row in every(conn):
        month = row["month"]
        if month not in now:
            now[month] = figures_hash(*month_said(conn, month, None))
        yield {**row, "restated": row["figures_hash"] != now[month]}
