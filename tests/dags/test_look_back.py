"""How far back a night judges, and a backfill's years."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from checks.commitment import measures
from checks.errors import UsageError
from checks.logs import LOGS
from dags.backfill import refuse_without_reason, years
from dags.look_back import first_day, first_day_of, first_figure, reach_of


def test_400_days_and_the_rest_of_their_month() -> None:
    assert first_day(datetime(2026, 11, 21, 6, tzinfo=UTC)) == date(2025, 10, 1)
    assert first_day(datetime(2026, 4, 6, 6, tzinfo=UTC)) == date(2025, 3, 1)
    assert first_day(datetime(2026, 4, 5, 6, tzinfo=UTC)) == date(2025, 3, 1), "400 days before is 1 March"
    assert first_day(datetime(2026, 4, 4, 6, tzinfo=UTC)) == date(2025, 2, 1)


def test_what_covers_a_year_is_judged_from_the_year_before() -> None:
    day = date(2025, 3, 1)
    assert first_figure(day) == date(2024, 4, 1)
    assert first_day_of(measures()["answer_999"], day) == day
    assert first_day_of(measures()["meeting_held"], day) == day
    assert first_day_of(measures()["treatment_gap"], day) == date(2024, 4, 1)
    assert first_day_of(measures()["turnover"], day) == date(2024, 4, 1)


def test_only_logs_whose_rows_stand_for_themselves_are_read_in_part() -> None:
    whole = {name for name, log in LOGS.items() if reach_of(log) is None}
    assert {"victim_cases", "victim_contacts", "meetings", "updates", "surveys", "neighbourhoods"} <= whole
    assert reach_of(LOGS["duties"]).open_ended == ("ended_at",)  # type: ignore[union-attr]
    for name in LOGS.keys() - whole:
        assert set(reach_of(LOGS[name]).columns) >= {LOGS[name].dated_by}  # type: ignore[union-attr]


def test_a_backfill_goes_year_by_year() -> None:
    assert list(years(date(2024, 3, 5), date(2026, 1, 1))) == [
        (date(2024, 3, 5), date(2024, 12, 31)),
        (date(2025, 1, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 1)),
    ]
    assert list(years(None, date(2024, 12, 31))) == [(None, date(2024, 12, 31))]


def test_final_days_are_judged_again_only_for_a_reason() -> None:
    now = datetime(2026, 11, 21, 6, tzinfo=UTC)
    done = [{"status": "done"}]
    with pytest.raises(UsageError, match=r"final, and no reason.*--reason TEXT"):
        refuse_without_reason(" ", "2024-01-01", now, done)
    refuse_without_reason("a corrected export", "2024-01-01", now, done)
    refuse_without_reason("", "2024-01-01", now, [{"status": "failed"}])
