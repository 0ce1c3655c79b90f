"""What judging works out of a case has names of its own: a measure's column of the same name would take its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks import judging
from checks.commitment import Measure, measures
from checks.database import connect
from checks.judging import AppliedRule, Window, measure_script, preamble, rules_script
from checks.standard import Limit
from connectors.lake.cases import missed_cases_script
from dags.plan import commitments_by_measure
from tests.spec import rule

JUDGE = (Path(judging.__file__).parent / "sql" / "judge.sql").read_text("utf-8")
CLOCKED = JUDGE[JUDGE.index("clocked as (") : JUDGE.index("from shaped\n    inner join")]
WORKED_OUT = set(re.findall(r" as (\w+),?$", CLOCKED, re.MULTILINE)) - {"due_at"}  # a measure may say when it is due


@pytest.mark.parametrize("measure", measures().values(), ids=lambda measure: measure.name)
def test_no_column_of_a_measure_hides_one_of_the_judging(measure: Measure) -> None:
    assert {"judged_from", "local_day", "stop_decides"} <= WORKED_OUT
    applied = AppliedRule(rule(measure.name, {"": Limit(5, "working_days")}), "norfolk", measure.default_definition)
    missed = missed_cases_script([], commitments_by_measure()) if measure.name == "explained" else ""
    con = connect()
    con.execute(preamble(Window(datetime(2026, 3, 1, tzinfo=UTC)), {"norfolk": "Europe/London"}, {}) + missed)
    con.execute(rules_script(measure, [applied]) + measure_script(measure))
    given = {row[0] for row in con.execute("describe measure_cases").fetchall()}
    con.close()
    assert not given & WORKED_OUT
