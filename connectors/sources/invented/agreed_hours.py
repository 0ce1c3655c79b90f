"""The log `agreed_hours`: when each neighbourhood wants to see its team."""

from __future__ import annotations

import numpy as np
import pandas as pd

from checks.logs import WEEKDAYS
from connectors.sources.invented.elapsed import elapsed_hours
from connectors.sources.invented.months import days_of
from connectors.sources.invented.places import Places
from connectors.sources.invented.window import HOUR, Window

# Weekday, from, to; an end before the beginning lies past midnight.
_EVERYWHERE = (("wednesday", 15, 18), ("friday", 20, 24))
_FIRST, _LATER = ("saturday", 22, 2), ("saturday", 20, 0)
_OVERLAPPING = (("sunday", 10, 14), ("sunday", 12, 16))
_NOTHING_AGREED, _SUNDAYS, _CHANGED = "C05", "C01", ("C02", "E06", "W10")
_SINCE, _STILL = np.datetime64("2025-01-01"), np.datetime64("NaT")
_DAY = np.timedelta64(1, "D")


def agreements(places: Places, window: Window) -> pd.DataFrame:
    """What is agreed: neighbourhood, weekday, begins and ends (hours of the day), valid_from, valid_to (local days)."""
    half_way = np.datetime64(window.days[len(window.days) // 2])
    found = []
    for one in places.neighbourhoods["neighbourhood"]:
        if one == _NOTHING_AGREED:
            continue
        changes = one in _CHANGED
        found += [(one, *hours, _SINCE, _STILL) for hours in _EVERYWHERE + _OVERLAPPING * (one == _SUNDAYS)]
        found.append((one, *_FIRST, _SINCE, half_way - _DAY if changes else _STILL))
        if changes:
            found.append((one, *_LATER, half_way, _STILL))
    names = ["neighbourhood", "weekday", "begins", "ends", "valid_from", "valid_to"]
    return pd.DataFrame(found, columns=names)


def agreed_rows(agreed: pd.DataFrame, force: str) -> pd.DataFrame:
    """The rows of the log as text."""
    return pd.DataFrame(
        {
            "neighbourhood": agreed["neighbourhood"],
            "force": force,
            "weekday": agreed["weekday"],
            "from_time": agreed["begins"].map("{:02d}:00".format),
            "to_time": agreed["ends"].map("{:02d}:00".format),
            "valid_from_on": agreed["valid_from"].dt.strftime("%Y-%m-%d"),
            "valid_to_on": agreed["valid_to"].dt.strftime("%Y-%m-%d").fillna(""),
        }
    )


def hours_agreed(agreed: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    """Every elapsed hour for which something is agreed, once: neighbourhood, hour (UTC), month (its local one).

    An evening that was agreed on the last day of a month may run into the next.
    """
    first, last = days_of(months["month"]).min() - _DAY, days_of(months["month"]).max() + 31 * _DAY
    days = pd.DataFrame({"day": np.arange(first, last + _DAY, _DAY)})
    days["weekday"] = np.array(WEEKDAYS, dtype=object)[days["day"].dt.dayofweek]
    each = days.merge(agreed, on="weekday")
    each = each[(each["valid_from"] <= each["day"]) & ~(each["valid_to"] < each["day"])]
    length = (each["ends"] - each["begins"]) % 24
    each = each.loc[each.index.repeat(length)]
    nth = each.groupby(level=0).cumcount().to_numpy()
    begins = days_of(each["day"]).astype("datetime64[ms]") + each["begins"].to_numpy() * HOUR
    each["wall"] = begins + nth * HOUR
    hours = each.merge(elapsed_hours(each["wall"].to_numpy().min(), each["wall"].to_numpy().max()), on="wall")
    return hours[["neighbourhood", "hour", "month"]].drop_duplicates()
