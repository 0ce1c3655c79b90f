"""The rows a pack needs: those its cases were judged from, and for each sampled case every delivered row of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from checks.commitment import Measure
from checks.evidence import lay_evidence, logs_of
from checks.judging import Window, macros_script, run_script
from checks.logs import LOGS, Kind, Log
from connectors.lake.rows import CAME_WITH, lay_rows
from connectors.lake.schema import log_schema
from connectors.lake.tables import Lake
from dags.pack_names import Names

BESIDE = (*CAME_WITH, "lacks")
_DATED = (Kind.MOMENT, Kind.DATE)


@dataclass
class Rows:
    """Rows with the names of the pack: `judged` by log, as they are judged again; `sampled` by log, each row beside its
    `case_id`; and how many rows there would be with those of every case."""

    judged: dict[str, pa.Table] = field(default_factory=dict)
    sampled: dict[str, pa.Table] = field(default_factory=dict)
    delivery_ids: set[str] = field(default_factory=set)


def lay_logs(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    versions: Mapping[str, int],
    measure: Measure,
    window: Window,
    zones: Mapping[str, str],
) -> None:
    """Lay out the logs the measure's cases come from; needs the view `all_cases`."""
    con.execute(macros_script() + run_script(window, zones))
    needed = LOGS if measure.name == "explained" else logs_of(measure)
    for log in LOGS.values():
        is_there = log.name in needed and log.name in versions
        lay_rows(
            con, log, lake.files(log.name, versions[log.name], force=list(zones)) if is_there else [], beside=BESIDE
        )


def count_rows(con: duckdb.DuckDBPyConnection, measure: Measure, cases: str) -> int:
    """How many rows the cases of a table (`name_cases` made it) were judged from; lays out the views of evidence."""
    _trace(con, cases)
    lay_evidence(con)
    counted = (con.execute(f"select count(*) from ({_judged_from(log, measure)})").fetchone() for log in _own(measure))
    return sum(row[0] for row in counted if row)


def rows_of(
    con: duckdb.DuckDBPyConnection,
    measure: Measure,
    names: Names,
    breaches: Mapping[str, str],
    *,
    judged: str,
    sampled: str,
) -> Rows:
    """The rows of the cases in two tables, once they were counted: those to judge, and those of the sample."""
    found = Rows()
    _trace(con, judged)
    for log in _own(measure):
        rows = con.sql(_judged_from(log, measure)).to_arrow_table()
        if rows.num_rows:
            found.judged[log.name] = _in_order(log, names.of_rows(log, _typed(log, rows), breaches))
            found.delivery_ids |= set(rows["delivery_id"].to_pylist())
    _trace(con, sampled)
    for log, rows in _of_each_case(con, sampled):
        named = names.of_rows(log, _typed(log, rows.drop_columns(["case_id"])), breaches)
        found.sampled[log.name] = named.add_column(0, "case_id", rows["case_id"])
        found.delivery_ids |= set(rows["delivery_id"].to_pylist())
    return found


def _trace(con: duckdb.DuckDBPyConnection, cases: str) -> None:
    """Evidence is asked for by the names the lake has."""
    con.execute(
        f"create or replace table traced as select * exclude (reference) replace (reference as case_id) from {cases}"
    )


def _own(measure: Measure) -> Iterator[Log]:
    return (LOGS[name] for name in logs_of(measure))


def _judged_from(log: Log, measure: Measure) -> str:
    """The rows of a log the traced cases were judged from.

    Where whole months or years are cases, with them the force's first row of each kind of delivery: where its log
    begins decides which are counted. A victim's case is cut at every contact: its contacts are all there.
    """
    read = f"(from reads where log = '{log.name}')"
    evidence = f"evidence_of_{log.name} semi join {read} using (of_measure)"
    parts = [f"select distinct * exclude (case_id, of_measure) from {evidence}"]
    begins = log.dated_by or next((c.name for c in log.columns if c.required and c.kind in _DATED), "")
    if begins and measure.periods[0] != "day":
        order = ", ".join(f'"{name}"' for name in (begins, *log.keys))
        parts.append(
            f'from {log.name} where "force" in (select "force" from traced) '
            f'qualify row_number() over (partition by "force", lacks order by {order}) = 1'
        )
    if log.name == "victim_contacts":
        parts.append('select victim_contacts.* from victim_contacts semi join evidence_of_victim_cases using ("force", '
                     "crime_id)")  # fmt: skip
    return " union ".join(f"({part})" for part in parts) + " order by all"


def _of_each_case(con: duckdb.DuckDBPyConnection, sampled: str) -> Iterator[tuple[Log, pa.Table]]:
    """Every row of each traced case under the case's name in the pack (`sampled` has both names)."""
    con.execute('create or replace table names_of_cases as select distinct "force", reference, case_id from ' + sampled)
    for log in LOGS.values():
        found = con.sql(
            f"select named.case_id, evidence.* exclude (case_id, of_measure) from evidence_of_{log.name} as evidence "
            f"semi join (from reads where log = '{log.name}') as r using (of_measure) "
            'inner join names_of_cases as named on evidence."force" = named."force" '
            "and evidence.case_id = named.reference order by all"
        ).to_arrow_table()
        if found.num_rows:
            yield log, found


def _typed(log: Log, rows: pa.Table) -> pa.Table:
    """Columns in the types of the lake (moments in UTC), in the order of the contract."""
    schema = log_schema(log)
    names = [*(column.name for column in log.columns), *BESIDE]
    return rows.select(names).cast(pa.schema([schema.field(name) for name in names]))


def _in_order(log: Log, rows: pa.Table) -> pa.Table:
    """Sorted by the names they have here: those they had would tell something of them."""
    return rows.sort_by([(name, "ascending") for name in (*log.keys, *CAME_WITH)])


def breach_names(con: duckdb.DuckDBPyConnection, missed: str) -> dict[str, str]:
    """The name of each missed case's breach in the register, and what it is by the case's name in the pack."""
    said = "left(sha256(concat_ws('|', standard, measure, \"force\", {})), 16)"
    found = con.execute(f"select {said.format('reference')}, {said.format('case_id')} from {missed}")
    return dict(found.fetchall())
