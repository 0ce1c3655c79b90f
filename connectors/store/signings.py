"""Signatures under closed months, in the store: given, read, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select

from checks.closing import figures_hash
from connectors.store.engine import lock_slice
from connectors.store.read import read_table
from connectors.store.tables import acknowledgements, breaches, commitments, explanations, signings, verdicts
from connectors.store.write import run_number

Row = dict[str, Any]
SIGNED, REFUSED = "signed", "refused"


def add(conn: Connection, row: Row) -> tuple[Row, bool]:
    """Record what was decided; returns the row, and whether it is new: the same may have been decided before.

    Tried again, a step adds nothing: the same person decides the same of a month and run once.
    """
    lock_slice(conn, "signings")
    same = ("month", "run_id", "signed_by", "decision")
    for each in of_month(conn, row["month"]):
        if all(each[name] == row[name] for name in same):
            return each, False
    newest = conn.scalar(select(func.max(signings.c.signed_at)).where(signings.c.month == row["month"]))
    at = row["signed_at"].astimezone(UTC)
    if newest is not None and at <= newest:  # two within one tick, or a clock set back: the order stays
        at = newest + timedelta(microseconds=1)
    conn.execute(insert(signings), [{**row, "signed_at": at}])
    return {**row, "signed_at": at}, True


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
        month, restated = row["month"], False
        if _said_since(conn, month, row["run_id"]):  # else they cannot be others: what was not changed is not written
            if month not in now:
                now[month] = figures_hash(*month_said(conn, month, None))
            restated = row["figures_hash"] != now[month]
        yield {**row, "restated": restated}


def _said_since(conn: Connection, month: date, run: str) -> bool:
    """Whether a later run said anything of this month."""
    number = run_number(conn, run)
    return any(
        conn.execute(
            select(table.c.run_id)
            .where(table.c.period == "month", table.c.period_start == month, table.c.run_number > number)
            .limit(1)
        ).first()
        for table in (verdicts, commitments)
    )
