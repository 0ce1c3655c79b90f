"""The invented logs of victims, dissatisfied people and surveys: every odd kind is in them, and limits hold."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from connectors.sources.invented import Truth, invent, invention
from connectors.sources.invented.diary import (
    elapsed_after,
    end_of_working_day,
    first_of_all,
    month_after,
)

SPRING = date(2026, 4, 30)
EASTER = {date(2026, 4, 3), date(2026, 4, 6)}
AT = datetime(2026, 3, 10, 10)


class Made:
    """One invention: its truth, and its files with every value as text."""

    def __init__(self, folder: Path) -> None:
        self.truth: Truth = invent(folder, ["norfolk"], 60, seed=11, until=SPRING)
        self.logs = {path.stem: pd.read_csv(path, dtype=str, keep_default_na=False) for path in folder.glob("*.csv")}


@pytest.fixture(scope="module")
def spring(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("people"))


def test_a_month_later_is_the_same_wall_clock_or_the_last_day() -> None:
    assert month_after(datetime(2026, 1, 31, 12)) == datetime(2026, 2, 28, 12)
    assert month_after(datetime(2025, 12, 10, 12)) == datetime(2026, 1, 10, 12)
    assert month_after(AT) == datetime(2026, 4, 10, 10)


def test_24_hours_elapse_across_a_clock_change() -> None:
    assert elapsed_after(datetime(2026, 3, 28, 12), timedelta(hours=24)) == datetime(2026, 3, 29, 13)
    assert elapsed_after(datetime(2025, 10, 25, 12), timedelta(hours=24)) == datetime(2025, 10, 26, 11)


@pytest.mark.parametrize(
    ("happened", "days", "due"),
    [
        (datetime(2026, 4, 1, 10), 5, date(2026, 4, 10)),
        (datetime(2026, 4, 2, 10), 1, date(2026, 4, 7)),
        (datetime(2026, 4, 4, 10), 1, date(2026, 4, 7)),
        (datetime(2026, 3, 27, 10), 5, date(2026, 4, 7)),
        (datetime(2026, 4, 7, 10), 1, date(2026, 4, 8)),
    ],
)
def test_good_friday_and_easter_monday_are_no_working_days(happened: datetime, days: int, due: date) -> None:
    assert end_of_working_day(happened, days, EASTER).date() == due


def test_whichever_comes_first_decides_and_of_two_at_once_the_one_named_first() -> None:
    later = AT + timedelta(days=1)
    assert first_of_all(later, (later, "missed", ""), (AT, "excluded", "closed"))[:2] == ("excluded", "closed")
    assert first_of_all(later, (AT, "met", ""), (AT, "missed", ""))[:2] == ("met", "")
    assert first_of_all(AT, (later, "met", ""), (None, "excluded", "closed"))[:2] == ("pending", "")


def test_another_log_changes_no_row_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    invent(tmp_path / "all", ["norfolk"], 2, 3, SPRING)
    monkeypatch.setattr(invention, "INVENTED", [each for each in invention.INVENTED if each.__name__ != "victims"])
    invent(tmp_path / "fewer", ["norfolk"], 2, 3, SPRING)
    for fewer in (tmp_path / "fewer").glob("*.csv"):
        assert fewer.read_bytes() == (tmp_path / "all" / fewer.name).read_bytes()
    assert not (tmp_path / "fewer" / "victim_cases.csv").exists()


def test_every_state_is_there(spring: Made) -> None:
    states = spring.truth.cases.groupby("measure")["state"].agg(set)
    judged = {"met", "missed", "pending", "unknown", "excluded"}
    for measure in ("contact_agreed", "victim_updated", "victim_told", "dissatisfaction_acknowledged", "plan_agreed"):
        wanted = judged - {"pending"} if measure == "dissatisfaction_acknowledged" else judged
        assert states[measure] >= wanted, measure
    assert states["treatment_satisfaction"] == {"met", "missed"}
    reasons = spring.truth.cases.groupby("measure")["reason"].agg(set)
    assert reasons["victim_updated"] == {"", "declined", "closed"}
    assert reasons["contact_agreed"] == reasons["victim_told"] == {"", "declined"}
    assert reasons["plan_agreed"] == {"", "duplicate"}


def test_every_odd_kind_of_victim_case_is_there(spring: Made) -> None:
    cases, contacts = spring.logs["victim_cases"], spring.logs["victim_contacts"]
    kinds: Counter[str] = Counter()
    for row in cases.itertuples():
        kinds["opened before the window"] += row.opened_at < "2026-03-02"
        kinds["an interval agreed"] += bool(row.update_every_days)
        kinds["an end agreed"] += bool(row.update_until)
        kinds["declined"] += bool(row.updates_declined_at)
        kinds["closed"] += bool(row.closed_at)
        kinds["never agreed"] += not row.agreed_at
        kinds[f"enhanced {row.enhanced_rights}"] += 1
    assert set(kinds) >= {"enhanced true", "enhanced false", "enhanced "}
    assert min(kinds.values()) >= 2, kinds
    counted = contacts.groupby(["crime_id", "contacted_at"]).size()
    assert (counted > 1).any(), "two contacts at one moment"
    first_month = spring.truth.cases["local_day"] < pd.Timestamp(2026, 2, 1)
    assert (spring.truth.cases["measure"][first_month] == "victim_updated").any()


def test_what_is_not_known_yet_is_not_in_the_logs(spring: Made) -> None:
    as_at = pd.Timestamp(spring.truth.as_at)
    for log in ("victim_cases", "victim_contacts", "victim_events", "dissatisfactions"):
        rows = spring.logs[log]
        for column in [name for name in rows if name.endswith("_at") and name != "plan_due_at"]:
            times = pd.to_datetime(rows[column], utc=True, errors="coerce", format="ISO8601").dropna()
            assert (times[times.dt.year < 2099] <= as_at).all(), (log, column)


def test_a_force_outside_england_and_wales_has_no_events_of_the_victims_code(tmp_path: Path) -> None:
    truth = invent(tmp_path, ["northern-ireland"], 3, 3, SPRING)
    assert truth.rows["victim_events"] == {"written": 0, "repeated": 0, "quarantined": {}}
    assert "victim_told" not in set(truth.cases["measure"])
