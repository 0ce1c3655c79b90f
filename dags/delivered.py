"""A row of `deliveries` as `checks/feeds.py` and `checks/feed_states.py` think of it: in local days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from checks.feeds import Delivered
from checks.logs import LOGS, Kind

FIT, UNFIT = "fit", "unfit"
# Said of a delivery, with how many: keys that were taken out, and deletions of keys that were not there.
WITHDRAWN = "records withdrawn at the source"
UNKNOWN = "deletions of records that are not held"
Row = Mapping[str, Any]


def delivered_of(row: Row, order: int, zone: str) -> Delivered:
    log = LOGS[row["log"]]
    dates = log.by_name[log.dated_by].kind is Kind.DATE if log.dated_by else False
    return Delivered(
        row["source"],
        row["log"],
        row["force"],
        row["fitness"] == FIT,
        order,
        received_on=_day(row["received_at"], zone),
        first_day=row["covers_from"] and _day(row["covers_from"], "UTC" if dates else zone),
        last_day=row["covers_to"] and _day(row["covers_to"], "UTC" if dates else zone),
        empty=not row["rows_read"],
        dated=bool(log.dated_by),
    )


def _day(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()
