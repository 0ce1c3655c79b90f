"""Erasing records, as a run of its own: found, taken out of the lake's newest version, recorded, sealed, then removed.

In this order nothing is lost when it is killed: what was recorded and still lies there is removed by the next erasure,
and what was not recorded is found again in the older versions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import duckdb
from sqlalchemy import Engine

from checks.chain import Seal, seals_hash
from checks.database import connect
from checks.logs import LOGS
from connectors.lake.erased_cases import hide_cases
from connectors.lake.erasing import take_out
from connectors.lake.mentions import Mentions
from connectors.lake.pseudonyms import Pseudonyms, is_pseudonym, pseudonyms_of, refuse_another_key
from connectors.lake.removing import remove
from connectors.lake.tables import Lake
from connectors.lake.tombstones import ALL
from connectors.settings import Settings
from connectors.site.building import BUILT
from connectors.store import erasures, read, write
from connectors.store.engine import lock_slice, open_store, reading
from dags import reporting, sealing
from dags.erasing_fetched import erase_fetched
from dags.erasure_search import Found, Order, find, find_words, key_of, names_of, newest_versions, told
from dags.kept_out import tombstone_key
from dags.looking import existing_lake
from dags.plan import new_run_id
from dags.versions import code_version

Row = dict[str, Any]
Say = Callable[[str], None]
COLUMNS = ("log", "force", "records", "months", "cases", "quarantined", "files")


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
            found = find(con, conn, lake, settings, orders)
            found.mentions = Mentions([*given, *names_of(found)], pseudonyms)
            find_words(conn, found, orders)
        if not dry:
            _carry_out(con, engine, lake, settings, orders, found, reason, author, now, say)
    finally:
        con.close()
    return [told(each, found) for _, _, each in found.held if each.records or key_of(each) in found.quarantined]


def _stored(reference: str, pseudonyms: Pseudonyms | None) -> str:
    """A reference as the lake holds it; one that is a pseudonym already is taken as such."""
    reference = reference.strip()
    return pseudonyms.of(reference) if reference and pseudonyms and not is_pseudonym(reference) else reference


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
    found: Found,
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
        before = newest_versions(lake)
        gone = {
            key_of(held): take_out(con, lake, LOGS[held.log], held, asked)
            for _, asked, held in found.held
            if held.files
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
            row = next(each for each in read.run_rows(conn) if each["run_id"] == run_id) | ended
            write.finish_run(
                conn, run_id, **ended, **sealing.seal(conn, lake, settings, row, [], (), newest_versions(lake))
            )
    except BaseException:
        with engine.begin() as conn:
            if any(row["run_id"] == run_id and row["status"] == "running" for row in read.run_rows(conn)):
                write.finish_run(conn, run_id, status="failed", finished_at=datetime.now(UTC))
        raise
    for name in sorted({each.what for each in files}):
        remove(lake, name.removeprefix("lake/"), [each.key for each in files if each.what == name])
    if lake.storage.keeps_removed():
        say(f"{lake.location} keeps old versions of objects, with what was erased: take those away, too.")
    lines = erase_fetched(engine, settings, found.mentions)
    _tidy(engine, settings, say)
    words = f", the words of {len(found.repeated.explained):,} explanations" if found.repeated.explained else ""
    fetched = f", {lines:,} fetched lines" if lines else ""
    say(f"Erased as run {run_id}: {len(files):,} files{words}{fetched}; the record says what, by whom and why.")


def _tidy(engine: Engine, settings: Settings, say: Say) -> None:
    for published in (False, True):
        site = reporting.folder(settings, published=published)
        if (site / BUILT).is_file():
            reporting.report(settings, site, published=published)
    with engine.connect() as conn:
        sealing.tell_heads(settings, conn)
    if not erasures.clear_leftovers(engine):
        say("Another process is reading the store: bytes of what was erased stay in its files until the next erasure.")


def _records(
    lake: Lake,
    settings: Settings,
    orders: Sequence[Order],
    found: Found,
    gone: dict[tuple[str, str], list[Seal]],
    before: dict[str, int],
    said: Row,
) -> list[Row]:
    """A row for each log and force of which something went, and for what must be kept out from now on."""
    key, after = tombstone_key(settings), newest_versions(lake)
    rows: dict[tuple[str, str], Row] = {}
    for order, _, held in found.held:
        if held.records or order.before or key_of(held) in found.quarantined:
            seals = gone.get(key_of(held), [])
            rows[key_of(held)] = {
                **said,
                **{name: value for name, value in told(held, found).items() if name in COLUMNS},
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
