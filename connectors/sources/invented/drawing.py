"""Drawing what happens, by shares; every kind that is declared occurs at least once where there is room."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from connectors.sources.invented.window import Array


def draw_kinds(count: int, shares: Mapping[str, float], rest: str, rng: np.random.Generator) -> Array:
    """One kind for each of `count` rows; what the shares leave over is `rest`."""
    names = [rest, *shares]
    drawn = rng.choice(len(names), size=count, p=[1 - sum(shares.values()), *shares.values()])
    absent = [number for number in range(1, len(names)) if not (drawn == number).any()]
    usual = np.flatnonzero(drawn == 0)
    chosen = rng.permutation(usual)[: len(absent)]
    drawn[chosen] = absent[: len(chosen)]
    return np.array(names, dtype=object)[drawn]


def keys(force: str, letter: str, count: int) -> Array:
    """Record references that are unique in the whole country: `norfolk-C0000001`."""
    return (f"{force}-{letter}" + pd.Series(np.arange(1, count + 1)).astype(str).str.zfill(7)).to_numpy(object)
