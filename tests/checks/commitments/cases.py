"""Cases that no single row of a log stands for (neighbourhood months, force years), as short texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.spec import AS_AT, Rule, states

HOUR = 3_600_000_000


def moment(text: str) -> datetime:
    """`2026-02-01 00:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(text: str, rules: Rule | list[Rule], as_at: str = "", **options: Any) -> dict[str, str]:
    """Each case's state by its name; `excluded part_month` where there is a reason."""
    found = states(text, rules, moment(as_at) if as_at else AS_AT, **options)
    return {case: " ".join(filter(None, (row["state"], row["reason"]))) for case, row in found.items()}


def shares(
    text: str, rules: Rule | list[Rule], as_at: str = "", unit: int = HOUR, **options: Any
) -> dict[str, tuple[float, float]]:
    """Each case's part and whole, in hours unless another unit is named."""
    found = states(text, rules, moment(as_at) if as_at else AS_AT, **options)
    return {case: (row["part"] / unit, row["whole"] / unit) for case, row in found.items()}
