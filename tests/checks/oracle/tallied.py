"""Rows of a text table judged and counted by the product's SQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from checks.commitment import measures
from checks.judging import AppliedRule, Window
from checks.logs import LOGS
from checks.standard import Limit, Rule
from tests.checks.oracle.product import Product
from tests.spec import rule

LONDON = ZoneInfo("Europe/London")
ZONES = {"norfolk": "Europe/London", "suffolk": "Europe/London", "san_francisco": "America/Los_Angeles"}
LATER = datetime(2026, 12, 1, tzinfo=UTC)
TEN_SECONDS = rule("answer_999", {"": Limit(10, "seconds")})
USUAL = {
    "calls": {"line": "999", "kind": "public", "force": "norfolk"},
    "incidents": {"grade_first": "emergency", "setting_first": "urban", "origin": "public", "force": "norfolk"},
}
# force, area, neighbourhood, period, its first day -> the figure.
Figures = dict[tuple[str, str, str, str, str], dict[str, Any]]
Count = Callable[..., Figures]


def count_on(product: Product) -> Count:
    """Counts a text table of calls (or another log) under a rule, as judged from a window or a moment."""

    def count(text: str, window: Window | datetime = LATER, log: str = "calls", asked: Rule = TEN_SECONDS) -> Figures:
        told = _rows(text, log)
        applied = [AppliedRule(asked, force, asked.definition) for force in sorted({row["force"] for row in told})]
        window = window if isinstance(window, Window) else Window(window)
        product.judged(measures()[asked.measure], log, told, applied, window)
        return {
            (row["force"], row["area"], row["neighbourhood"], row["period"], str(row["period_start"])): row
            for row in product.figures()
        }

    return count


def cases(figures: Figures, force: str, period: str) -> dict[str, int]:
    """A force's cases by the first day of each period of a kind."""
    return {key[4]: row["cases"] for key, row in figures.items() if key[:4] == (force, "", "", period)}


def _rows(text: str, log: str) -> list[dict[str, Any]]:
    """Rows of a text table; times without an offset are London's."""
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    told = []
    for number, cells in enumerate(lines):
        row: dict[str, Any] = dict.fromkeys(LOGS[log].by_name)
        row |= {**USUAL[log], LOGS[log].keys[0]: str(number), "lacks": ""}
        row |= {name: _value(name, cell) for name, cell in zip(head, cells, strict=True) if cell}
        told.append(row)
    return told


def _value(name: str, cell: str) -> str | datetime:
    if not name.endswith("_at"):
        return cell
    moment = datetime.fromisoformat(cell)
    return (moment if moment.tzinfo else moment.replace(tzinfo=LONDON)).astimezone(UTC)
