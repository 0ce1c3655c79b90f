"""What there is of records to be erased: in every version of the lake, among its cases, and repeated in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
from sqlalchemy import Connection

from checks.commitment import measures
from checks.logs import LOGS
from connectors.lake.erased_cases import find_cases
from connectors.lake.erasing import Asked, Held, dated_by, look
from connectors.lake.mentions import Mentions
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store import erasures
from dags.kept_out import midnight
from dags.storing import CASES

Row = dict[str, Any]


@dataclass(frozen=True)
class Order:
    """What is to be erased: one reference (of any log, or of one), or a log up to a day; `forces` empty = all."""

    logs: tuple[str, ...] = ()
    forces: tuple[str, ...] = ()
    reference: str = ""
    before: date | None = None


@dataclass
class Found:
    """What there is of an order: what the lake holds, the files with its cases, what the store repeats of it."""

    held: list[tuple[Order, Asked, Held]] = field(default_factory=list)
    case_files: dict[str, list[str]] = field(default_factory=dict)
    repeated: erasures.Repeated = field(default_factory=erasures.Repeated)
    quarantined: dict[tuple[str, str], int] = field(default_factory=dict)
    cases: list[erasures.Case] = field(default_factory=list)
    mentions: Mentions = field(default_factory=lambda: Mentions((), None))


def find(
    con: duckdb.DuckDBPyConnection,
    conn: Connection,
    lake: Lake,
    settings: Settings,
    orders: Sequence[Order],
) -> Found:
    found = Found()
    _lay_measures(con)
    every = forces_of(lake)
    for order in orders:
        asked = Asked((order.reference,))
        for log in order.logs or [log.name for log in LOGS.values() if log.personal]:
            for force in sorted(every & set(order.forces) if order.forces else every):
                if order.before:
                    asked = Asked(before=midnight(settings, order.before, force))
                held = look(con, lake, LOGS[log], force, asked)
                found.held.append((order, asked, held))
    for order in orders:
        for force in sorted(every & set(order.forces) if order.forces else every) if order.reference else ():
            for log in order.logs or ("",):
                con.execute("insert into erased_references values ($1, $2, $3)", [force, log, order.reference])
    for force in sorted({each.force for _, _, each in found.held}):
        found.case_files[force] = find_cases(con, lake, force)
    found.cases = _cases(con)
    _find_repeated(con, conn, found, orders)
    return found


def _lay_measures(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table logs_of_measures (measure varchar, log varchar)")
    con.execute("create table of_misses (measure varchar)")
    for measure in measures().values():
        for log in measure.logs:
            con.execute("insert into logs_of_measures values ($1, $2)", [measure.name, log])
        if "missed_cases" in measure.sql:
            con.execute("insert into of_misses values ($1)", [measure.name])


def forces_of(lake: Lake) -> set[str]:
    """Every force the lake has rows or cases of."""
    return set(lake.forces(newest_versions(lake)))


def _cases(con: duckdb.DuckDBPyConnection) -> list[erasures.Case]:
    return con.execute("select distinct standard, measure, force, case_id from cases_to_erase order by all").fetchall()


def _find_repeated(con: duckdb.DuckDBPyConnection, conn: Connection, found: Found, orders: Sequence[Order]) -> None:
    for row in erasures.quarantined_rows(conn):
        if any(_repeats(row, order) for order in orders):
            found.repeated.quarantined.append(row)
            key = row["log"], _force_of(row)
            found.quarantined[key] = found.quarantined.get(key, 0) + 1
    names: dict[str, set[str]] = {}
    for force, name in con.execute(
        "select force, reference from erased_references union select force, case_id from cases_to_erase"
    ).fetchall():
        names.setdefault(force, set()).add(name)
    found.repeated.names = names
    for force, ours in names.items():
        found.repeated.signals += erasures.signals_naming(conn, force, ours)


def names_of(found: Found) -> set[str]:
    return set().union(*found.repeated.names.values())


def find_words(conn: Connection, found: Found, orders: Sequence[Order]) -> None:
    """The explanations whose words are about what is erased, name it, or are of a day that is."""

    def concerned(row: Row) -> bool:
        named = row["force"] in found.repeated.names and found.mentions(row["text"])
        return named or any(_is_of_day(row, order) for order in orders)

    found.repeated.explained = erasures.explanations_about(conn, found.cases, concerned)


def _is_of_day(explanation: Row, order: Order) -> bool:
    """Whether an explanation is of a day up to which one of its measure's logs is erased."""
    logs = measures()[explanation["measure"]].logs if explanation["measure"] in measures() else ()
    if order.before is None or explanation["missed_on"] is None or not set(order.logs) & set(logs):
        return False
    return explanation["missed_on"] < order.before and (not order.forces or explanation["force"] in order.forces)


def _force_of(row: Row) -> str:
    return str(erasures.values_of(row).get("force") or row["delivered_force"])


def _repeats(row: Row, order: Order) -> bool:
    """Whether a quarantined row repeats what is to be erased; without a date to read it is as old as its delivery."""
    log, kept = LOGS[row["log"]], erasures.values_of(row)
    if (order.logs and log.name not in order.logs) or (order.forces and _force_of(row) not in order.forces):
        return False
    if order.before is None:
        return order.reference in {row["key"], *row["key"].split("/"), *(value.strip() for value in kept.values())}
    said = kept.get(dated_by(log), "")[:10]
    try:
        day = date.fromisoformat(said)
    except ValueError:
        day = row["delivered_at"].date()
    return day < order.before


def key_of(held: Held) -> tuple[str, str]:
    return held.log, held.force


def told(held: Held, found: Found) -> Row:
    named = [measure for measure in measures().values() if held.log in measure.logs]
    cases = sum(1 for _, measure, force, _ in found.cases if force == held.force and measure in {m.name for m in named})
    return {
        "log": held.log,
        "force": held.force,
        "records": held.records,
        "months": ",".join(held.months),
        "cases": cases,
        "quarantined": found.quarantined.get(key_of(held), 0),
        "files": len(held.files),
    }


def newest_versions(lake: Lake) -> dict[str, int]:
    cases = lake.table("cases")
    return {**lake.versions(), **({CASES: cases.version()} if cases else {})}
