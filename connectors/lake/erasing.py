"""Erasing records from a log: out of its newest version, and every data file that ever held them found.

A slice is written anew without them, not deleted by a predicate: Delta's own log would keep the predicate, and with it
what was erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from checks.chain import Seal
from checks.database import literal
from checks.errors import UsageError
from checks.logs import Kind, Log
from connectors.lake.schema import log_schema
from connectors.lake.seals import file_hash
from connectors.lake.tables import Lake, in_list, one_writer


@dataclass(frozen=True)
class Asked:
    """Which records: those that hold one of `references`, or those dated before a moment (local midnight)."""

    references: tuple[str, ...] = ()
    before: datetime | None = None


@dataclass(frozen=True)
class Held:
    """What a force's log holds of what was asked for, in any version: `files` names every data file with such a row."""

    log: str
    force: str
    records: int
    months: tuple[str, ...]
    files: tuple[str, ...]


def dated_by(log: Log) -> str:
    """The column by which a log's records grow old; raises UsageError where they do not."""
    column = log.dated_by or ("ended_on" if "ended_on" in log.by_name else "")
    if not column:
        found, expected = "its rows have no date", "a log whose records are dated"
        raise UsageError(f"log {log.name}", found, expected, "Name another: it holds no records of persons.")
    return column


def data_files(lake: Lake, name: str, force: str) -> list[str]:
    """Every data file of a force there is, also those that only an old version names or none does."""
    return [each for each in lake.storage.listed(name) if f"force={force}/" in each and each.endswith(".parquet")]


def look(con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, force: str, asked: Asked) -> Held:
    """Find what is asked for; the keys of what is found are added to table `erased_references` (force, reference)."""
    con.execute('create table if not exists erased_references ("force" varchar, log varchar, reference varchar)')
    files = data_files(lake, log.name, force)
    test = _test(log, asked)
    if not files or not test:
        return Held(log.name, force, 0, (), ())
    _view(con, "ever_held", lake.at_hand(log.name, files))
    keys = ", ".join(f'"{key}"' for key in log.keys)
    for key in (key for key in log.keys if key in log.personal):
        con.execute(
            f'insert into erased_references select distinct {literal(force)}, {literal(log.name)}, "{key}" '
            f"from ever_held where {test}"
        )
    records = con.execute(f"select count(*) from (select distinct {keys} from ever_held where {test})").fetchone()
    months = con.execute(f"select distinct month from ever_held where {test} order by 1").fetchall()
    found = con.execute(f"select distinct filename from ever_held where {test} order by 1").fetchall()
    names = tuple(lake.storage.name_of(row[0]) for row in found)
    return Held(log.name, force, records[0] if records else 0, tuple(row[0] for row in months), names)


def take_out(con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, held: Held, asked: Asked) -> list[Seal]:
    """Write the log's slices anew without the records; returns the seals of the files that are now to go."""

    def rewrite(table: DeltaTable) -> None:
        files = lake.files(log.name, table.version(), force=[held.force])
        if not files:
            return
        _view(con, "held_now", files)
        test = _test(log, asked)
        months = [row[0] for row in con.execute(f"select distinct month from held_now where {test}").fetchall()]
        if months:
            names = ", ".join(f'"{name}"' for name in log_schema(log).names)
            rows = con.sql(
                f"select {names} from held_now where month in ({in_list(sorted(months))}) and not ({test}) "
                "order by month"
            ).to_arrow_table()
            overwrite(table, rows.cast(log_schema(log)), held.force, {"force": [held.force], "month": months})

    lake.change(log.name, rewrite)
    return no_longer_named(lake, log.name, held.force, held.files)


def overwrite(table: DeltaTable, rows: pa.Table, of: str, where: dict[str, Sequence[str]]) -> None:
    """Put rows in the place of all that is filed under some partition values."""
    predicate = " and ".join(f"{name} in ({in_list(sorted(values))})" for name, values in where.items())
    write_deltalake(table, rows, mode="overwrite", predicate=predicate, commit_properties=one_writer(table, of))


def no_longer_named(lake: Lake, name: str, force: str, files: Sequence[str]) -> list[Seal]:
    """The seals of those of the files that the newest version of a table does not name."""
    named = set(lake.names(name, None, force=[force]))
    return [Seal(f"lake/{name}", file, file_hash(lake, file)) for file in files if file not in named]


def _view(con: duckdb.DuckDBPyConnection, view: str, files: Sequence[str]) -> None:
    con.execute(
        f"create or replace view {view} as select * from read_parquet({literal(list(files))}, "
        "hive_partitioning = true, hive_types = {'force': varchar, 'month': varchar}, union_by_name = true, "
        "filename = true)"
    )


def _test(log: Log, asked: Asked) -> str:
    """The condition of a record to be erased, as SQL that is never null; '' = none of this log can be."""
    if asked.before is not None:
        name = dated_by(log)
        day = literal(asked.before.date() if log.by_name[name].kind is Kind.DATE else asked.before)
        return f'coalesce("{name}" < {day}, false)'
    wanted = literal(list(asked.references))
    return " or ".join(f'coalesce(list_contains({wanted}, "{name}"), false)' for name in log.personal)
