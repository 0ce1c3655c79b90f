"""Merging admitted rows into a log's Delta table by key: new rows in, corrections over, repeats left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from checks.database import UNREADABLE, connect, literal
from checks.errors import NotAnsweringError
from checks.logs import DELETED, Kind, Log
from connectors.lake.schema import UNDATED, log_schema
from connectors.lake.staging import Staged
from connectors.lake.tables import Lake, in_list, one_writer

# Rows merged in one commit: larger deliveries go in month by month, so that memory stays flat.
_ONE_COMMIT = 400_000


@dataclass(frozen=True)
class Merged:
    """How many of the admitted rows were new or corrected, and how many said nothing new."""

    changed: int
    unchanged: int


class Failures:
    """Forces whose files of a log cannot be read or written: they stop nobody else, and are told of at the end."""

    def __init__(self, lake: Lake, log: str) -> None:
        self._lake, self._log = lake, log
        self._unreadable: dict[str, Exception] = {}
        self._others: list[NotAnsweringError] = []

    @contextmanager
    def of(self, force: str) -> Iterator[None]:
        try:
            yield
        except UNREADABLE as error:
            self._unreadable[force] = error
        except NotAnsweringError as error:
            self._others.append(error)

    def tell(self) -> None:
        """Raises NotAnsweringError when anything failed."""
        if self._unreadable:
            raise self._lake.unreadable(self._log, self._unreadable) from next(iter(self._unreadable.values()))
        if self._others:
            raise self._others[0]


def merge(lake: Lake, staged: Staged, refused_rows: Collection[int], delivery_id: str, lacks: str) -> Merged:
    """Merge every staged row but the refused, the repeats and those marked as deleted.

    Each commit stands by itself and can be repeated.

    Raises NotAnsweringError when a force's files cannot be read or written; those of the other forces are merged first.
    """
    log = staged.log
    if not staged.path.exists():
        return Merged(0, 0)
    con = connect(memory_limit="2GB", spill=str(staged.path.parent))
    try:
        lay_admitted(con, staged, refused_rows, delivery_id, lacks)
        changed = admitted = 0
        failures = Failures(lake, log.name)
        for force, months, count in list(_commits(con)):
            with failures.of(force):
                changed += lake.change(log.name, partial(_merge_months, con, lake, log, force, months))
            admitted += count
    finally:
        con.close()
    lake.of(log.name).sweep(log.name)
    failures.tell()
    return Merged(changed, admitted - changed + len(staged.repeats - set(refused_rows)))


def lay_admitted(
    con: duckdb.DuckDBPyConnection,
    staged: Staged,
    refused_rows: Collection[int],
    delivery_id: str,
    lacks: str,
) -> None:
    """View `admitted`: the rows that are to be held, as the lake's table has them."""
    log = staged.log
    con.register("refused", pa.table({"row_number": pa.array(sorted({*refused_rows, *staged.repeats}), pa.int64())}))
    columns = ", ".join(
        f'"{c.name}"' if c.name in staged.columns else f'null::{_type(c.kind)} as "{c.name}"' for c in log.columns
    )
    con.execute(
        f"create or replace view admitted as select {columns}, {literal(delivery_id)} as delivery_id, row_number, "
        f"{literal(lacks)} as lacks, {_month(log)} as month "
        f"from read_parquet({literal(str(staged.path))}) anti join refused using (row_number)"
        + (f" where {DELETED} is distinct from true" if staged.marks else "")
    )


def _type(kind: Kind) -> str:
    return {
        Kind.MOMENT: "timestamptz",
        Kind.DATE: "date",
        Kind.COUNT: "integer",
        Kind.FLAG: "boolean",
    }.get(kind, "varchar")


def _month(log: Log) -> str:
    return f"strftime(\"{log.dated_by}\", '%Y-%m')" if log.dated_by else f"'{UNDATED}'"


def _differs(log: Log) -> str:
    names = [*(column.name for column in log.columns if not column.key), "lacks"]
    return " or ".join(f'new."{name}" is distinct from old."{name}"' for name in names)


def lay_held(con: duckdb.DuckDBPyConnection, log: Log, files: list[str], view: str) -> None:
    """Lay out some files of a log's table as a view."""
    if files:
        con.execute(
            f"create or replace view {view} as select * from read_parquet({literal(files)}, hive_partitioning = true, "
            "hive_types = {'force': varchar, 'month': varchar}, union_by_name = true)"
        )
    else:
        con.register("nothing", log_schema(log).empty_table())
        con.execute(f"create or replace view {view} as select * from nothing")


def _merge_months(
    con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, force: str, months: list[str], table: DeltaTable
) -> int:
    """Merge the admitted rows of some months; returns how many said something new. No news, no commit."""
    con.execute(
        "create or replace view delivered as select * from admitted "
        f"where force = {literal(force)} and month in ({in_list(months)})"
    )
    before = _months_before(con, lake, log, force, table)
    lay_held(con, log, lake.files(log.name, table.version(), force=[force], month=before), "held")
    news = con.sql(
        f"select new.* from delivered as new left join held as old using ({key_columns(log)}) "
        f"where old.delivery_id is null or {_differs(log)}"
    ).to_arrow_table()
    if news.num_rows:
        merger = table.merge(
            news.cast(log_schema(log)),
            predicate=same_key(log, force, sorted({*months, *before})),
            source_alias="s",
            target_alias="t",
            commit_properties=one_writer(table, force),
        )
        merger.when_matched_update_all().when_not_matched_insert_all().execute()
    return news.num_rows


def _months_before(con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, force: str, table: DeltaTable) -> list[str]:
    """The months in which the delivered keys are held: a correction may move a row from one month to another."""
    lay_held(con, log, lake.files(log.name, table.version(), force=[force]), "held_keys")
    found = con.execute(
        f"select distinct month from held_keys semi join delivered using ({key_columns(log)}) order by 1"
    )
    return [row[0] for row in found.fetchall()]


def key_columns(log: Log) -> str:
    """The names of a log's key, for SQL."""
    return ", ".join(f'"{key}"' for key in log.keys)


def same_key(log: Log, force: str, months: list[str]) -> str:
    """Rows of the same key; with literals, by which Delta prunes, and merges of different slices do not conflict."""
    equal = " and ".join(f't."{key}" = s."{key}"' for key in log.keys)
    return f"t.force = {in_list([force])} and t.month in ({in_list(months)}) and {equal}"


def _commits(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, list[str], int]]:
    """The force and months of each commit, bundled so that it stays small, and its number of admitted rows."""
    counts = con.execute("select force, month, count(*) from admitted group by all order by all").fetchall()
    for force, of_force in groupby(counts, itemgetter(0)):
        bundle: list[str] = []
        size = 0
        for _, month, count in of_force:
            if bundle and size + count > _ONE_COMMIT:
                yield force, bundle, size
                bundle, size = [], 0
            bundle.append(month)
            size += count
        yield force, bundle, size
