"""What an erasure takes out of the store: rows that repeat a record, and only those. Its record comes first."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, delete, insert, select, text, update

from checks.chain import Seal, row_seal
from connectors.store.cases import breach_id
from connectors.store.tables import (
    announcements,
    at_risk,
    breaches,
    cases,
    deliveries,
    erased,
    erasures,
    explanations,
    integrity_signals,
    quarantine,
)

Row = dict[str, Any]
Case = tuple[str, str, str, str]
# What stands in a list of cases for one that was erased.
TOKEN = "erased"
# The watch's list names cases by their references, each followed by when it is due.
_LISTED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_./:-]*)(?= by )")
# What an erasure writes to: on PostgreSQL old rows lie in the files of these tables until those are written anew.
_WRITTEN_TO = (quarantine, integrity_signals, explanations, cases, breaches, at_risk, announcements)


@dataclass
class Repeated:
    """The rows of append-only tables that repeat what is erased, as they are: quarantined ones, signals, and the
    explanations whose words go. `names`: the references and cases of each force."""

    quarantined: list[Row] = field(default_factory=list)
    signals: list[tuple[Row, str]] = field(default_factory=list)
    explained: list[Row] = field(default_factory=list)
    names: Mapping[str, set[str]] = field(default_factory=dict)


def quarantined_rows(conn: Connection) -> Iterator[Row]:
    """Every quarantined row, with `delivered_force` and `delivered_at` of its delivery."""
    chosen = select(
        quarantine, deliveries.c.force.label("delivered_force"), deliveries.c.received_at.label("delivered_at")
    ).join(deliveries, deliveries.c.delivery_id == quarantine.c.delivery_id)
    for row in conn.execute(chosen, execution_options={"yield_per": 5_000}).mappings():
        yield dict(row)


def signals_naming(conn: Connection, force: str, names: Collection[str]) -> list[tuple[Row, str]]:
    """The integrity signals of a force that name one of these cases, each with its list as it is to be."""
    found = []
    for row in conn.execute(select(integrity_signals).where(integrity_signals.c.force == force)).mappings():
        named = row["cases"].split(",")
        if set(named) & set(names):
            found.append((dict(row), ",".join(TOKEN if name in names else name for name in named)))
    return found


def explanations_about(conn: Connection, named: Collection[Case], concerned: Callable[[Row], bool]) -> list[Row]:
    """The explanations with words that are about erased cases, or `concerned` for what they say or are about.

    What was said of a whole day at once is about each of its cases: its words go with the first of them.
    """
    rows = [dict(row) for row in conn.execute(select(explanations).where(explanations.c.text != "")).mappings()]
    breach_ids = {breach_id(*case) for case in named} if rows else set()
    about = {
        row["explanation_id"] or row["breach_id"] for row in rows if row["breach_id"] in breach_ids or concerned(row)
    }
    return [row for row in rows if (row["explanation_id"] or row["breach_id"]) in about]


def record(conn: Connection, rows: Sequence[Row], taken: Sequence[tuple[Seal, str]]) -> None:
    """Add the record of an erasure; `taken`: the files and rows it takes, each with the hash of what is left."""
    conn.execute(insert(erasures), list(rows))
    run_id = rows[0]["run_id"]
    said = [
        {"run_id": run_id, "what": seal.what, "key": seal.key, "sha256": seal.sha256, "left_sha256": left}
        for seal, left in taken
    ]
    if said:
        conn.execute(insert(erased), said)


def seals_of(found: Repeated) -> list[tuple[Seal, str]]:
    """The seals of the rows found, each with the hash of what will be left of it."""
    gone = [(_seal(quarantine, row), "") for row in found.quarantined]
    signals = [
        (_seal(integrity_signals, row), _seal(integrity_signals, {**row, "cases": named}).sha256)
        for row, named in found.signals
    ]
    words = [(_seal(explanations, row), _seal(explanations, {**row, "text": ""}).sha256) for row in found.explained]
    return [*gone, *signals, *words]


def _seal(table: Any, row: Row) -> Seal:
    names = [column.name for column in table.columns if column.computed is None]
    key = [column.name for column in table.primary_key.columns]
    return row_seal(table.name, key, {name: row[name] for name in names})


def take_out(conn: Connection, found: Repeated, named: Sequence[Case]) -> None:
    """Take out what was recorded as erased, and the open cases and breaches of the records.

    Args:
        named: (standard, measure, force, case_id).
    """
    if conn.dialect.name == "sqlite":
        conn.execute(text("PRAGMA secure_delete = ON"))  # else what was deleted stays readable in the file
    if found.quarantined:
        chosen = [quarantine.c[name] == bindparam(f"this_{name}") for name in ("delivery_id", "row_number", "rule")]
        keys = [{f"this_{c}": row[c] for c in ("delivery_id", "row_number", "rule")} for row in found.quarantined]
        conn.execute(delete(quarantine).where(*chosen), keys)
    for row, listed in found.signals:
        key = [integrity_signals.c[name] == row[name] for name in ("run_id", "signal", "force", "area")]
        conn.execute(update(integrity_signals).where(*key).values(cases=listed))
    for row in found.explained:
        this = [explanations.c[name] == row[name] for name in ("breach_id", "recorded_at")]
        conn.execute(update(explanations).where(*this).values(text=""))
    _take_off_the_watch(conn, found.names)
    if named:
        names = ("standard", "measure", "force", "case_id")
        keys = [{f"this_{name}": value for name, value in zip(names, case, strict=True)} for case in named]
        for table in (cases, breaches):
            conn.execute(delete(table).where(*(table.c[name] == bindparam(f"this_{name}") for name in names)), keys)


def _take_off_the_watch(conn: Connection, names: Mapping[str, set[str]]) -> None:
    """Take cases from the watch's list, and out of the messages that repeat it as this store keeps them."""
    key = ("measure", "force", "case_id", "due_at")
    for row in conn.execute(select(*(at_risk.c[name] for name in key)).where(at_risk.c.force.in_(sorted(names)))):
        if {row.case_id, row.case_id.rpartition("/")[0]} & names[row.force]:
            conn.execute(delete(at_risk).where(and_(*(at_risk.c[name] == getattr(row, name) for name in key))))
    every = set().union(*names.values())

    def without(found: re.Match[str]) -> str:
        return TOKEN if {found[1], found[1].rpartition("/")[0]} & every else found[1]

    chosen = select(announcements.c.announcement_id, announcements.c.payload)
    for name, payload in conn.execute(chosen.where(announcements.c.kind == "at_risk")).all():
        left = _LISTED.sub(without, payload)
        if left != payload:
            this = announcements.c.announcement_id == name
            conn.execute(update(announcements).where(this).values(payload=left))


def taken(conn: Connection) -> dict[tuple[str, str], Row]:
    """What erasures took, by what and key; the newest word where there are several."""
    rows = conn.execute(
        select(erased).join(erasures, erasures.c.run_id == erased.c.run_id).order_by(erasures.c.recorded_at)
    ).mappings()
    return {(row["what"], row["key"]): dict(row) for row in rows}


def standing(conn: Connection) -> list[Row]:
    """Every record of an erasure, in order of time."""
    return [dict(row) for row in conn.execute(select(erasures).order_by(erasures.c.recorded_at)).mappings()]


def clear_leftovers(engine: Engine) -> bool:
    """Write anew what still holds the bytes of deleted rows: SQLite's free pages and what it wrote ahead, PostgreSQL's
    tables. Returns whether it was done to the end: another process may be reading."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text(f"VACUUM (FULL) {', '.join(table.name for table in _WRITTEN_TO)}"))
        return True
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        try:
            cursor.execute("VACUUM")
        except sqlite3.OperationalError:  # locked
            return False
        busy: int = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy


def values_of(row: Row) -> dict[str, str]:
    """The values a quarantined row keeps."""
    kept: dict[str, str] = json.loads(row["kept_values"] or "{}")
    return kept
