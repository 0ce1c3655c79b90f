"""Judging: the SQL of a measure, put together and run on a DuckDB connection.

The same script is executed by a run and printed by `pledge sql`: macros, the run, the rules, the logs, the
measure's own file, `judge.sql`, `tally.sql`. Nothing in it is a template: a definition is a row of `rule`, and which
value of a switch it chooses is a word, `chosen_<switch>(definition)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import duckdb

from checks.commitment import Measure, measures
from checks.database import literal
from checks.logs import LOGS, Kind, Log
from checks.standard import Limit, Rule
from checks.zones import offsets

_SQL = Path(__file__).parent / "sql"
_VIEWS = _SQL / "views"
_CHOSEN = re.compile(r"\bchosen_(\w+)\(")

# Every switch of every measure is a field of the one `definition` struct, so that any two rules stand in one table.
_DUCKDB_TYPES = {
    Kind.TEXT: "varchar",
    Kind.MOMENT: "timestamp",
    Kind.DATE: "date",
    Kind.MONTH: "varchar",
    Kind.TIME: "varchar",
    Kind.COUNT: "integer",
    Kind.FLAG: "boolean",
    Kind.SLUG: "varchar",
    Kind.WEEKDAY: "varchar",
}


@dataclass(frozen=True)
class Window:
    """What a run looks at: the moment it judges from (UTC) and the first and last local day, None = open."""

    as_at: datetime
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class AppliedRule:
    """A rule as it stands for one force and one definition, on the local days it applies to."""

    rule: Rule
    force: str
    definition: Mapping[str, str]
    definition_id: str = "default"
    applies_from: date | None = None
    applies_to: date | None = None


@cache
def _text(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text("utf-8")


def table_script(name: str, rows: Sequence[Mapping[str, object]], types: Mapping[str, str]) -> str:
    """A small table as a script of literals; `types` names every column, so that no rows is a table too."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
    script = f"create or replace table {name} ({columns});\n"
    if rows:
        values = ",\n    ".join("(" + ", ".join(literal(row.get(c)) for c in types) + ")" for row in rows)
        script += f"insert into {name} values\n    {values};\n"
    return script


def run_script(window: Window, zones: Mapping[str, str], bank_holidays: Sequence[tuple[str, date]] = ()) -> str:
    """The tables `run` (as_at, window), `zones` (each force's time zone and its offsets) and `bank_holidays`."""
    run = {"as_at": window.as_at, "window_from": window.first_day, "window_to": window.last_day}
    forces = [{"force": force, "zone": zone, **offsets(zone)} for force, zone in sorted(zones.items())]
    zone_types = {"force": "varchar", "zone": "varchar", "least_us": "bigint", "greatest_us": "bigint"}
    days = [{"force": force, "day": day} for force, day in sorted(set(bank_holidays))]
    return (
        # The logs ask by a word: joined to each of their rows `run` would cost a twentieth of the judging.
        f"create or replace macro judged_at() as {literal(window.as_at)};\n"
        + table_script("run", [run], {"as_at": "timestamp", "window_from": "date", "window_to": "date"})
        + table_script("zones", forces, zone_types)
        + table_script("bank_holidays", days, {"force": "varchar", "day": "date"})
    )


def all_switches() -> tuple[str, ...]:
    """Every switch any measure knows, sorted."""
    return tuple(sorted({switch for measure in measures().values() for switch in measure.switches}))


def rules_script(measure: Measure, applied: Sequence[AppliedRule]) -> str:
    """The table `rule`: one row for each standard, definition and force under which the measure is judged.

    And the words `chosen_…`: which value of a switch a rule's definition chooses.
    """
    switches = ", ".join(f'"{switch}" varchar' for switch in all_switches())
    rows = [_rule_row(measure, number, one) for number, one in enumerate(applied)]
    types = {
        "rule": "integer",
        "standard": _enum(rows, "standard"),
        "measure": _enum(rows, "measure"),
        "definition_id": _enum(rows, "definition_id"),
        "force": _enum(rows, "force"),
        "limit_us": "bigint",
        "limit_us_urban": "bigint",
        "limit_us_rural": "bigint",
        "limit_days": "integer",
        "limit_months": "integer",
        "limit_working_days": "integer",
        "limit_working_days_enhanced": "integer",
        "limit_percent": "integer",
        "needs": "varchar[]",
        "in_force_from": "date",
        "in_force_to": "date",
        "applies_from": "date",
        "applies_to": "date",
        "definition": f"struct({switches})",
    }
    return table_script("rule", rows, types) + _choices_script(measure, applied)


def _choices_script(measure: Measure, applied: Sequence[AppliedRule]) -> str:
    """A macro for each switch that the measure's cases ask for; what all rules choose is said by itself.

    DuckDB then neither reads nor computes what only another choice needs.
    """
    script = ""
    for switch in sorted(set(_CHOSEN.findall(measure_script(measure)))):
        values = {one.definition.get(switch) for one in applied}
        said = f'definition."{switch}"' if len(values) > 1 else f"cast({literal(next(iter(values), None))} as varchar)"
        script += f"create or replace macro chosen_{switch}(definition) as {said};\n"
    return script


def _enum(rows: Sequence[Mapping[str, object]], column: str) -> str:
    """The type of a text that all cases of a rule repeat: a number for each; cases take a third less memory."""
    values = sorted({str(row[column]) for row in rows})
    return f"enum({', '.join(map(literal, values))})" if values else "varchar"


def _rule_row(measure: Measure, number: int, one: AppliedRule) -> dict[str, object]:
    rule = one.rule
    plain = rule.limits.get("")
    urban, rural = rule.limits.get("urban", plain), rule.limits.get("rural", plain)
    return {
        "rule": number,
        "standard": rule.standard,
        "measure": rule.measure,
        "definition_id": one.definition_id,
        "force": one.force,
        "limit_us": plain.microseconds if plain else None,
        "limit_us_urban": urban.microseconds if urban else None,
        "limit_us_rural": rural.microseconds if rural else None,
        "limit_days": _amount(plain, "days"),
        "limit_months": _amount(plain, "months"),
        "limit_working_days": _amount(plain, "working_days"),
        "limit_working_days_enhanced": _amount(rule.limits.get("enhanced", plain), "working_days"),
        "limit_percent": _amount(plain, "percent"),
        "needs": list(measure.needs_of(dict(one.definition))),
        "in_force_from": rule.in_force_from,
        "in_force_to": rule.in_force_to,
        "applies_from": one.applies_from,
        "applies_to": one.applies_to,
        "definition": {switch: one.definition.get(switch) for switch in all_switches()},
    }


def _amount(limit: Limit | None, unit: str) -> int | None:
    return limit.amount if limit and limit.unit == unit else None


def log_script(log: Log, files: Sequence[str], forces: Sequence[str] = (), *, in_folders: bool = True) -> str:
    """The view of one log over its Parquet files: what was known at `as_at`, in naive UTC.

    `in_folders`: the files lie in folders that say their force and month, as in the lake; else a column says the force.

    The column list comes from the contract, so this one statement is written by code. A time after `as_at` is not
    known yet and reads as absent, unless it is a planned one; a record that begins later is not there yet.
    """
    columns = ",\n    ".join(_known(column.name, column.kind, column.planned) for column in log.columns)
    if not files:
        empty = ", ".join(f'null::{_DUCKDB_TYPES[c.kind]} as "{c.name}"' for c in log.columns)
        return f"create or replace view {log.name} as select {empty}, null::varchar as lacks where false;\n"
    begins = log.by_name[log.dated_by] if log.dated_by else None
    known = ["true"]
    if begins and not begins.planned:
        now = "judged_at()" if begins.kind is Kind.MOMENT else "judged_at()::date + 1"
        known.append(f"{_plain(begins.name, begins.kind)} <= {now}")
    if forces:
        known.append(f"delivered.force in ({', '.join(literal(force) for force in forces)})")
    partitioned = "hive_partitioning = true, hive_types = {'force': varchar, 'month': varchar}, " if in_folders else ""
    return (
        f"create or replace view {log.name} as\nselect\n    {columns},\n"
        "    delivered.lacks\n"
        f"from read_parquet(\n    {literal(list(files))},\n"
        f"    {partitioned}union_by_name = true\n"
        ") as delivered\n"
        f"where {' and '.join(known)};\n"
    )


def _plain(name: str, kind: Kind) -> str:
    # epoch_us needs no time-zone library and is several times faster than a cast of TIMESTAMPTZ.
    return f'make_timestamp(epoch_us(delivered."{name}"))' if kind is Kind.MOMENT else f'delivered."{name}"'


def _known(name: str, kind: Kind, planned: bool) -> str:
    plain = _plain(name, kind)
    if kind is not Kind.MOMENT or planned:
        return f'{plain} as "{name}"'
    return f'case when {plain} <= judged_at() then {plain} end as "{name}"'


def measure_script(measure: Measure) -> str:
    """The measure's cases and how they are judged: `measure_cases`, then `judged`."""
    # Only the shared views the measure reads: each one is a file of checks/sql/views, found by name.
    views = [path.read_text("utf-8") for path in sorted(_VIEWS.glob("*.sql")) if path.stem in measure.sql]
    return "\n".join(
        [
            _text("case_shape"),
            *views,
            f"create or replace view measure_cases as\n{measure.sql.rstrip().rstrip(';')};\n",
            _text("judge"),
        ]
    )


def facts_script() -> str:
    """Judged cases kept as the table `facts`, and how they are counted."""
    # Dropped first: `create or replace` would hold the cases of two measures at once.
    return "drop table if exists facts;\ncreate table facts as select * from judged;\n\n" + _text("tally")


def definitions_script() -> str:
    """How judged cases are counted under each definition; takes $period and $areas."""
    return _text("by_definition")


def macros_script() -> str:
    """The words the judging and counting are written in."""
    return _text("macros")


def tally_script() -> str:
    """The same counting over cases that were judged before (view `kept_cases`), inside the run's window."""
    return (
        "create or replace view facts as\nselect kept_cases.*, 'default' as definition_id\n"
        "from kept_cases\ncross join run\n"
        "where local_day >= coalesce(window_from, local_day) and local_day <= coalesce(window_to, local_day);\n\n"
        + _text("tally")
    )


def counted_in_part(quiet: Sequence[date], months: Mapping[tuple[str, ...], tuple[date, date]]) -> str:
    """Tables for counting part of the cases: months without days; (standard, measure, force) → first, last month."""
    names = ("standard", "measure", "force", "first_month", "last_month")
    rows = [dict(zip(names, (*slice_, *ends), strict=True)) for slice_, ends in months.items()]
    types = {name: "date" if name.endswith("_month") else "varchar" for name in names}
    quiet_rows = [{"month": month} for month in quiet]
    return table_script("quiet_months", quiet_rows, {"month": "date"}) + table_script("slice_months", rows, types)


def prepare(
    con: duckdb.DuckDBPyConnection,
    window: Window,
    zones: Mapping[str, str],
    files: Mapping[str, Sequence[str]],
    forces: Sequence[str] = (),
    bank_holidays: Sequence[tuple[str, date]] = (),
) -> None:
    """Lay out on `con` what every measure reads: macros, run, zones and a view for each log (absent: empty)."""
    con.execute(preamble(window, zones, files, forces, bank_holidays=bank_holidays))


def preamble(
    window: Window,
    zones: Mapping[str, str],
    files: Mapping[str, Sequence[str]],
    forces: Sequence[str] = (),
    logs: Sequence[str] = tuple(LOGS),
    bank_holidays: Sequence[tuple[str, date]] = (),
    in_folders: bool = True,
) -> str:
    """The script `prepare` runs, for the logs named; the rest as `log_script` takes it."""
    views = "\n".join(log_script(LOGS[name], files.get(name, ()), forces, in_folders=in_folders) for name in logs)
    return "\n".join([_text("macros"), run_script(window, zones, bank_holidays), views])


def lay_out(con: duckdb.DuckDBPyConnection, measure: Measure, applied: Sequence[AppliedRule]) -> None:
    """Lay out one measure under the rules given: leaves the view `judged` (its cases) on `con`."""
    con.execute("\n".join([rules_script(measure, applied), measure_script(measure)]))


def judge(con: duckdb.DuckDBPyConnection, measure: Measure, applied: Sequence[AppliedRule]) -> None:
    """Judge one measure under the rules given: leaves table `facts` (cases) and view `figures` (counts) on `con`."""
    lay_out(con, measure, applied)
    con.execute(facts_script())
