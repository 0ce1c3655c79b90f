"""Addresses: readable where the name allows it, safe and different where it does not."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.site import addresses


@pytest.mark.parametrize("name", ["norfolk", "avon-and-somerset", "force_2", "a", "1"])
def test_a_slug_is_its_own_address(name: str) -> None:
    assert addresses.part(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "..", ".", "../../etc", "a/b", "A", "index", "con", "x" * 300, "<script>", "-a", "Zürich", "a\x00b", "\\"],
)
def test_any_other_name_becomes_a_safe_part(name: str) -> None:
    part = addresses.part(name)
    assert part != name and len(part) <= 60
    assert set(part) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert part not in ("index", "con")


def test_different_names_stay_different() -> None:
    names = ["A", "a", "Ä", "a ", "x" * 300, "x" * 299, "index", "Index"]
    assert len({addresses.part(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("period", "start", "part"),
    [
        ("month", date(2026, 3, 1), "2026-03"),
        ("year", date(2026, 1, 1), "2026"),
        ("day", date(2026, 3, 1), "2026-03-01"),
        ("rolling_12_months", date(2025, 4, 1), "2025-04-to-2026-03"),
        ("rolling_12_months", date(2025, 1, 1), "2025-01-to-2025-12"),
        ("rolling_12_months", date(2025, 2, 1), "2025-02-to-2026-01"),
    ],
)
def test_periods(period: str, start: date, part: str) -> None:
    assert addresses.period_part(period, start) == part


def test_a_run_is_found_by_its_name() -> None:
    run = "20260501T050000Z-d0d8a4e2bee6"
    assert addresses.run(run) == f"runs/{run}/index.html"
    assert addresses.run("../x") != "runs/../x/index.html"
