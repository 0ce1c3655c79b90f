"""Which bank holidays a force keeps: those of its nation."""

from __future__ import annotations

from datetime import date

from connectors.settings import Settings
from dags.plan import bank_holidays

EASTER_MONDAY, BOYNE, BOXING_DAY_OBSERVED = date(2026, 4, 6), date(2026, 7, 13), date(2026, 12, 28)


def test_bank_holidays_are_those_of_the_forces_nation() -> None:
    kept = bank_holidays(
        Settings(), ["norfolk", "gwent", "northern-ireland", "btp", "boston", "unheard-of"], 2026, 2026
    )
    of = {force: {day for each, day in kept if each == force} for force, _ in kept}
    assert EASTER_MONDAY in of["norfolk"] and BOXING_DAY_OBSERVED in of["norfolk"]
    assert of["norfolk"] == of["gwent"] == of["btp"] == of["unheard-of"]
    assert {date(2026, 3, 17), BOYNE} <= of["northern-ireland"] and BOYNE not in of["norfolk"]
    assert "boston" not in of


def test_both_years_are_included_and_one_off_holidays_are_known() -> None:
    days = {day for _, day in bank_holidays(Settings(), ["norfolk"], 2022, 2023)}
    assert {date(2022, 1, 3), date(2022, 9, 19), date(2023, 5, 8), date(2023, 12, 26)} <= days
    assert not any(day.year not in (2022, 2023) for day in days)
    assert bank_holidays(Settings(), [], 2022, 2023) == []
