"""The one way in for what officers answer: acknowledgements and explanations of broken promises.

An answer covers one breach, or every miss of a measure in a force (and area) on a local day: then it has a row of its
own, whose `breach_id` is '', beside one for each breach it covers. What was said before is not said again. The words
of an explanation stay in this store; they are never part of an error.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, insert, or_, select, update

from checks.commitment import measures
from checks.errors import UsageError
from checks.explanation import Answer, Scope, as_code, checked_author, checked_reason, checked_text, closest
from connectors.store.engine import lock_slice
from connectors.store.tables import acknowledgements, breaches, explanations, verdicts

Row = dict[str, Any]
_ID = {explanations: "explanation_id", acknowledgements: "acknowledgement_id"}
_UNEXPLAINED = ("open", "acknowledged")


@dataclass(frozen=True)
class Recorded:
    """What an answer changed: how many breaches it was written for; `is_new` is False where all was said before."""

    answer_id: str
    breaches: int
    is_new: bool


def explain(
    conn: Connection, scope: Scope, reason: str, text: str, by: str, at: datetime, via: str = "command"
) -> Recorded:
    """Record why a promise was broken; the breaches covered become `explained`.

    Args:
        conn: inside a transaction; the answer and the status stand together or not at all.
        at: when it is said, timezone-aware; a microsecond later where that moment is taken.
        via: `command`, `file` or `slack`.

    Raises:
        UsageError: the scope covers nothing, the reason is not on the list, text or author are out of bounds.
    """
    reason = checked_reason(reason)
    said: Row = {"reason": reason, "text": checked_text(text, reason), "recorded_by": checked_author(by)}
    return _record(conn, explanations, scope, said, at, via, _UNEXPLAINED, "explained")


def acknowledge(conn: Connection, scope: Scope, by: str, at: datetime, via: str = "command") -> Recorded:
    """Record that somebody has seen it; open breaches covered become `acknowledged`. Raises as `explain` does."""
    return _record(
        conn, acknowledgements, scope, {"recorded_by": checked_author(by)}, at, via, ("open",), "acknowledged"
    )


def cover_later_breaches(conn: Connection, standard: str, measure: str, force: str) -> int:
    """Extend explanations of whole days to breaches that were found after them; returns how many.

    Call it after `sync_breaches`, in its transaction. A breach that was explained, withdrawn and is missed again
    stays open.
    """
    day, breach, own = explanations.alias("day"), breaches.c, explanations.alias("own")
    already = select(own.c.breach_id).where(
        own.c.breach_id == breach.breach_id, own.c.explanation_id == day.c.explanation_id
    )
    found = conn.execute(
        select(day, breach.breach_id.label("covered"), breach.area.label("in_area"))
        .where(breach.standard == standard, breach.measure == measure, breach.force == force)
        .where(breach.status.in_(_UNEXPLAINED), day.c.breach_id == "")
        .where(day.c.measure == measure, day.c.force == force, day.c.missed_on == breach.local_day)
        .where(or_(day.c.area == "", day.c.area == breach.area), ~already.exists())
        .order_by(breach.breach_id, day.c.recorded_at)
    ).mappings()
    rows = [
        {column.name: row[column.name] for column in explanations.c}
        | {"breach_id": row["covered"], "area": row["in_area"]}
        for row in found
    ]
    if rows:
        conn.execute(insert(explanations), rows)
        _set_status(conn, sorted({row["breach_id"] for row in rows}), "explained")
    return len({row["breach_id"] for row in rows})


def rows_for_the_log(conn: Connection, as_at: datetime) -> list[Row]:
    """The explanations given until `as_at`, as the log `explanations` holds them: what was said, without its words.

    A whole day's explanation is one row; one of an area is a row for each breach it covers.
    """
    table = explanations.c
    until = select(explanations).where(table.recorded_at <= as_at).order_by(table.recorded_at, table.breach_id)
    said = [dict(row) for row in conn.execute(until).mappings()]
    days = {row["explanation_id"] for row in said if not row["breach_id"] and not row["area"]}
    rows: dict[str, Row] = {}
    for row in said:
        of_day = not row["breach_id"] and not row["area"]
        if not of_day and (row["explanation_id"] in days or not row["breach_id"]):
            continue
        name = row["explanation_id"] if of_day else f"{row['explanation_id']}/{row['breach_id']}"
        rows.setdefault(
            name,
            {
                "explanation_id": name,
                "force": row["force"],
                "breach_id": row["breach_id"] or None,
                "measure": row["measure"] if of_day else None,
                "missed_on": row["missed_on"] if of_day else None,
                **{column: row[column] for column in ("reason", "recorded_at", "recorded_by")},
            },
        )
    return list(rows.values())


def _record(
    conn: Connection,
    table: Table,
    scope: Scope,
    said: Row,
    at: datetime,
    via: str,
    changing: Sequence[str],
    status: str,
) -> Recorded:
    lock_slice(conn, "answers")
    covered = _covered(conn, scope)
    earlier = _said_before(conn, table, scope, said)
    answer_id = earlier or uuid.uuid4().hex[:16]
    stands = {"via": via, _ID[table]: answer_id, "recorded_at": _free_moment(conn, table, at), **said}
    to_change = [row for row in covered if row["status"] in changing]
    # Said again, it is written only where it is news: for breaches that came, or were opened again, since.
    written = covered if not earlier and (scope.breach_id or table is explanations) else to_change
    rows = [{**_place(row), **stands} for row in written]
    if not (scope.breach_id or earlier):
        rows.append({**_place_of_day(scope), **stands})
    if rows:
        conn.execute(insert(table), rows)
        _set_status(conn, [row["breach_id"] for row in to_change], status)
    return Recorded(answer_id, len(written), bool(rows))


def _place(breach: Row) -> Row:
    day = {"missed_on": breach["local_day"]}
    return {name: breach[name] for name in ("breach_id", "measure", "force", "area")} | day


def _place_of_day(scope: Scope) -> Row:
    place = {"measure": scope.measure, "force": scope.force, "area": scope.area, "missed_on": scope.day}
    return {"breach_id": "", **place}


def _set_status(conn: Connection, breach_ids: Sequence[str], status: str) -> None:
    for start in range(0, len(breach_ids), 500):
        these = breaches.c.breach_id.in_(breach_ids[start : start + 500])
        conn.execute(update(breaches).where(these).values(status=status))


def _said_before(conn: Connection, table: Table, scope: Scope, said: Row) -> str | None:
    """The id of the same answer to the same question by the same person, None where there is none."""
    place: Row = {"breach_id": scope.breach_id} if scope.breach_id else _place_of_day(scope)
    same = [table.c[name] == value for name, value in {**place, **said}.items()]
    chosen = select(table.c[_ID[table]]).where(*same).order_by(table.c.recorded_at.desc()).limit(1)
    found: str | None = conn.scalar(chosen)
    return found


def _free_moment(conn: Connection, table: Table, at: datetime) -> datetime:
    """The first moment from `at` on at which nothing was recorded: it is part of the key."""
    while conn.scalar(select(func.count()).select_from(table).where(table.c.recorded_at == at)):
        at += timedelta(microseconds=1)
    return at


def _covered(conn: Connection, scope: Scope) -> list[Row]:
    """The breaches an answer covers, with their slices locked against a night that is being recorded."""
    which = _condition(scope)
    slices = select(breaches.c.standard, breaches.c.measure, breaches.c.force).where(which).distinct()
    for standard, measure, force in sorted(tuple(row) for row in conn.execute(slices)):
        lock_slice(conn, "cases", standard, measure, force)
    rows = [dict(row) for row in conn.execute(select(breaches).where(which)).mappings()]
    standing = [row for row in rows if row["status"] != "withdrawn"]
    if not standing:
        _refuse(conn, scope, withdrawn=bool(rows))
    return standing


def _condition(scope: Scope) -> ColumnElement[bool]:
    table = breaches.c
    if scope.breach_id:
        return table.breach_id == scope.breach_id
    day = and_(table.measure == scope.measure, table.force == scope.force, table.local_day == scope.day)
    return and_(day, table.area == scope.area) if scope.area else day


def _refuse(conn: Connection, scope: Scope, withdrawn: bool) -> None:
    """Raise UsageError, unless a figure of that day was missed without a case that was (a share, a survey)."""
    if scope.breach_id:
        where = f"breach {as_code(scope.breach_id)}"
        if withdrawn:
            found, expected = "it was withdrawn: its record was corrected", "a promise that is broken"
            raise UsageError(where, found, expected, "Nothing is left to answer.")
        do = f"Did you mean {near}?" if (near := _near_breach(conn, scope.breach_id)) else "Correct it."
        raise UsageError(where, "there is no such breach", "one of `pledge breaches`", do)
    _refuse_unknown(scope.measure, "measure", list(measures()))
    held = breaches.c.measure == scope.measure
    forces = conn.scalars(select(breaches.c.force).union(select(verdicts.c.force))).all()
    _refuse_unknown(scope.force, "force", [force for force in forces if force != "all"])
    if scope.area:
        areas = conn.scalars(select(breaches.c.area).where(held, breaches.c.force == scope.force).distinct())
        _refuse_unknown(scope.area, "area", list(areas))
    if not _figure_missed(conn, scope):
        where = f"{scope.measure}, {scope.force}, {scope.day}"
        do = f"See `pledge breaches --measure {scope.measure} --force {scope.force}`."
        raise UsageError(where, "nothing was missed", "a day on which the promise was broken", do)


def _refuse_unknown(word: str, what: str, known: Sequence[str]) -> None:
    if word in known:
        return
    do = f"Did you mean {near}?" if (near := closest(word, known)) else "Correct it."
    raise UsageError(f"{what} {as_code(word)}", f"there is no such {what}", "one that has breaches", do)


def _near_breach(conn: Connection, word: str) -> str:
    """The breach most like a misspelt one, among those that begin or end as it does."""
    if not word.isalnum() or len(word) < 4:
        return ""
    name = breaches.c.breach_id
    alike = or_(name.startswith(word[:4].lower()), name.endswith(word[-4:].lower()))
    return closest(word, conn.scalars(select(name).where(alike).limit(1000)).all())


def _figure_missed(conn: Connection, scope: Scope) -> bool:
    table = verdicts.c
    place = and_(table.measure == scope.measure, table.force == scope.force, table.area == scope.area)
    missed = or_(table.verdict == "missed", table.missed > 0)
    return bool(
        conn.scalar(select(func.count()).select_from(verdicts).where(place, table.period_start == scope.day, missed))
    )


def answers(conn: Connection, places: Iterable[tuple[str, str, date]]) -> dict[tuple[str, str, date], Answer]:
    """What was answered to whole days so far, by (measure, force, day): who saw it first, the newest explanation."""
    found: dict[tuple[str, str, date], Answer] = {}
    for place in places:
        seen = _day_rows(conn, acknowledgements, place)
        told = _day_rows(conn, explanations, place)
        if not (seen or told):
            continue
        first, last = (seen or told)[0], told[-1] if told else {}
        found[place] = Answer(
            first["recorded_by"],
            first["recorded_at"],
            last.get("reason", ""),
            last.get("recorded_by", ""),
            last.get("recorded_at"),
        )
    return found


def _day_rows(conn: Connection, table: Table, place: tuple[str, str, date]) -> list[Row]:
    """What was said of a whole day, oldest first."""
    columns = (table.c.breach_id, table.c.area, table.c.measure, table.c.force, table.c.missed_on)
    same = [column == value for column, value in zip(columns, ("", "", *place), strict=True)]
    return [dict(row) for row in conn.execute(select(table).where(*same).order_by(table.c.recorded_at)).mappings()]
