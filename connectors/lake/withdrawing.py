"""Taking withdrawn records out of a log's Delta table: keys gone from a snapshot, and keys marked as deleted.

A row that is withdrawn stays reachable in the versions before; a key that is delivered again is admitted again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from checks.database import connect, literal
from checks.logs import DELETED, Log
from connectors.lake.merge import Failures, key_columns, lay_admitted, lay_held, same_key
from connectors.lake.schema import log_schema
from connectors.lake.staging import Staged
from connectors.lake.tables import Lake, one_writer

# What a commit that withdraws says in the table's history: a run that was killed after it can then be made good.
_DELIVERY, _COUNT = "pledge.delivery", "pledge.withdrawn"
# How far back the commits of a killed run are looked for: it is made good by one of the next runs.
_COMMITS = 200


@dataclass(frozen=True)
class Withdrawn:
    """How many of the keys marked as deleted were held and were taken out, and how many nobody knew."""

    gone: int
    unknown: int


def withdraw(
    lake: Lake,
    staged: Staged,
    refused_rows: Collection[int],
    delivery_id: str,
    deliveries: Collection[str] | None = None,
) -> int:
    """Take the keys a snapshot no longer holds out of the table, for the forces its good rows speak of.

    A refused row's key is held all the same. Where a record's key cannot be told, nothing is withdrawn: it might be
    any of those that seem to be gone.

    Args:
        deliveries: only rows that came with one of these are withdrawn (those of the same source, where several
            sources fill a log); None = rows of any.

    Returns:
        How many rows this delivery withdrew, those of a run that was killed before it could say so included.
    """
    if not staged.path.exists():
        return 0
    con = connect(memory_limit="2GB", spill=str(staged.path.parent))
    try:
        lay_admitted(con, staged, refused_rows, "", "")
        if not _lay_present(con, staged):
            return 0
        ours = "true" if deliveries is None else f"list_contains({literal(sorted(deliveries))}, delivery_id)"
        gone = f"anti join present using ({key_columns(staged.log)}) where {ours}"
        _take_out(con, lake, staged.log, "admitted", gone, delivery_id)
    finally:
        con.close()
    return _withdrawn_with(lake, staged.log, delivery_id)


def withdraw_marked(lake: Lake, staged: Staged, refused_rows: Collection[int], delivery_id: str) -> Withdrawn:
    """Take the keys of the good rows marked as deleted out of the table, whichever delivery they came with."""
    if not staged.marks or not staged.path.exists():
        return Withdrawn(0, 0)
    con = connect(memory_limit="2GB", spill=str(staged.path.parent))
    try:
        keys = key_columns(staged.log)
        left_out = pa.array(sorted({*refused_rows, *staged.repeats}), pa.int64())
        con.register("refused", pa.table({"row_number": left_out}))
        con.execute(
            f"create view marked as select {keys} from read_parquet({literal(str(staged.path))}) "
            f"anti join refused using (row_number) where {DELETED}"
        )
        count = con.execute("select count(*) from marked").fetchall()[0][0]
        if not count:
            return Withdrawn(0, 0)
        _take_out(con, lake, staged.log, "marked", f"semi join marked using ({keys})", delivery_id)
    finally:
        con.close()
    gone = _withdrawn_with(lake, staged.log, delivery_id)
    return Withdrawn(gone, count - gone)


def _lay_present(con: duckdb.DuckDBPyConnection, staged: Staged) -> bool:
    """View `present`: the keys that were delivered, whatever became of their rows; False if one cannot be told."""
    keys = key_columns(staged.log)
    con.execute(f"create or replace view present as select {keys} from read_parquet({literal(str(staged.path))})")
    untold = con.execute("select 1 from present where " + " or ".join(f'"{key}" is null' for key in staged.log.keys))
    return not staged.refusals and untold.fetchone() is None


def _take_out(
    con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, spoken_of: str, which: str, delivery_id: str
) -> None:
    """Delete the rows `held … which` of every force a view speaks of; where nothing is held, no table is made."""
    failures = Failures(lake, log.name)
    for (force,) in con.execute(f"select distinct force from {spoken_of} order by 1").fetchall():
        with failures.of(force):
            if lake.files(log.name, force=[force]):
                lake.change(log.name, partial(_take_out_of_force, con, lake, log, force, which, delivery_id))
    failures.tell()


def _take_out_of_force(
    con: duckdb.DuckDBPyConnection, lake: Lake, log: Log, force: str, which: str, delivery_id: str, table: DeltaTable
) -> None:
    lay_held(con, log, lake.files(log.name, table.version(), force=[force]), "held")
    gone = con.sql(f"select * from held {which}").to_arrow_table()
    if not gone.num_rows:
        return
    said = {_DELIVERY: delivery_id, _COUNT: str(gone.num_rows)}
    merger = table.merge(
        gone.select(log_schema(log).names).cast(log_schema(log)),
        predicate=same_key(log, force, sorted(set(gone["month"].to_pylist()))),
        source_alias="s",
        target_alias="t",
        commit_properties=one_writer(table, force, said),
    )
    merger.when_matched_delete().execute()


def _withdrawn_with(lake: Lake, log: Log, delivery_id: str) -> int:
    """How many rows the commits of a delivery withdrew, whichever run made them."""
    table = lake.table(log.name)
    commits = table.history(_COMMITS) if table else []
    return sum(int(each[_COUNT]) for each in commits if each.get(_DELIVERY) == delivery_id)
