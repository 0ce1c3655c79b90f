"""Invented logs through `pledge run`: what was planted is what is found, case by case and figure by figure."""

from __future__ import annotations

import io
import json
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from checks.commitment import measures
from connectors.sources.invented import Truth, invent
from tests.journey.pledge import Pledge

COUNTS = ("cases", "met", "missed", "pending", "unknown", "excluded", "timed")


def frame(pledge: Pledge, *arguments: str) -> pd.DataFrame:
    said = pledge(*arguments, "--format", "parquet")
    assert said.code == 0, said.err
    return pd.read_parquet(io.BytesIO(said.out))


def of_logs(pledge: Pledge, truth: Truth, logs: Collection[str]) -> Truth:
    """The truth of some logs alone; the files of the others are taken away."""
    for path in pledge.input.glob("*.csv"):
        if path.stem not in logs:
            path.unlink()
    rows = {log: rows for log, rows in truth.rows.items() if log in logs}
    asked = [name for name, measure in measures().items() if set(measure.logs) <= set(logs)]
    # The closing promise is asked of the misses of these measures alone.
    owed = truth.cases["case_id"].str.partition("/")[0]
    kept = truth.cases["measure"].isin(asked) & ((truth.cases["measure"] != "explained") | owed.isin(asked))
    return replace(truth, rows=rows, cases=truth.cases[kept])


def judged(pledge: Pledge, forces: list[str], days: int, last_day: date) -> Truth:
    truth = invent(pledge.input, forces, days, 7, last_day)
    run(pledge, truth)
    return truth


def run(pledge: Pledge, truth: Truth) -> None:
    standards = [word for name in truth.cases["standard"].unique() for word in ("--standard", name)]
    said = pledge.run(truth.as_at.isoformat(), *standards)
    assert said.code == 0, said.err
    assert "0 unchanged; unfit" not in said.err


def check_quarantine(pledge: Pledge, truth: Truth) -> None:
    delivered = {path.stem for path in pledge.input.glob("*.csv")}
    planted = {log: sum(rows["quarantined"].values()) for log, rows in truth.rows.items() if log in delivered}
    found = {row["log"]: row["rows_quarantined"] for row in pledge.tables()["deliveries"]}
    assert found == planted


def check_cases(pledge: Pledge, truth: Truth) -> None:
    named = [word for measure in truth.cases["measure"].unique() for word in ("--measure", measure)]
    columns = ["standard", "force", "measure", "case_id", "local_day", "state", "reason"]
    found = frame(pledge, "cases", *named)[columns]
    found = found.assign(reason=found["reason"].fillna(""), local_day=found["local_day"].astype(str))
    planted = truth.cases[columns].assign(local_day=truth.cases["local_day"].dt.date.astype(str))
    both = planted.merge(found, how="outer", indicator=True)
    different = both[both["_merge"] != "both"]
    assert different.empty, f"{len(different)} of {len(planted)} cases differ:\n{different.head(12).to_string()}"


def check_figures(pledge: Pledge, truth: Truth) -> None:
    planted = json.loads(truth.to_json())["counts"]
    rows = frame(pledge, "verdicts").query("area == '' and neighbourhood == '' and force != 'all'")
    said = {
        (row.standard, row.force, row.measure, row.period, str(row.period_start)): (
            {name: getattr(row, name) for name in COUNTS},
            json.loads(row.excluded_by_reason),
        )
        for row in rows.itertuples()
    }
    wanted = {
        (each["standard"], each["force"], each["measure"], each["period"], each["period_start"]): (
            {name: each[name] for name in COUNTS},
            each["excluded_by_reason"],
        )
        for each in planted
    }
    assert {key: said.get(key) for key in wanted} == wanted
    counted = {(key[0], key[2], key[3]) for key in wanted}
    beyond = {key for key in said if (key[0], key[2], key[3]) in counted and key not in wanted}
    assert all(not any(said[key][0].values()) for key in beyond), "figures of cases nobody planted"


def check_shares(pledge: Pledge, truth: Truth) -> None:
    """A share that no limit judges is the planted part of the planted whole, neighbourhood by neighbourhood."""
    rows = frame(pledge, "verdicts").query("neighbourhood != '' and force != 'all' and period != 'year'")
    last_month = pd.to_datetime(rows["period_start"]) + pd.DateOffset(months=1) - pd.DateOffset(days=1)
    yearly = rows["period"] == "rolling_12_months"
    last_month = last_month.mask(yearly, last_month + pd.DateOffset(months=11)).dt.strftime("%Y-%m")
    rows = rows.assign(case_id=rows["neighbourhood"] + "/" + last_month)
    planted = truth.cases[truth.cases["whole"].notna()]
    rows = rows[~yearly | (rows["measure"] == "turnover")]
    both = planted.merge(rows, on=["standard", "force", "measure", "case_id"], how="left")
    assert len(both) == len(planted) > 50
    wrong = both[both["numerator"] * both["whole"] != both["denominator"] * both["part"]]
    assert wrong.empty, wrong[["force", "measure", "case_id", "part", "whole", "numerator", "denominator"]].to_string()


@pytest.mark.parametrize(
    ("forces", "days", "last_day"),
    [
        pytest.param(["norfolk", "suffolk"], 20, date(2026, 4, 5), id="spring"),
        pytest.param(["gwent"], 4, date(2026, 10, 26), id="autumn"),
    ],
)
def test_zero_differences_from_the_truth(tmp_path: Path, forces: list[str], days: int, last_day: date) -> None:
    pledge = Pledge(tmp_path)
    truth = judged(pledge, forces, days, last_day)
    check_quarantine(pledge, truth)
    check_cases(pledge, truth)
    check_figures(pledge, truth)


def test_sixty_days_of_every_log_but_the_two_big_ones(tmp_path: Path) -> None:
    """As many days as `pledge demo` invents, over Easter and the clock change."""
    pledge = Pledge(tmp_path)
    invented = invent(pledge.input, ["norfolk", "suffolk"], 60, 7, date(2026, 4, 30))
    truth = of_logs(pledge, invented, set(invented.rows) - {"calls", "incidents"})
    assert {"victim_told", "treatment_gap", "turnover", "message_answered", "explained"} <= set(truth.cases["measure"])
    run(pledge, truth)
    check_quarantine(pledge, truth)
    check_cases(pledge, truth)
    check_figures(pledge, truth)
    check_shares(pledge, truth)
