"""A slow, obvious second opinion: every measure judged case by case in plain Python, from the specification.

Nothing here is taken from the SQL: `states` holds the rules every measure shares (pledge.md, section 2), `calls`,
`incidents` and their like one small function per measure, of the measure's own name. `delivered_rows` draws nasty
rows, `product` has the product's SQL judge the same rows, `counting` counts judged cases in plain Python.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from typing import Any

from tests.checks.oracle.states import Oracle

SPECS = "tests.checks.commitments"


def oracle_of(measure: str) -> Oracle | None:
    """The function of that name in one of the modules here, or `oracle` in the measure's own spec test; else None."""
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("test_"):
            continue
        found: Any = getattr(importlib.import_module(f"{__name__}.{module.name}"), measure, None)
        if callable(found):
            return found
    own: Oracle | None = said_in_spec(measure, "oracle", None)
    return own


def said_in_spec(measure: str, name: str, otherwise: Any) -> Any:
    """What the measure's own spec test calls `name`; a new measure says all about itself there."""
    if importlib.util.find_spec(f"{SPECS}.test_{measure}") is None:
        return otherwise
    return getattr(importlib.import_module(f"{SPECS}.test_{measure}"), name, otherwise)
