"""Cases as a test writes them — dicts with Python's moments and days — put into the store as a night puts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from connectors.store import cases
from connectors.store.cases import CASE, STATES_KEPT

_TEXTS = ("area", "neighbourhood", "reason")


def replace_cases(
    conn: Connection, standard: str, measure: str, force: str, found: Iterable[Mapping[str, Any]], *, run_id: str
) -> int:
    """`connectors.store.cases.replace_cases`, of those that are kept."""
    kept = [tuple(_stored(name, case.get(name)) for name in CASE) for case in found if case["state"] in STATES_KEPT]
    return cases.replace_cases(conn, standard, measure, force, kept, run_id=run_id)


def _stored(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    if isinstance(value, date):
        return value.isoformat()
    return value or "" if name in _TEXTS else value
