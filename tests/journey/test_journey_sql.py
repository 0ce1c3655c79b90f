"""The SQL that judges, run by a stranger; and the figure under every definition, which must agree with the verdicts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from checks.commitment import measures
from tests.journey.pledge import Pledge, one

COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed")
LEVEL = ("force", "area", "neighbourhood", "period", "period_start")
STANDARD = "policing_pledge_2008"

# No site-packages, no project: the standard library and DuckDB alone.
STRANGER = """
import importlib.util, json, sys
sys.path = [each for each in sys.path if "site-packages" not in each] + [sys.argv[1]]
assert not any(map(importlib.util.find_spec, ("checks", "dags", "connectors", "pandas", "deltalake")))
import duckdb
found = {}
for path in sys.argv[2:]:
    con = duckdb.connect()
    con.execute(open(path, encoding="utf-8").read())
    names = [column[0] for column in con.description]
    found[path] = [dict(zip(names, row)) for row in con.fetchall()]
print(json.dumps(found, default=str))
"""


def bare_duckdb(folder: Path, *scripts: Path) -> dict[str, list[dict[str, Any]]]:
    site = folder / "only_duckdb"
    site.mkdir(exist_ok=True)
    for package in Path(duckdb.__file__).parents[1].glob("*duckdb*"):
        if not (site / package.name).exists():
            (site / package.name).symlink_to(package)
    command = [sys.executable, "-I", "-S", "-c", STRANGER, str(site), *map(str, scripts)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_measure_gives_the_same_figures_in_a_bare_duckdb(judged: Pledge, tmp_path: Path) -> None:
    scripts = {}
    for name in measures():
        said = judged("sql", "--measure", name)
        assert said.code == 0, said.err
        scripts[name] = tmp_path / f"{name}.sql"
        scripts[name].write_bytes(said.out)
    answers = bare_duckdb(tmp_path, *scripts.values())
    told = [row for row in judged.rows("verdicts", "--standard", STANDARD) if any(row[name] for name in COUNTS)]
    for name, path in scripts.items():
        found = {tuple(row[key] for key in LEVEL): [row[count] for count in COUNTS] for row in answers[str(path)]}
        wanted = {
            tuple(row[key] for key in LEVEL): [row[count] for count in COUNTS] for row in told if row["measure"] == name
        }
        assert found == wanted, name
    assert sum(len(rows) for rows in answers.values()) > 50


def test_it_is_the_sql_of_the_window_and_force_asked_for(judged: Pledge, tmp_path: Path) -> None:
    path = tmp_path / "one_day.sql"
    path.write_bytes(
        judged("sql", "--measure", "answer_999", "--force", "norfolk", "--from", "2026-03-01", "--to", "2026-03-01").out
    )
    found = bare_duckdb(tmp_path, path)[str(path)]
    assert {(row["force"], row["period"], row["period_start"]) for row in found} == {
        ("norfolk", "day", "2026-03-01"), ("all", "day", "2026-03-01"),
    }  # fmt: skip
    figure = judged.figure("answer_999", "day", "2026-03-01")
    assert {tuple(row[count] for count in COUNTS) for row in found} == {tuple(figure[count] for count in COUNTS)}


def sensitivity(pledge: Pledge, measure: str, *options: str) -> list[dict[str, Any]]:
    return pledge.rows("sensitivity", "--measure", measure, *options)


@pytest.mark.parametrize("measure", ["answer_999", "answer_non_emergency", "attend_emergency", "eta_emergency"])
def test_the_default_row_is_the_sum_of_the_window(judged: Pledge, measure: str) -> None:
    for force in ("norfolk", "suffolk"):
        default = next(row for row in sensitivity(judged, measure) if row["force"] == force)
        days = [
            row
            for row in judged.rows("verdicts", "--measure", measure, "--force", force, "--standard", STANDARD)
            if row["period"] == "day" and not row["area"] and not row["neighbourhood"]
        ]
        for count in ("cases", "met", "missed", "pending", "unknown", "excluded"):
            assert default[count] == sum(row[count] for row in days), (force, count)
        assert default["definition"] == measures()[measure].default_definition
        assert default["verdict_changes"] is False


def test_one_switch_at_a_time_and_every_combination(judged: Pledge) -> None:
    rows = sensitivity(judged, "answer_999", "--force", "norfolk")
    assert set(rows[0]) >= set(
        "standard measure force period definition cases met missed pending unknown excluded rate verdict "
        "verdict_changes".split()
    )
    assert {row["period"] for row in rows} == {"window"}
    switches = measures()["answer_999"].switches
    assert len(rows) == 1 + sum(len(values) - 1 for values in switches.values())
    default = rows[0]["definition"]
    assert all(sum(row["definition"][key] != default[key] for key in default) == 1 for row in rows[1:])
    full = sensitivity(judged, "answer_999", "--force", "norfolk", "--full")
    combinations = 1
    for values in switches.values():
        combinations *= len(values)
    assert len({json.dumps(row["definition"], sort_keys=True) for row in full}) == len(full) == combinations
    told = {json.dumps(row["definition"], sort_keys=True): row for row in full}
    assert all(told[json.dumps(row["definition"], sort_keys=True)] == row for row in rows)


def test_the_switches_change_the_figure_by_hand(judged: Pledge) -> None:
    """Calls of norfolk: 36 in 5, 9, 10, 11 or 90 s; one hung up at 10 s; one without any time that ended."""
    rows = sensitivity(judged, "answer_999", "--force", "norfolk")
    default = rows[0]["definition"]

    def under(**switch: str) -> dict[str, Any]:
        return one(row for row in rows if row["definition"] == {**default, **switch})

    # Each day has 12 calls: 3 + 3 + 2 within 9 and 10 s … counted here the slow way.
    seconds = [(5, 9, 10, 11, 90)[n % 5] for _ in range(3) for n in range(12)]
    inside, below = sum(s <= 10 for s in seconds), sum(s < 10 for s in seconds)
    figures = {
        "default": (rows[0], inside, 36 - inside, 1, 2),
        "under": (under(limit="under"), below, 36 - below + 1, 1, 1),
        "all offered": (under(abandoned="all_offered"), inside, 36 - inside + 1, 1, 1),
        "as missed": (under(unknown="as_missed"), inside, 36 - inside, 1, 2),
    }
    for name, (row, met, missed, unknown, excluded) in figures.items():
        assert [row["met"], row["missed"], row["unknown"], row["excluded"]] == [met, missed, unknown, excluded], name
    assert rows[0]["rate"] == pytest.approx(inside / 36)
    assert under(unknown="as_missed")["rate"] == pytest.approx(inside / 37)
    dialled = under(clock_start="dialled")
    assert (dialled["verdict"], dialled["verdict_changes"]) == ("cannot_judge", True), "the column was not delivered"


def test_periods_areas_and_runs(judged: Pledge) -> None:
    run = judged.rows("runs")[0]["run_id"]
    assert sensitivity(judged, "answer_999", "--run", run) == sensitivity(judged, "answer_999")
    days = sensitivity(judged, "answer_999", "--force", "norfolk", "--period", "day")
    assert {row["period_start"] for row in days} == {"2026-02-28", "2026-03-01", "2026-03-02"}
    default = [row for row in days if row["definition"] == days[0]["definition"]]
    for row in default:
        figure = judged.figure("answer_999", "day", row["period_start"])
        assert [row[c] for c in ("met", "missed", "verdict")] == [figure[c] for c in ("met", "missed", "verdict")]
    assert sensitivity(judged, "answer_999", "--force", "suffolk", "--area", "north")[0]["cases"] == 0
    assert sensitivity(judged, "answer_999", "--force", "suffolk", "--area", "west")[0]["cases"] == 3
    assert sensitivity(judged, "answer_999", "--commitment", "6") == []
