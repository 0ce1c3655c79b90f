"""Rows a delivery really has and no figure may use: spoilt ones, conflicting ones, and rows delivered twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from checks.logs import LOGS
from connectors.sources.invented.drawing import keys
from connectors.sources.invented.planted import (
    BAD_CLOCK,
    BAD_CLOCK_ROWS,
    BAD_CLOCK_TIME,
    CONFLICTS,
    REPEATED_ROWS,
    SPOILT,
    Spoilt,
)
from connectors.sources.invented.window import Window


def with_odd_rows(
    log: str, force: str, rows: pd.DataFrame, window: Window, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows with repeated and spoilt ones added at the end, and how many there are of each kind.

    A log for which none is planted stays as it is.
    Spoilt rows are copies under keys of their own, so that no planned case changes its state.
    """
    if log not in SPOILT:
        return rows, {"written": len(rows), "repeated": 0, "quarantined": {}}
    key = LOGS[log].keys[0]
    repeated = rows.sample(min(REPEATED_ROWS.get(log, 0), len(rows)), random_state=rng)
    changes = _changes(log, window) if len(rows) else []
    copies = []
    for reference, versions in zip(keys(force, "X", len(changes)), changes, strict=True):
        copied = rows.sample(1, random_state=rng)
        copies += [copied.assign(**{key: reference, change.column: change.value}) for change in versions]
    kinds = Counter(change.kind for versions in changes for change in versions)
    together = pd.concat([rows, repeated, *copies], ignore_index=True)
    counts = {"written": len(together), "repeated": len(repeated), "quarantined": dict(kinds)}
    return together, counts


def _changes(log: str, window: Window) -> list[list[Spoilt]]:
    """What is changed in each copied row: one version of it, or two under one key that contradict each other."""
    pairs = [(Spoilt("conflicting_duplicate", c.column, v) for v in (c.one, c.other)) for c in CONFLICTS.get(log, ())]
    return [[one] for one in (*SPOILT[log], *_bad_clocks(window, log))] + [list(pair) for pair in pairs]


def _bad_clocks(window: Window, log: str) -> list[Spoilt]:
    column = LOGS[log].dated_by
    if column not in LOGS[log].moments:
        return []
    return [
        Spoilt(BAD_CLOCK[way], column, f"{day.isoformat()} {BAD_CLOCK_TIME}")
        for way, day in window.clock_changes.items()
        for _ in range(BAD_CLOCK_ROWS)
    ]
