"""A figure of every measure traced: the cases counted again give it, and each case has the rows it was judged from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from checks.commitment import measures
from checks.database import connect
from checks.evidence import lay_figure_cases, recount_script
from connectors.lake.cases import read_cases
from connectors.lake.tables import Lake
from connectors.settings import Settings
from connectors.store.engine import open_store, reading
from connectors.store.read import read_table
from dags.traced_cases import COUNTED
from dags.tracing import Asked, trace
from tests.journey.pledge import Pledge

Row = dict[str, Any]
N1 = "neighbourhoods N1/norfolk"
DUTIES = ["duties D2/norfolk", "duties D3/norfolk", "duties D4/norfolk"]
HOURS = "agreed_hours N1/norfolk/monday/09:00/2026-01-01"
PAGE = [N1, "team_pages N1/norfolk/2026-02-14T12:00:00"]
# Cases that are no record of their own, and the rows they come from.
PARTS = {
    ("victim_updated", "C/1/2026-01-05T10:00:00Z"): ["victim_cases C/1/norfolk", "victim_contacts K1/norfolk"],
    ("victim_updated", "C/1/2026-01-20T10:00:00Z"): [
        "victim_cases C/1/norfolk", "victim_contacts K1/norfolk", "victim_contacts K2/norfolk",
    ],
    ("contact_agreed", "C/1"): ["victim_cases C/1/norfolk"],
    ("victim_told", "E1"): ["victim_cases C/1/norfolk", "victim_events E1/norfolk"],
    ("meeting_held", "N1/2026-01"): [N1, "meetings G1/norfolk"],
    ("meeting_held", "N2/2026-01"): ["neighbourhoods N2/norfolk"],
    # Published at 23:30 on 31 January in London: not February's.
    ("update_published", "N1/2026-01"): [N1, "updates U1/norfolk"],
    ("update_published", "N1/2026-02"): [N1],
    ("visible_time", "N1/2026-02"): [*DUTIES, N1],
    ("abstraction", "N1/2026-02"): [*DUTIES, N1],
    ("visible_when_needed", "N1/2026-02"): [*DUTIES, HOURS, N1],
    ("turnover", "N1/2025-06"): ["postings O1/norfolk/N1/2024-01-01", "postings O2/norfolk/N1/2024-01-01", N1],
    ("turnover", "N1/2026-02"): ["postings O1/norfolk/N1/2024-01-01", "postings O2/norfolk/N1/2024-01-01", N1],
    ("turnover", "N2/2026-02"): ["neighbourhoods N2/norfolk"],
    ("team_published", "N1/2026-02-14T12:00:00Z"): PAGE,
    ("team_page_current", "N1/2026-02-14T12:00:00Z"): PAGE,
    ("treatment_satisfaction", "R0"): ["surveys R0/norfolk"],
    ("treatment_gap", "norfolk/2025"): [f"surveys R{number}/norfolk" for number in range(24)],
    ("treatment_gap", "norfolk/2026"): [],
    ("message_answered", "M/1"): ["messages M/1/norfolk"],
    ("explained", "message_answered/M/1"): ["messages M/1/norfolk", "explanations Z1/norfolk"],
    ("explained", "attend_vulnerable/v"): ["incidents v/norfolk"],
    ("explained", "meeting_held/N2/2026-01"): ["neighbourhoods N2/norfolk"],
}  # fmt: skip


@pytest.fixture(scope="module")
def tracing(of_every_log: Pledge) -> Iterator[tuple[list[Row], Callable[[Row], Row]]]:
    """The figures of norfolk as the first night left them, and how one of them is traced."""
    settings = replace(Settings(), lake=str(of_every_log.lake), store=of_every_log.store)
    run = of_every_log.rows("runs")[0]["run_id"]
    with reading(open_store(of_every_log.store)) as conn:
        figures = [row for row in read_table(conn, "verdicts", {"force": ["norfolk", "all"]}, run) if _is_counted(row)]

        def traced(row: Row) -> Row:
            asked = Asked(
                row["measure"], row["force"], row["period"], row["period_start"], row["area"], row["neighbourhood"],
                (row["standard"],),
            )  # fmt: skip
            return trace(conn, settings, asked, run)

        yield figures, traced


def _is_counted(row: Row) -> bool:
    return bool(row["cases"] + row["excluded"] + row["timed"])


@pytest.mark.parametrize("measure", list(measures()))
def test_the_cases_counted_again_are_the_figure_and_have_rows(tracing: Any, measure: str) -> None:
    figures, traced = tracing
    widest = "rolling_12_months" if measure == "turnover" else "year"
    own = [row for row in figures if (row["measure"], row["period"], row["force"]) == (measure, widest, "norfolk")]
    parts = {case: rows for (of, case), rows in PARTS.items() if of == measure}
    seen: dict[str, list[str]] = {}
    if measure == "turnover":  # those of the twelve months to June 2025 and to February 2026
        own = [row for row in own if row["period_start"] in (date(2024, 7, 1), date(2025, 3, 1))]
    for figure in own[:6] if measure == "turnover" else own[:3]:
        found = traced(figure)
        assert found["figure"]["counted_again"] == {name: figure[name] for name in COUNTED}, figure
        assert len(found["cases"]) == sum(figure[name] for name in COUNTED)
        seen |= {case["case_id"]: [f"{row['log']} {row['key']}" for row in case["rows"]] for case in found["cases"]}
        assert all(row["sha256"] and row["admitted_by_run"] for case in found["cases"] for row in case["rows"])
    assert seen
    assert all(seen[case] for case in seen if parts.get(case) != [])
    for case, rows in parts.items():
        assert sorted(seen[case]) == sorted(rows), case
    if not parts:
        assert {len(rows) for rows in seen.values()} == {1}


def test_every_figure_is_its_cases(of_every_log: Pledge) -> None:
    """Every figure there is, of both nights: each period, level, force and all forces; by the cases `trace` shows."""
    lake, kinds = Lake(str(of_every_log.lake)), set()
    with reading(open_store(of_every_log.store)) as conn:
        runs = list(read_table(conn, "runs"))
        for run in runs:
            figures = list(read_table(conn, "verdicts", {}, run["run_id"]))
            con = connect()
            read_cases(con, lake.files("cases", json.loads(run["input_key"])["cases"]), "all_cases")
            lay_figure_cases(con, *figures)
            con.execute(recount_script())
            found = con.execute(f"select {', '.join(RECOUNTED)} from recounted order by number").fetchall()
            assert found == [tuple(figure[name] for name in RECOUNTED) for figure in figures]
            kinds |= {
                (figure["measure"], figure["period"], _level(figure)) for figure in figures if _is_counted(figure)
            }
    assert {name for name, *_ in kinds} == set(measures())
    levels = {"all", "force", "area", "neighbourhood"}
    assert {kind[1:] for kind in kinds} == {
        (p, level) for p in ("day", "month", "year", "rolling_12_months") for level in levels
    }


LEVELS = ("force", "area", "neighbourhood")
RECOUNTED = ("cases", *COUNTED, "numerator", "denominator")


def _level(figure: Row) -> str:
    if figure["force"] == "all":
        return "all"
    return "neighbourhood" if figure["neighbourhood"] else "area" if figure["area"] else "force"


def test_every_period_and_level_of_a_figure(tracing: Any) -> None:
    figures, traced = tracing
    some = ("answer_999", "meeting_held", "turnover", "treatment_gap")
    newest = {tuple(row[name] for name in ("measure", "period", *LEVELS)): row for row in figures}
    for (measure, *_), figure in newest.items():
        if measure in some:
            found = traced(figure)
            assert found["figure"]["counted_again"] == {name: figure[name] for name in COUNTED}, figure
