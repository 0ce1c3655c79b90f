"""Cases not met, and the register of broken promises: kept equal to what the night found, row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, insert, or_, select, update

from connectors.store.engine import lock_slice
from connectors.store.tables import breaches, cases

Row = Mapping[str, Any]
STATES_KEPT = frozenset({"missed", "pending", "unknown"})
_CASE_SAYS = (
    "area", "neighbourhood", "state", "reason", "clock_started_at", "limit_seconds", "due_at",
    "clock_stopped_at", "elapsed_seconds", "local_day",
)  # fmt: skip
_TEXTS = frozenset({"area", "neighbourhood", "reason"})
_BREACH_SAYS = ("area", "neighbourhood", "due_at", "elapsed_seconds", "severity", "status", "closed_run", "local_day")


def replace_cases(
    conn: Connection,
    standard: str,
    measure: str,
    force: str,
    found: Sequence[Row],
    *,
    run_id: str,
    started_from: datetime | None = None,
    started_before: datetime | None = None,
    months: Sequence[str] | None = None,
) -> int:
    """Make the store's cases of a slice equal to those found; returns how many rows changed.

    Args:
        found: every case judged in the slice (met, excluded and timed ones are passed over), as dicts with
            case_id, state and any other column of `cases`; `first_run` and `last_changed_run` are kept here.
        started_from, started_before: the window that was judged, by the start of the clock (None = no bound);
            stored cases outside it stay as they are.
        months: the local months (`2026-03`) that `found` is everything of; stored cases of other months stay as they
            are, None = it is everything there is.
    """
    lock_slice(conn, "cases", standard, measure, force)
    slice_ = {"standard": standard, "measure": measure, "force": force}
    old = {row["case_id"]: row for row in _slice_rows(conn, cases, slice_, *_in_months(cases, months))}
    new = {row["case_id"]: _case(row) for row in found if row["state"] in STATES_KEPT}
    added, changed = [], []
    for case_id, case in new.items():
        if case_id not in old:
            added.append({**slice_, "case_id": case_id, **case, "first_run": run_id, "last_changed_run": run_id})
        elif any(case[name] != old[case_id][name] for name in _CASE_SAYS):
            changed.append({"this": case_id, **case, "last_changed_run": run_id})
    gone = [
        {"this": case_id}
        for case_id, row in old.items()
        if case_id not in new and _inside(row["clock_started_at"], started_from, started_before)
    ]
    _apply(conn, cases, slice_, "case_id", added, changed, gone)
    return len(added) + len(changed) + len(gone)


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
    missed (its record was withdrawn or corrected) becomes `withdrawn`; one missed again is `open` again. Under
    `months` only those of these local months are looked at.
    """
    lock_slice(conn, "cases", standard, measure, force)
    slice_ = {"standard": standard, "measure": measure, "force": force}
    is_missed = cases.c.state == "missed", *_in_months(cases, months)
    missed = {row["case_id"]: row for row in _slice_rows(conn, cases, slice_, *is_missed)}
    old = {row["case_id"]: row for row in _slice_rows(conn, breaches, slice_, *_in_months(breaches, months))}
    added = [
        {**slice_, "breach_id": breach_id(standard, measure, force, case_id), "case_id": case_id}
        | _breach(case, None, severity)
        | {"opened_run": run_id}
        for case_id, case in missed.items()
        if case_id not in old
    ]
    changed, reopened, withdrawn = [], 0, 0
    for case_id, breach in old.items():
        case = missed.get(case_id)
        now = _breach(case, breach, severity) if case else _withdrawn(breach, run_id)
        if any(now[name] != breach[name] for name in _BREACH_SAYS):
            changed.append({"this": case_id, **now})
            reopened += now["status"] == "open" and breach["status"] == "withdrawn"
            withdrawn += now["status"] == "withdrawn" and breach["status"] != "withdrawn"
    _apply(conn, breaches, slice_, "case_id", added, changed, [])
    return len(added) + reopened, withdrawn


def breach_id(standard: str, measure: str, force: str, case_id: str) -> str:
    """The stable name of a breach: 16 hexadecimal digits."""
    return hashlib.sha256("|".join((standard, measure, force, case_id)).encode()).hexdigest()[:16]


def _case(row: Row) -> dict[str, Any]:
    case: dict[str, Any] = {name: row.get(name) for name in _CASE_SAYS}
    for name in ("limit_seconds", "elapsed_seconds"):
        case[name] = None if case[name] is None else float(case[name])
    if isinstance(case["local_day"], datetime):
        case["local_day"] = case["local_day"].date()
    return {name: (value or "") if name in _TEXTS else value for name, value in case.items()}


def _breach(case: Row, before: Row | None, severity: str) -> dict[str, Any]:
    """What the breach of a missed case says; an answer given (acknowledged, explained) stays."""
    stands = before is not None and before["status"] != "withdrawn"
    return {
        **{name: case[name] for name in ("area", "neighbourhood", "due_at", "elapsed_seconds", "local_day")},
        "severity": severity,
        "status": before["status"] if before is not None and stands else "open",
        "closed_run": before["closed_run"] if before is not None and stands else None,
    }


def _withdrawn(breach: Row, run_id: str) -> dict[str, Any]:
    now = {name: breach[name] for name in _BREACH_SAYS}
    return now if breach["status"] == "withdrawn" else {**now, "status": "withdrawn", "closed_run": run_id}


def _inside(start: datetime | None, first: datetime | None, before: datetime | None) -> bool:
    return start is None or ((first is None or start >= first) and (before is None or start < before))


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


def _slice_rows(
    conn: Connection, table: Table, slice_: Mapping[str, str], *conditions: ColumnElement[bool]
) -> list[Row]:
    where = [table.c[name] == value for name, value in slice_.items()]
    return [dict(row) for row in conn.execute(select(table).where(*where, *conditions)).mappings()]


def _apply(
    conn: Connection,
    table: Table,
    slice_: Mapping[str, str],
    key: str,
    added: Sequence[Row],
    changed: Sequence[Row],
    gone: Sequence[Row],
) -> None:
    where = [table.c[name] == value for name, value in slice_.items()] + [table.c[key] == bindparam("this")]
    if gone:
        conn.execute(delete(table).where(*where), gone)
    if changed:
        conn.execute(update(table).where(*where), changed)
    if added:
        conn.execute(insert(table), added)
