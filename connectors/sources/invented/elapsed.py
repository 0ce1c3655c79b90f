"""The hours that really pass, beside what the clock on the wall says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from connectors.sources.invented.months import first_days
from connectors.sources.invented.window import HOUR, Moments, local_days, to_local


def elapsed_hours(first: np.datetime64, last: np.datetime64) -> pd.DataFrame:
    """Every hour that passes between two wall clocks: `hour` in UTC, `wall`, and its local `month`.

    On the night the clocks go forward one wall clock is not there; when they go back one is there twice.
    """
    hours: Moments = np.arange(first - HOUR, last + 2 * HOUR, HOUR)
    month = first_days(local_days(hours)).tolist()
    return pd.DataFrame({"hour": hours, "wall": to_local(hours), "month": month})
