"""`--from/--to`, `--force` and `--standard`: what a run looks at, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge
from tests.journey.stranger import bare_duckdb

DAYS = ("2026-01-30", "2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01")
LEVEL = ("force", "area", "neighbourhood", "period", "period_start", "cases", "met", "missed")
AS_AT = "2026-03-05T06:00:00Z"


def figures(pledge: Pledge, *options: str) -> dict[tuple[str, str], int]:
    rows = pledge.rows("verdicts", "--measure", "answer_999", "--force", "norfolk", *options)
    return {(row["period"], row["period_start"]): row["cases"] for row in rows if not row["area"]}


def test_a_window_and_then_everything(pledge: Pledge) -> None:
    calls = [call(f"{day}-{n}", f"{day} 10:0{n}:00", 5 + 10 * n) for day in DAYS for n in range(2)]
    write(pledge.input, "calls", calls)
    said = pledge.run(AS_AT, "--from", "2026-01-31", "--to", "2026-02-01")
    assert said.code == 0, said.err
    assert {row["local_day"] for row in pledge.rows("cases", "--measure", "answer_999")} == {"2026-01-31", "2026-02-01"}
    assert figures(pledge) == {("day", "2026-01-31"): 2, ("day", "2026-02-01"): 2}, "half a month is not that month"
    assert {row["case_id"][:10] for row in pledge.rows("breaches")} == {"2026-01-31", "2026-02-01"}

    assert pledge.run(AS_AT, "--from", "2026-02-01", "--to", "2026-02-28").code == 0
    both = {("day", day): 2 for day in DAYS[1:4]} | {("month", "2026-02-01"): 4}
    assert figures(pledge) == both
    assert len(pledge.rows("breaches")) == 3, "earlier cases of other days stand"

    assert pledge.run(AS_AT).code == 0
    months = {("month", "2026-01-01"): 4, ("month", "2026-02-01"): 4, ("month", "2026-03-01"): 2}
    assert figures(pledge) == {("day", day): 2 for day in DAYS} | months | {("year", "2026-01-01"): 10}
    assert len(pledge.rows("breaches")) == 5
    assert not any(row["restated"] for row in pledge.rows("verdicts"))

    before = pledge.tables()
    assert pledge.run(AS_AT, "--from", "2026-01-31", "--to", "2026-01-31").code == 0
    after = pledge.tables()
    assert [name for name in before if name != "runs" and after[name] != before[name]] == []


def test_the_sql_of_a_run_is_that_of_its_window_and_forces(pledge: Pledge, tmp_path: Path) -> None:
    forces = ("norfolk", "suffolk")
    calls = [call(f"{f}{day}", f"{day} 10:00:00", 20, force=f) for day in DAYS for f in forces]
    write(pledge.input, "calls", calls)
    assert pledge.run(AS_AT, "--from", "2026-01-31", "--to", "2026-02-01", "--force", "norfolk").code == 0
    assert pledge.run("2026-03-06T06:00:00Z").code == 0
    runs = [row["run_id"] for row in pledge.rows("runs")]
    paths = [tmp_path / f"{number}.sql" for number, _ in enumerate(runs)]
    for run, path in zip(runs, paths, strict=True):
        path.write_bytes(pledge("sql", "--measure", "answer_999", "--run", run).out)
    answers = bare_duckdb(tmp_path, *paths)
    for run, path in zip(runs, paths, strict=True):
        found = {tuple(str(row[name]) for name in LEVEL) for row in answers[str(path)]}
        told = [row for row in pledge.rows("verdicts", "--measure", "answer_999", "--run", run) if row["cases"]]
        assert found == {tuple(str(row[name]) for name in LEVEL) for row in told}
    assert len(answers[str(paths[0])]) == 6, "two days of norfolk, its area, and of all forces"


def test_some_forces_only(pledge: Pledge) -> None:
    forces = ("norfolk", "suffolk", "essex")
    write(pledge.input, "calls", [call(f"{force}1", "2026-03-01 10:00:00", 20, force=force) for force in forces])
    assert pledge.run(AS_AT, "--force", "norfolk", "--force", "suffolk").code == 0
    assert {row["force"] for row in pledge.rows("cases", "--measure", "answer_999")} == {"norfolk", "suffolk"}
    assert {row["force"] for row in pledge.rows("verdicts")} == {"norfolk", "suffolk", "all"}
    assert pledge.figure("answer_999", "day", "2026-03-01", force="all")["cases"] == 2
    assert pledge.run(AS_AT).code == 0
    assert pledge.figure("answer_999", "day", "2026-03-01", force="all")["cases"] == 3
    assert {row["force"] for row in pledge.rows("breaches")} == set(forces)


def test_standards_side_by_side(pledge: Pledge) -> None:
    at = ("2008-06-01 10:00:00", "2026-03-01 10:00:00")
    write(pledge.input, "incidents", [
        incident("early", at[0], 14, setting_first="urban"),
        incident("late", at[1], 16, setting_first="urban"),
        incident("suffolk", at[1], 15.5, force="suffolk"),
    ])  # fmt: skip
    names = ("policing_pledge_2008", "national_response_standards_2026", "force_level_examples")
    assert pledge.run(AS_AT, *(word for name in names for word in ("--standard", name))).code == 0
    cases = pledge.rows("cases", "--measure", "attend_emergency")
    told = {(row["standard"], row["case_id"]): (row["state"], row["outside_force_dates"]) for row in cases}
    assert told == {
        ("policing_pledge_2008", "early"): ("met", True),
        ("policing_pledge_2008", "late"): ("missed", False),
        ("policing_pledge_2008", "suffolk"): ("missed", False),
        ("national_response_standards_2026", "early"): ("met", True),
        ("national_response_standards_2026", "late"): ("missed", False),
        ("national_response_standards_2026", "suffolk"): ("missed", False),
        # Suffolk's clock starts at dispatch, a minute later.
        ("force_level_examples", "suffolk"): ("met", False),
    }
    early = pledge.rows("verdicts", "--measure", "attend_emergency", "--from", "2008-06-01", "--to", "2008-06-01")
    day = [row for row in early if row["period"] == "day" and row["force"] == "norfolk" and row["cases"]]
    assert {(row["standard"], row["outside_force_dates"]) for row in day} == {(names[0], True), (names[1], True)}
    assert {row["standard"] for row in pledge.rows("breaches")} == set(names[:2])
