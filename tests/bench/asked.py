"""What every contender of the bench is asked: the moment, the measures, and the counts in one shape."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from tests.bench import data

AS_AT = datetime.fromisoformat(data.AS_AT)
# The measures with most cases; `victim_updated` is the one that costs most for each.
MEASURES = (
    "answer_999",
    "answer_non_emergency",
    "attend_emergency",
    "attend_vulnerable",
    "attend_priority",
    "message_answered",
    "victim_updated",
)
STATES = ("met", "missed", "pending", "unknown", "excluded", "timed")
PLACE = ("force", "area", "neighbourhood", "period", "period_start")
COLUMNS = ("measure", *PLACE, *STATES, "p50_seconds", "p90_seconds")
# From the product's view `figures`; twelve months in a row are nobody else's to count.
FIGURES = f"select {', '.join(COLUMNS)} from figures where period in ('day', 'month', 'year')"


def files_in(listed: Path) -> dict[str, list[str]]:
    """The Parquet files of each log, as a JSON file lists them."""
    return dict(json.loads(listed.read_text("utf-8")))
