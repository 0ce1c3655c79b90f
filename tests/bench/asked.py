"""What every contender of the bench is asked: the moment, the measures, and the counts in one shape."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from tests.bench import data

AS_AT = datetime.fromisoformat(data.AS_AT)
# The measures with most cases, and `victim_updated`, which costs most for each of its own.
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
# The columns those measures read.
NEEDED = {
    "calls": "call_id force area line kind received_at answered_at abandoned_at ended_at",
    "incidents": "incident_id force area neighbourhood origin received_at grade_first setting_first vulnerable "
    "neighbourhood_priority arrived_at cancelled_at duplicate_of closed_at",
    "messages": "message_id force area neighbourhood kind received_at reply_needed responded_at duplicate_of",
    "victim_cases": "crime_id force area neighbourhood opened_at update_every_days update_until "
    "updates_declined_at closed_at",
    "victim_contacts": "force crime_id contacted_at",
}


def files_in(listed: Path) -> dict[str, list[str]]:
    """The Parquet files of each log, as a JSON file lists them."""
    return dict(json.loads(listed.read_text("utf-8")))
