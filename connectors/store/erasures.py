"""What an erasure takes out of the store: rows that repeat a record, and only those. Its record comes first."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, text, update

from checks.chain import Seal, row_seal
from connectors.store.tables import breaches, cases, deliveries, erased, erasures, integrity_signals, quarantine

Row = dict[str, Any]
Case = tuple[str, str, str, str]
# What stands in a list of cases for one that was erased.
TOKEN = "erased"


@dataclass
class Repeated:
    """The rows of append-only tables that repeat what is erased, as they are: quarantined ones and signals."""

    quarantined: list[Row] = field(default_factory=list)
    signals: list[tuple[Row, str]] = field(default_factory=list)


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
    return gone + [
        (_seal(integrity_signals, row), _seal(integrity_signals, {**row, "cases": named}).sha256)
        for row, named in found.signals
    ]


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
    if named:
        names = ("standard", "measure", "force", "case_id")
        keys = [{f"this_{name}": value for name, value in zip(names, case, strict=True)} for case in named]
        for table in (cases, breaches):
            conn.execute(delete(table).where(*(table.c[name] == bindparam(f"this_{name}") for name in names)), keys)


def taken(conn: Connection) -> dict[tuple[str, str], Row]:
    """What erasures took, by what and key; the newest word where there are several."""
    rows = conn.execute(
        select(erased).join(erasures, erasures.c.run_id == erased.c.run_id).order_by(erasures.c.recorded_at)
    ).mappings()
    return {(row["what"], row["key"]): dict(row) for row in rows}


def standing(conn: Connection) -> list[Row]:
    """Every record of an erasure, in order of time."""
    return [dict(row) for row in conn.execute(select(erasures).order_by(erasures.c.recorded_at)).mappings()]


def clear_leftovers(engine: Engine) -> None:
    """What SQLite wrote ahead may still hold what was deleted."""
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def values_of(row: Row) -> dict[str, str]:
    """The values a quarantined row keeps."""
    kept: dict[str, str] = json.loads(row["kept_values"] or "{}")
    return kept
