"""The measures that are read month by month, page by page or year by year, against their oracles.

One example is the logs of a force, judged under two definitions. How many: PLEDGE_ORACLE_EXAMPLES (see
`test_oracle_properties`); an example here holds more cases than there, so that fewer are needed.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.commitment import Measure, measures
from checks.database import connect
from checks.judging import AppliedRule, Window, judge, prepare
from checks.logs import LOGS
from checks.standard import Limit, every_combination
from connectors.lake.schema import log_schema
from tests.checks.oracle import neighbourhood_rows as drawing
from tests.checks.oracle import oracle_of
from tests.checks.oracle.neighbourhoods import AskedOf, Case
from tests.spec import rule

# Below twenty, chance may leave a state out.
EXAMPLES = max(20, int(os.environ.get("PLEDGE_ORACLE_EXAMPLES", "100")) // 4)
ZONES = ("Europe/London", "America/Los_Angeles")
Draw = Callable[[drawing.Drawn], drawing.Rows]

LOGS_DRAWN: dict[str, dict[str, tuple[Draw, ...]]] = {
    "meeting_held": {"meetings": (drawing.meetings,)},
    "update_published": {"updates": (drawing.updates,)},
    "visible_time": {"duties": (drawing.duties, drawing.tenths)},
    "abstraction": {"duties": (drawing.duties, drawing.tenths)},
    "visible_when_needed": {"duties": (drawing.duties,), "agreed_hours": (drawing.agreed_hours,)},
    "turnover": {"postings": (drawing.postings,)},
    "team_published": {"team_pages": (drawing.team_pages,)},
    "team_page_current": {"team_pages": (drawing.team_pages,)},
    "treatment_satisfaction": {"surveys": (drawing.surveys,)},
    "treatment_gap": {"surveys": (drawing.century,)},
    "open_as_advertised": {"counter_visits": (drawing.counter_visits,)},
}
LIMITS: dict[str, tuple[Limit | None, ...]] = {
    "visible_time": (Limit(80, "percent"), None),
    "abstraction": (Limit(10, "percent"), None),
    "visible_when_needed": (None, Limit(20, "percent")),
    "turnover": (None, Limit(50, "percent")),
    "team_page_current": (Limit(3, "months"), None),
}
SHARES = ("visible_time", "abstraction", "visible_when_needed", "turnover", "treatment_gap")
AT_ONCE = {"met", "missed", "unknown"}
ONCE_A_MONTH = {"met", "missed", "pending", "unknown", "excluded"}
# The states that every measure's examples must have shown.
SEEN: dict[str, set[str]] = {
    "meeting_held": ONCE_A_MONTH,
    "update_published": ONCE_A_MONTH,
    "visible_time": ONCE_A_MONTH | {"timed"},
    "abstraction": ONCE_A_MONTH | {"timed"},
    "visible_when_needed": ONCE_A_MONTH | {"timed"},
    "turnover": ONCE_A_MONTH | {"timed"},
    "team_page_current": {"met", "missed", "unknown", "timed"},
    "treatment_gap": AT_ONCE | {"pending"},
}


@st.composite
def drawn_logs(draw: st.DrawFn, measure: Measure) -> tuple[drawing.Drawn, Limit | None, list[dict[str, str]]]:
    """The circumstances the logs follow from, the limit and two definitions."""
    as_at = drawing.MOMENTS[draw(st.sampled_from(sorted(drawing.MOMENTS)))]
    log = LOGS[measure.logs[-1]]
    optional = [need.partition(".")[2] for need in measure.needs if need.startswith(f"{log.name}.")]
    optional = [name for name in optional if not log.by_name[name].required]
    lacks = draw(st.just([]) | st.just([]) | st.sampled_from([[name] for name in optional] or [[]]))
    circumstances = drawing.Drawn(draw(st.integers(0, 2**48)), as_at, draw(st.sampled_from(ZONES)), tuple(lacks))
    limit = draw(st.sampled_from(LIMITS.get(measure.name, (None,))))
    every = every_combination(rule(measure.name), measure.switches)
    return circumstances, limit, draw(st.lists(st.sampled_from(every), min_size=2, max_size=2))


@pytest.mark.parametrize("name", LOGS_DRAWN)
def test_the_sql_agrees_with_the_oracle(name: str, tmp_path: Path) -> None:
    measure, oracle = measures()[name], oracle_of(name)
    assert oracle, f"{name} has no oracle in tests/checks/oracle"
    seen: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, deadline=None, database=None, print_blob=True)
    @given(drawn_logs(measure))
    def agrees(example: tuple[drawing.Drawn, Limit | None, list[dict[str, str]]]) -> None:
        drawn, limit, definitions = example
        logs = {"neighbourhoods": drawing.neighbourhoods(drawn)}
        logs |= {log: [row for draw in draws for row in draw(drawn)] for log, draws in LOGS_DRAWN[name].items()}
        logs = {log: list({_key(log, row): row for row in rows}.values()) for log, rows in logs.items()}
        found = _judged(tmp_path, measure, logs, drawn, limit, definitions)
        for number, definition in enumerate(definitions):
            asked = AskedOf(definition, limit.amount if limit else None, drawn.as_at, drawn.zone)
            expected: dict[str, Case] = oracle(logs, asked)  # type: ignore[assignment, arg-type]
            here = {case: told for (each, case), told in found.items() if each == str(number)}
            assert here == {case: _told(name, told) for case, told in expected.items()}, _first(here, expected, name)
            seen.update(case.state for case in expected.values())

    agrees()
    assert set(seen) >= SEEN.get(name, AT_ONCE), f"states never generated: {seen}"
    assert seen.total() >= 190 * EXAMPLES, f"too few cases were generated: {seen}"


def _key(log: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in LOGS[log].keys)


def _told(name: str, case: Case) -> dict[str, Any]:
    told = {"state": case.state, "reason": case.reason, "day": case.day}
    return told | ({"part": case.part, "whole": case.whole} if name in SHARES else {})


def _first(here: dict[str, Any], expected: dict[str, Case], name: str) -> str:
    there = {case: _told(name, told) for case, told in expected.items()}
    case = min(case for case in here.keys() | there.keys() if here.get(case) != there.get(case))
    return f"{case}: the SQL says {here.get(case)}, the oracle {there.get(case)}"


def _judged(
    folder: Path,
    measure: Measure,
    logs: dict[str, drawing.Rows],
    drawn: drawing.Drawn,
    limit: Limit | None,
    definitions: list[dict[str, str]],
) -> dict[tuple[str, str], dict[str, Any]]:
    """What the product says of each case under each definition, by the definition's number."""
    rules = [
        AppliedRule(rule(measure.name, {"": limit} if limit else {}), drawing.FORCE, definition, str(number))
        for number, definition in enumerate(definitions)
    ]
    con = connect(threads=1)
    try:
        files = {log: [_kept(folder, log, rows)] for log, rows in logs.items()}
        prepare(con, Window(drawn.as_at), {drawing.FORCE: drawn.zone}, files)
        judge(con, measure, rules)
        cases = con.sql("select * from facts").to_arrow_table().to_pylist()
    finally:
        con.close()
    found = {
        (case["definition_id"], case["case_id"]): _told(
            measure.name, Case(case["state"], case["local_day"], case["reason"], case["part"], case["whole"])
        )
        for case in cases
    }
    assert len(found) == len(cases), "a case was judged twice under one definition"
    return found


def _kept(folder: Path, log: str, rows: drawing.Rows) -> str:
    """The rows as the lake keeps them."""
    schema = pa.schema([field for field in log_schema(LOGS[log]) if field.name not in ("force", "month")])
    path = folder / log / f"force={drawing.FORCE}" / "month=any" / "rows.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return str(path)
