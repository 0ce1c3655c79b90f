"""Areas (basic command units) and their neighbourhoods; the names are invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from connectors.sources.invented.window import Window

# Area, neighbourhood, setting, share of the force's demand.
_PLACES = (
    ("Central", "Castle Quarter", "urban", 16),
    ("Central", "Station and Quays", "urban", 12),
    ("Central", "North Terraces", "urban", 10),
    ("Central", "University", "urban", 8),
    ("Central", "Southfields", "urban", 7),
    ("Eastern", "Harbour Town", "urban", 11),
    ("Eastern", "Seafront", "urban", 7),
    ("Eastern", "Broad Marshes", "rural", 4),
    ("Eastern", "Coast Villages", "rural", 3),
    ("Western", "Market Cross", "urban", 9),
    ("Western", "Heath and Forest", "rural", 5),
    ("Western", "Fen Edge", "rural", 4),
    ("Western", "Upper Valley", "rural", 4),
)
_ACTIVE_FROM = np.datetime64("2019-04-01")
_STILL = np.datetime64("NaT")


@dataclass(frozen=True)
class Places:
    """The neighbourhoods of one force.

    The arrays are those in which calls and incidents happen, indexed by place. `neighbourhoods` has besides the few
    that are created, merged and closed: neighbourhood, area, name, setting and, as local days, active_from, active_to
    (the first day on which it is no more; NaT = it goes on).
    """

    force: str
    code: np.ndarray
    area: np.ndarray
    name: np.ndarray
    setting: np.ndarray
    share: np.ndarray
    neighbourhoods: pd.DataFrame

    @classmethod
    def of(cls, force: str, window: Window) -> Places:
        area, name, setting, share = (np.array(column) for column in zip(*_PLACES, strict=True))
        code = np.array([f"{one[0]}{number:02d}" for number, one in enumerate(area, start=1)])
        stable = {"neighbourhood": code, "area": area, "name": name, "setting": setting}
        lasting = pd.DataFrame({**stable, "active_from": _ACTIVE_FROM, "active_to": _STILL})
        everything = pd.concat([lasting, _changed(window)], ignore_index=True)
        return cls(force, code, area, name, setting, share / share.sum(), everything)

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """The place of each of `count` events."""
        return rng.choice(len(self.code), size=count, p=self.share)

    def rows(self) -> pd.DataFrame:
        """The rows of the log `neighbourhoods`; their days are local, so each begins at local midnight."""
        days = {name: self.neighbourhoods[name].dt.strftime("%Y-%m-%d").fillna("") for name in _DAYS}
        return self.neighbourhoods.assign(force=self.force, **days)


_DAYS = ("active_from", "active_to")


def _changed(window: Window) -> pd.DataFrame:
    """Neighbourhoods created and merged inside the window, and one closed just as a month ends."""
    days = len(window.days)
    created = np.datetime64(window.first_day + timedelta(days=days // 4))
    merged = np.datetime64(window.first_day + timedelta(days=days * 2 // 3))
    month_ends = np.datetime64(window.last_day.replace(day=1))
    rows = [
        ("W14", "Western", "Airfield Estate", "urban", created, _STILL),
        ("E15", "Eastern", "Old Docks", "urban", _ACTIVE_FROM, merged),
        ("E16", "Eastern", "Saltings", "rural", _ACTIVE_FROM, month_ends),
    ]
    return pd.DataFrame(rows, columns=["neighbourhood", "area", "name", "setting", *_DAYS])
