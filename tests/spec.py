"""Spec tests are small text tables: rows in, states out.

    SPEC = '''
    calls
    call_id | received_at | answered_at | => state | reason
    on_time | 12:00:00    | 12:00:10    | met      |
    '''

A block begins with the name of a log; `=>` begins the expectation, looked up by the log's own key (or by the
column `case`). Times without a date are of DAY, local; columns of DEFAULTS that a table leaves out are filled in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from checks.commitment import measures
from checks.database import connect
from checks.judging import AppliedRule, Window, judge, prepare
from checks.logs import LOGS, Kind
from checks.standard import Limit, Rule
from connectors.lake.schema import log_schema
from connectors.lake.typing import LocalTime, typed

FORCE = "norfolk"
ZONE = "Europe/London"
DAY = "2026-01-14"
AS_AT = datetime(2026, 1, 20, 6, tzinfo=UTC)
DEFAULTS: dict[str, dict[str, str]] = {
    "calls": {"line": "999", "kind": "public"},
    "incidents": {"origin": "public", "grade_first": "emergency", "setting_first": "urban"},
    "messages": {"kind": "public", "neighbourhood": "N1"},
    "duties": {"neighbourhood": "N1", "officer_id": "o1", "activity": "visible"},
    "meetings": {"neighbourhood": "N1", "kind": "meeting"},
    "updates": {"neighbourhood": "N1"},
    "victim_events": {"event": "arrested"},
    "counter_visits": {"station": "s1"},
}


def rule(measure: str, limits: Mapping[str, Limit] | None = None, target: int | None = 90, **definition: str) -> Rule:
    """A rule for a spec: the measure's default definition, changed by the switches given."""
    one = measures()[measure]
    return Rule(
        standard="spec",
        measure=measure,
        commitment=one.commitment,
        force="",
        in_force_from=date(2008, 1, 1),
        in_force_to=None,
        limits=dict(limits or {}),
        target_numerator=target,
        target_denominator=None if target is None else 100,
        minimum_n=30,
        severity="medium",
        definition={**one.default_definition, **definition},
        source="spec",
    )


def tables(text: str) -> tuple[dict[str, list[dict[str, str]]], dict[str, dict[str, str]]]:
    """The logs of a spec as rows of text, and what is expected of each case."""
    logs: dict[str, list[dict[str, str]]] = {}
    expected: dict[str, dict[str, str]] = {}
    for block in text.strip().split("\n\n"):
        name, head, *lines = [line.strip() for line in block.strip().splitlines() if not line.strip().startswith("#")]
        given, _, wanted = head.partition("=>")
        columns = [c.strip() for c in given.split("|") if c.strip()]
        expectations = [c.strip() for c in wanted.split("|") if c.strip()]
        rows = logs.setdefault(name, [])
        for line in lines:
            cells = [cell.strip() for cell in line.split("|")]
            row = dict(zip(columns, cells, strict=False))
            said = dict(zip(expectations, cells[len(columns) :], strict=False))
            case = row.pop("case", "") or "/".join(row[k] for k in LOGS[name].keys if k in row and k != "force")
            if expectations:
                expected[case] = said
            rows.append({**DEFAULTS.get(name, {}), "force": FORCE, **row})
    return logs, expected


def _dated(log: str, column: str, value: str) -> str:
    is_moment = LOGS[log].by_name[column].kind is Kind.MOMENT
    return f"{DAY} {value}" if is_moment and value[2:3] == ":" else value


def delivered(
    folder: Path, log: str, rows: Sequence[Mapping[str, str]], lacks: Sequence[str] = (), zone: str = ZONE
) -> str:
    """Rows of text as the Parquet file the lake would hold of them."""
    contract = LOGS[log]
    names = [column.name for column in contract.columns]
    text: dict[str, Any] = {n: pa.array([_dated(log, n, row.get(n, "")) for row in rows], pa.string()) for n in names}
    read = typed(contract, pa.table({**text, "row_number": list(range(1, len(rows) + 1))}), LocalTime(zone))
    troubles = {n: found for n in names if any(found := read[f"{n}__trouble"].to_pylist())}
    assert not troubles, f"the spec itself cannot be read: {troubles}"
    for name, value in (("delivery_id", "spec"), ("lacks", ",".join(lacks))):
        read = read.append_column(name, pa.array([value] * len(rows), pa.string()))
    path = folder / log / f"force={FORCE}" / "month=2026-01" / "spec.parquet"
    path.parent.mkdir(parents=True)
    schema = pa.schema([field for field in log_schema(contract) if field.name not in ("force", "month")])
    pq.write_table(read.select(schema.names).cast(schema), path)
    return str(path)


def states(
    text: str | Mapping[str, Sequence[Mapping[str, str]]],
    rules: Rule | Sequence[Rule],
    as_at: datetime = AS_AT,
    zone: str = ZONE,
    lacks: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, dict[str, Any]]:
    """Judge the logs of a spec; the cases by case_id, with every column of `judged`."""
    logs = tables(text)[0] if isinstance(text, str) else text
    applied = [AppliedRule(one, FORCE, one.definition) for one in ([rules] if isinstance(rules, Rule) else rules)]
    with tempfile.TemporaryDirectory() as folder:
        files = {
            log: [delivered(Path(folder), log, rows, (lacks or {}).get(log, ()), zone)] for log, rows in logs.items()
        }
        con = connect(threads=1)
        prepare(con, Window(as_at), {FORCE: zone}, files)
        judge(con, measures()[applied[0].rule.measure], applied)
        found = con.sql("select * from facts").to_arrow_table().to_pylist()
        con.close()
    return {row["case_id"]: row for row in found}


def check(text: str, rules: Rule | Sequence[Rule], as_at: datetime = AS_AT, **options: Any) -> None:
    """Judge a spec and compare every expectation it states; a case that is not expected fails it too."""
    expected = tables(text)[1]
    found = states(text, rules, as_at, **options)
    said = {
        case: {k: "" if found[case][k] is None else str(found[case][k]) for k in wanted}
        for case, wanted in expected.items()
        if case in found
    }
    assert said == {case: {k: wanted.get(k, "") for k in wanted} for case, wanted in expected.items()}
    assert set(found) == set(expected), f"cases nobody expects: {sorted(set(found) - set(expected))}"
