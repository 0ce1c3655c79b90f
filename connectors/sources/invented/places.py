"""Areas (basic command units) and their neighbourhoods; the names are invented."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

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
_ACTIVE_FROM = "2019-04-01"


@dataclass(frozen=True)
class Places:
    """The neighbourhoods of one force; arrays are indexed by place."""

    force: str
    code: np.ndarray
    area: np.ndarray
    name: np.ndarray
    setting: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, force: str) -> Places:
        area, name, setting, share = (np.array(column) for column in zip(*_PLACES, strict=True))
        code = np.array([f"{one[0]}{number:02d}" for number, one in enumerate(area, start=1)])
        return cls(force, code, area, name, setting, share / share.sum())

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """The place of each of `count` events."""
        return rng.choice(len(self.code), size=count, p=self.share)

    def rows(self) -> pd.DataFrame:
        """The rows of the log `neighbourhoods`."""
        columns = {"neighbourhood": self.code, "force": self.force, "area": self.area, "name": self.name}
        return pd.DataFrame({**columns, "setting": self.setting, "active_from": _ACTIVE_FROM, "active_to": ""})
