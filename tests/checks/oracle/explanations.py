"""The closing promise: was each broken promise explained?"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.store.cases import breach_id
from tests.checks.oracle.local_calendar import AskedThere, by_due
from tests.checks.oracle.states import Judged, Row

COMMITMENTS = range(7, 11)
BEGINNINGS = ("attend_", "appointment_")


def explained(missed: Row, explanations: Iterable[Row], asked: AskedThere) -> Judged | None:
    """A missed case to the first explanation of its breach, or of its measure, force and day."""
    if not (
        missed["measure"] == "message_answered"
        or missed["measure"].startswith(BEGINNINGS)
        or missed["commitment"] in COMMITMENTS
    ):
        return None
    start = missed["missed_at"]
    said = [each["recorded_at"] for each in explanations if _covers(each, missed)]
    return by_due(asked, start, max(start, min(said)) if said else None, asked.due(start))


def _covers(explanation: Row, missed: Row) -> bool:
    if explanation["force"] != missed["force"]:
        return False
    if explanation["breach_id"] is not None:
        own = breach_id(missed["standard"], missed["measure"], missed["force"], missed["case_id"])
        return bool(explanation["breach_id"] == own)
    return (explanation["measure"], explanation["missed_on"]) == (missed["measure"], missed["local_day"])
