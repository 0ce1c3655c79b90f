"""Erasing records, as a run of its own: found, taken out of the lake's newest version, recorded, sealed, then removed.

In this order nothing is lost when it is killed: what was recorded and still lies there is removed by the next erasure,
and what was not recorded is found again in the older versions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import duckdb
from sqlalchemy import Connection, Engine

from checks.chain import Seal, seals_hash
from checks.commitment import measures
from checks.database import connect
from checks.logs import LOGS
from connectors.lake.erased_cases import find_cases, hide_cases
from connectors.lake.erasing import Asked, Held, dated_by, look, take_out
from connectors.lake.mentions import Mentions
from connectors.lake.pseudonyms import Pseudonyms, is_pseudonym, pseudonyms_of, refuse_another_key
from connectors.lake.removing import remove
from connectors.lake.tables import Lake
from connectors.lake.tombstones import ALL
from connectors.settings import Settings
from connectors.store import erasures, read, write
from connectors.store.engine import lock_slice, open_store, reading
from dags import sealing
from dags.erasing_fetched import erase_fetched
from dags.kept_out import midnight, tombstone_key
from dags.looking import existing_lake
from dags.plan import code_version, new_run_id
from dags.storing import CASES

Row = dict[str, Any]
Say = Callable[[str], None]
COLUMNS = ("log", "force", "records", "months", "cases", "quarantined", "files")


@dataclass(frozen=True)
class Order:
    """What is to be erased: one reference (of any log, or of one), or a log up to a day; `forces` empty = all."""

    logs: tuple[str, ...] = ()
    forces: tuple[str, ...] = ()
    reference: str = ""
    before: date | None = None


@dataclass
class _Found:
    """What there is of an order: what the lake holds, the files with its cases, what the store repeats of it."""

    held: list[tuple[Order, Asked, Held]] = field(default_factory=list)
    case_files: dict[str, list[str]] = field(default_factory=dict)
    repeated: erasures.Repeated = field(default_factory=erasures.Repeated)
    quarantined: dict[tuple[str, str], int] = field(default_factory=dict)
    cases: list[erasures.Case] = field(default_factory=list)
    mentions: Mentions = field(default_factory=lambda: Mentions((), None))


def erase(
    settings: Settings, orders: Sequence[Order], reason: str, author: str, now: datetime, dry: bool, say: Say
) -> list[Row]:
    """Erase what is ordered (or, `dry`, only find it); returns a row of COLUMNS for each log and force."""
    lake = existing_lake(settings)
    pseudonyms = pseudonyms_of(settings.pseudonym_key)
    refuse_another_key(lake, pseudonyms)
    engine = open_store(settings.store, create=False)
    given = [each.reference for each in orders if each.reference]
    orders = [replace(each, reference=_stored(each.reference, pseudonyms)) for each in orders]
    if not dry:
        _finish_earlier(engine, lake)
    con = connect()
    try:
        with reading(engine) as conn:
            found = _find(con, conn, lake, settings, orders)
            found.mentions = Mentions([*given, *_names_of(found)], pseudonyms)
            _find_words(conn, found, orders)
        if not dry:
            _carry_out(con, engine, lake, settings, orders, found, reason, author, now, say)
    finally:
        con.close()
    return [_told(each, found) for _, _, each in found.held if each.records or _key(each) in found.quarantined]


def _stored(reference: str, pseudonyms: Pseudonyms | None) -> str:
    """A reference as the lake holds it; one that is a pseudonym already is taken as such."""
    reference = reference.strip()
    return pseudonyms.of(reference) if reference and pseudonyms and not is_pseudonym(reference) else reference


def _find(
    con: duckdb.DuckDBPyConnection,
    conn: Connection,
    lake: Lake,
    settings: Settings,
    orders: Sequence[Order],
) -> _Found:
    found = _Found()
    _lay_measures(con)
    every = _forces(lake)
    for order in orders:
        asked = Asked((order.reference,))
        for log in order.logs or [log.name for log in LOGS.values() if log.personal]:
            for force in sorted(every & set(order.forces) if order.forces else every):
                if order.before:
                    asked = Asked(before=midnight(settings, order.before, force))
                held = look(con, lake, LOGS[log], force, asked)
                found.held.append((order, asked, held))
    for order in orders:
        for force in every if order.reference else ():
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


def _forces(lake: Lake) -> set[str]:
    """Every force the lake has rows or cases of."""
    return set(lake.forces(_versions(lake)))


def _cases(con: duckdb.DuckDBPyConnection) -> list[erasures.Case]:
    return con.execute("select distinct standard, measure, force, case_id from cases_to_erase order by all").fetchall()


def _find_repeated(con: duckdb.DuckDBPyConnection, conn: Connection, found: _Found, orders: Sequence[Order]) -> None:
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


def _names_of(found: _Found) -> set[str]:
    return set().union(*found.repeated.names.values())


def _find_words(conn: Connection, found: _Found, orders: Sequence[Order]) -> None:
    """The explanations whose words are about what is erased."""

    def is_of_day(row: Row) -> bool:
        logs = measures()[row["measure"]].logs if row["measure"] in measures() else ()
        return any(
            order.before and row["missed_on"] and row["missed_on"] < order.before
            and set(order.logs) & set(logs) and (not order.forces or row["force"] in order.forces)
            for order in orders
        )  # fmt: skip

    found.repeated.explained = erasures.explanations_about(conn, found.cases, found.mentions, is_of_day)


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


def _key(held: Held) -> tuple[str, str]:
    return held.log, held.force


def _told(held: Held, found: _Found) -> Row:
    named = [measure for measure in measures().values() if held.log in measure.logs]
    cases = sum(1 for _, measure, force, _ in found.cases if force == held.force and measure in {m.name for m in named})
    return {
        "log": held.log,
        "force": held.force,
        "records": held.records,
        "months": ",".join(held.months),
        "cases": cases,
        "quarantined": found.quarantined.get(_key(held), 0),
        "files": len(held.files),
    }


def _finish_earlier(engine: Engine, lake: Lake) -> None:
    """Remove what an erasure recorded and was killed before it could remove."""
    with reading(engine) as conn:
        known = erasures.taken(conn)
    for name in sorted({what for what, _ in known if what.startswith("lake/")}):
        remove(lake, name.removeprefix("lake/"), [key for what, key in known if what == name])


def _carry_out(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    lake: Lake,
    settings: Settings,
    orders: Sequence[Order],
    found: _Found,
    reason: str,
    author: str,
    now: datetime,
    say: Say,
) -> None:
    run_id = new_run_id(now, now)
    sealing.ready(settings, say)
    run = {"run_id": run_id, "as_at": now, "standards": [], "code_version": code_version(), "started_at": now}
    with engine.begin() as conn:
        write.start_run(conn, run)
    try:
        before = _versions(lake)
        gone = {
            _key(held): take_out(con, lake, LOGS[held.log], held, asked) for _, asked, held in found.held if held.files
        }
        hidden = [
            each for force, files in found.case_files.items() for each in hide_cases(con, lake, force, run_id, files)
        ]
        files = [*(each for seals in gone.values() for each in seals), *hidden]
        with engine.begin() as conn:
            lock_slice(conn, "runs")
            said = {"reason": reason, "author": author, "recorded_at": now, "run_id": run_id}
            rows = _records(lake, settings, orders, found, gone, before, said)
            erasures.record(conn, rows, [*((each, "") for each in files), *erasures.seals_of(found.repeated)])
            erasures.take_out(conn, found.repeated, found.cases)
            ended = {"status": "done", "finished_at": datetime.now(UTC)}
            row = next(each for each in read.read_table(conn, "runs") if each["run_id"] == run_id) | ended
            write.finish_run(conn, run_id, **ended, **sealing.seal(conn, lake, settings, row, [], (), _versions(lake)))
    except BaseException:
        with engine.begin() as conn:
            if any(row["run_id"] == run_id and row["status"] == "running" for row in read.read_table(conn, "runs")):
                write.finish_run(conn, run_id, status="failed", finished_at=datetime.now(UTC))
        raise
    for name in sorted({each.what for each in files}):
        remove(lake, name.removeprefix("lake/"), [each.key for each in files if each.what == name])
    lines = erase_fetched(engine, settings, found.mentions)
    _tidy(engine, settings, say)
    words = f", the words of {len(found.repeated.explained):,} explanations" if found.repeated.explained else ""
    fetched = f", {lines:,} fetched lines" if lines else ""
    say(f"Erased as run {run_id}: {len(files):,} files{words}{fetched}; the record says what, by whom and why.")


def _tidy(engine: Engine, settings: Settings, say: Say) -> None:
    with engine.connect() as conn:
        sealing.tell_heads(settings, list(read.read_table(conn, "runs")))
    if not erasures.clear_leftovers(engine):
        say("Another process is reading the store: bytes of what was erased stay in its files until the next erasure.")


def _versions(lake: Lake) -> dict[str, int]:
    cases = lake.table("cases")
    return {**lake.versions(), **({CASES: cases.version()} if cases else {})}


def _records(
    lake: Lake,
    settings: Settings,
    orders: Sequence[Order],
    found: _Found,
    gone: dict[tuple[str, str], list[Seal]],
    before: dict[str, int],
    said: Row,
) -> list[Row]:
    """A row for each log and force of which something went, and for what must be kept out from now on."""
    key, after = tombstone_key(settings), _versions(lake)
    rows: dict[tuple[str, str], Row] = {}
    for order, _, held in found.held:
        if held.records or order.before or _key(held) in found.quarantined:
            seals = gone.get(_key(held), [])
            rows[_key(held)] = {
                **said,
                **{name: value for name, value in _told(held, found).items() if name in COLUMNS},
                "files": len(seals),
                "files_sha256": seals_hash(seals),
                "versions": f"{before.get(held.log, '')}-{after.get(held.log, '')}",
                **_kept_out(order, key),
            }
    for order in orders:
        if order.reference:
            for log in order.logs or (ALL,):
                for force in order.forces or (ALL,):
                    blank = {"records": 0, "months": "", "cases": 0, "quarantined": 0, "files": 0, "files_sha256": ""}
                    row = {**said, **blank, "versions": "", "log": log, "force": force, **_kept_out(order, key)}
                    rows.setdefault((log, force), row)
    return list(rows.values())


def _kept_out(order: Order, key: Pseudonyms) -> Row:
    if not order.reference:
        return {"reference": "", "before": order.before, "key_fingerprint": ""}
    return {"reference": key.of(order.reference), "before": None, "key_fingerprint": key.fingerprint}
