"""How much comes in, hour by hour: day and night, the week, and Friday and Saturday late at night."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from connectors.sources.invented.window import HOUR, Array, Moments, Window, to_local

# Share of a usual day's demand in each local hour, midnight first; lowest before dawn, highest in the early evening.
_HOURS = np.array([30, 24, 19, 15, 13, 13, 17, 25, 36, 45, 50, 53, 55, 54, 54, 57, 61, 64, 63, 60, 56, 51, 46, 38.0])
# Monday to Sunday.
_WEEKDAYS = np.array([0.98, 0.96, 0.97, 0.98, 1.06, 1.08, 0.97])
_FRIDAY, _SATURDAY, _SUNDAY = 4, 5, 6
_LATE_NIGHT = 2.2


@dataclass(frozen=True)
class Load:
    """Demand over a window: for each elapsed hour `weight` (a usual day adds up to about 1) and `pressure` (0 to 1)."""

    hours: Moments
    weight: Array
    pressure: Array

    @classmethod
    def over(cls, window: Window) -> Load:
        hours = window.hours
        wall = to_local(hours)
        hour = (wall - wall.astype("datetime64[D]")) // HOUR
        # 1 January 1970 was a Thursday.
        weekday = (wall.astype("datetime64[D]").astype(int) + 3) % 7
        late_night = _is_late_night(weekday, hour)
        usual = _HOURS[hour] / _HOURS.sum() * _WEEKDAYS[weekday]
        weight = usual * np.where(late_night, _LATE_NIGHT, 1.0)
        # Few are on duty at night: the same demand presses harder than at noon.
        night = (hour >= 22) | (hour < 5)
        pressure = np.where(late_night, 1.0, usual / usual.max() * 0.5 + np.where(night, 0.25, 0.0))
        return cls(hours, weight, pressure)

    def arrivals(self, per_day: float, rng: np.random.Generator) -> Moments:
        """Moments at which something comes in, sorted, about `per_day` a day."""
        hours = np.repeat(self.hours, rng.poisson(per_day * self.weight))
        within = rng.integers(0, 3_600_000, len(hours)).astype("timedelta64[ms]")
        return np.sort(hours + within)

    def pressure_at(self, moments: Moments) -> Array:
        return self.pressure[(moments - self.hours[0]) // HOUR]


def _is_late_night(weekday: Array, hour: Array) -> Array:
    evening = np.isin(weekday, (_FRIDAY, _SATURDAY)) & (hour >= 22)
    return evening | (np.isin(weekday, (_SATURDAY, _SUNDAY)) & (hour < 4))


def chance(calm: Array | float, busy: Array | float, pressure: Array) -> Array:
    """The chance of being in time between a `calm` hour and a `busy` one."""
    return calm + (np.asarray(busy) - calm) * pressure
