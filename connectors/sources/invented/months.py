"""The local calendar months of every neighbourhood, and the cases of promises made for each of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from connectors.sources.invented.places import Places
from connectors.sources.invented.planted import EXCLUDED, PENDING
from connectors.sources.invented.truth import cases_of
from connectors.sources.invented.window import ZONE, Array, Moments, Window, to_utc

PART_MONTH = "part_month"
_MONTH, _DAY = "datetime64[M]", "datetime64[D]"


def month_at(as_at: datetime) -> date:
    """The first day of the local month in which `as_at` lies."""
    return as_at.astimezone(ZoneInfo(ZONE)).date().replace(day=1)


def months_between(first: date, last: date) -> list[date]:
    """The first days of the months from that of `first` to that of `last`, both included."""
    months = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)
    return [month.astype(_DAY).item() for month in months]


def day_after_month(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)


class Span(NamedTuple):
    """The days of one month, from `first` to before `after`, on which a team can do what the month asks of it."""

    neighbourhood: str
    first: date
    after: date


def active_spans(places: Places, window: Window) -> list[Span]:
    """The months of the window and that of the night's run, cut to the window and to when a neighbourhood is there."""
    known = places.neighbourhoods
    days = zip(known["neighbourhood"], days_of(known["active_from"]), days_of(known["active_to"]), strict=True)
    each = [(str(code), created.item(), closed.item() or date.max) for code, created, closed in days]
    spans = [
        Span(code, max(month, window.first_day, created), min(day_after_month(month), closed))
        for month in months_between(window.first_day, month_at(window.as_at))
        for code, created, closed in each
    ]
    return [span for span in spans if span.first < span.after]


def neighbourhood_months(places: Places, window: Window, first: Array) -> pd.DataFrame:
    """Every month of every neighbourhood, from the first one a force keeps a log of to that of the night's run.

    Args:
        first: the local days of the log's rows; the month of the earliest is the first.

    Returns:
        neighbourhood, month (its first local day), part (active in part of it only), over (before the night's run).
    """
    last = month_at(window.as_at)
    months = np.array(months_between(first.min().astype(_DAY).item(), last), dtype=_DAY)
    all_months = pd.DataFrame({"month": months, "next_month": (months.astype(_MONTH) + 1).astype(_DAY)})
    each = places.neighbourhoods.merge(all_months, how="cross")
    created, closed = each["active_from"], each["active_to"].fillna(pd.Timestamp.max.floor("D"))
    each["part"] = (created > each["month"]) | (closed < each["next_month"])
    each["over"] = each["next_month"] <= np.datetime64(last)
    active = (created < each["next_month"]) & (closed > each["month"])
    return each.loc[active, ["neighbourhood", "month", "part", "over"]].reset_index(drop=True)


def month_cases(
    measure: str, force: str, months: pd.DataFrame, decided: Array, *, early: Array | bool = False
) -> pd.DataFrame:
    """The case of each row of `neighbourhood_months`: in `decided` its state once the month is over.

    Where it is decided `early` (kept already, or its times contradict), that is its state before the month ends, too.
    A month active in part is left out.
    """
    known = months["over"].to_numpy() | early
    state = np.where(months["part"], EXCLUDED, np.where(known, decided, PENDING)).astype(object)
    begins = to_utc(days_of(months["month"]).astype("datetime64[ms]"))
    ends = to_utc(np.add(days_of(months["month"]).astype(_MONTH), 1).astype(_DAY).astype("datetime64[ms]"))
    return cases_of(measure, force, month_names(months), begins, state, PART_MONTH, missed_at=ends)


def month_names(months: pd.DataFrame) -> Array:
    """`C01/2026-03`."""
    return (months["neighbourhood"] + "/" + months["month"].dt.strftime("%Y-%m")).to_numpy(object)


def days_of(days: pd.Series) -> Moments:
    return days.to_numpy().astype(_DAY)


def first_days(days: Moments) -> Moments:
    """The first day of the month of each local day."""
    return days.astype(_MONTH).astype(_DAY)


def occurs(months: pd.DataFrame, events: Iterable[tuple[str, date]]) -> Array:
    """Whether one of the events (neighbourhood, local day) falls into each month."""
    seen = {(neighbourhood, day.replace(day=1)) for neighbourhood, day in events}
    asked = zip(months["neighbourhood"], days_of(months["month"]).tolist(), strict=True)
    return np.array([each in seen for each in asked], dtype=bool)
