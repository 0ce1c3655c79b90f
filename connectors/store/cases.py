"""Cases not met, and the register of broken promises: kept equal to what the night found, row by row.

A first night finds millions: rows are tuples as `stored` has them, moments and days as text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from connectors.store import stored
from connectors.store.engine import lock_slice
from connectors.store.tables import breaches, cases

Values = tuple[Any, ...]
STATES_KEPT = frozenset({"missed", "pending", "unknown"})
SLICE = ("standard", "measure", "force")
CASE = (
    "case_id", "area", "neighbourhood", "state", "reason", "clock_started_at", "limit_seconds", "due_at",
    "clock_stopped_at", "elapsed_seconds", "local_day",
)  # fmt: skip
_OF_CASE = ("area", "neighbourhood", "due_at", "elapsed_seconds", "local_day")
_BREACH = ("case_id", *_OF_CASE, "severity", "status", "closed_run")


def replace_cases(
    conn: Connection,
    standard: str,
    measure: str,
    force: str,
    found: Iterable[Values],
    *,
    run_id: str,
    months: Sequence[str] | None = None,
) -> int:
    """Make the store's cases of a slice equal to those found; returns how many rows changed.

    Args:
        found: every case of the slice that is kept (STATES_KEPT), by the columns CASE; `first_run` and
            `last_changed_run` are kept here.
        months: the local months (`2026-03`) that `found` is everything of; stored cases of other months stay as they
            are, None = it is everything there is.
    """
    lock_slice(conn, "cases", standard, measure, force)
    slice_ = standard, measure, force
    old = _by_case(conn, cases, CASE, slice_, *_in_months(cases, months))
    added, changed = [], []
    for case_id, case in {row[0]: row[1:] for row in found}.items():
        before = old.pop(case_id, None)
        if before is None:
            added.append((*slice_, case_id, *case, run_id, run_id))
        elif before != case:
            changed.append((*case, run_id, *slice_, case_id))
    key = (*SLICE, "case_id")
    stored.remove(conn, cases, key, [(*slice_, case_id) for case_id in old])
    stored.change(conn, cases, (*CASE[1:], "last_changed_run"), key, changed)
    stored.add(conn, cases, (*SLICE, *CASE, "first_run", "last_changed_run"), added)
    return len(added) + len(changed) + len(old)


def sync_breaches(
    conn: Connection,
    run_id: str,
    standard: str,
    measure: str,
    force: str,
    *,
    severity: str = "",
    months: Sequence[str] | None = None,
) -> tuple[int, int]:
    """Bring the register in line with the store's missed cases of a slice; returns (opened, withdrawn).

    Call it after `replace_cases`. A missed case without a breach opens one; a breach whose case is no longer
    missed (its record was withdrawn or corrected) becomes `withdrawn`; one missed again is `open` again. An answer
    given (acknowledged, explained) stays. Under `months` only those of these local months are looked at.
    """
    lock_slice(conn, "cases", standard, measure, force)
    slice_ = standard, measure, force
    is_missed = cases.c.state == "missed", *_in_months(cases, months)
    missed = _by_case(conn, cases, ("case_id", *_OF_CASE), slice_, *is_missed)
    old = _by_case(conn, breaches, _BREACH, slice_, *_in_months(breaches, months))
    added, changed, reopened, withdrawn = [], [], 0, 0
    for case_id, case in missed.items():
        before = old.pop(case_id, None)
        if before is None:
            added.append((breach_id(*slice_, case_id), *slice_, case_id, *case, severity, "open", None, run_id))
            continue
        was_withdrawn = before[-2] == "withdrawn"
        now = (*case, severity, *(("open", None) if was_withdrawn else before[-2:]))
        if now != before:
            changed.append((*now, *slice_, case_id))
            reopened += was_withdrawn
    for case_id, before in old.items():
        if before[-2] != "withdrawn":
            changed.append((*before[:-2], "withdrawn", run_id, *slice_, case_id))
            withdrawn += 1
    stored.change(conn, breaches, _BREACH[1:], (*SLICE, "case_id"), changed)
    stored.add(conn, breaches, ("breach_id", *SLICE, *_BREACH, "opened_run"), added)
    return len(added) + reopened, withdrawn


def breach_id(standard: str, measure: str, force: str, case_id: str) -> str:
    """The stable name of a breach: 16 hexadecimal digits."""
    return hashlib.sha256("|".join((standard, measure, force, case_id)).encode()).hexdigest()[:16]


def _in_months(table: Table, months: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """The condition of a row's local day to lie in one of these months; a row without one is always meant."""
    if months is None:
        return []
    first = [date(int(month[:4]), int(month[5:7]), 1) for month in months]
    spans = [
        and_(table.c.local_day >= day, table.c.local_day < (day.replace(day=28) + timedelta(days=4)).replace(day=1))
        for day in first
    ]
    return [or_(table.c.local_day.is_(None), *spans)]


def _by_case(
    conn: Connection, table: Table, names: Sequence[str], slice_: Values, *conditions: ColumnElement[bool]
) -> dict[str, Values]:
    """What a slice's rows say, by case; `names` begins with its name."""
    where = [table.c[name] == value for name, value in zip(SLICE, slice_, strict=True)]
    chosen = select(*(stored.column(conn, table.c[name]) for name in names)).where(*where, *conditions)
    return {row[0]: tuple(row[1:]) for row in conn.execute(chosen)}
