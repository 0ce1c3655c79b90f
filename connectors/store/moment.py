"""Moments in the store: UTC instants with microseconds that come back as they went in, on either database.

PostgreSQL keeps them as `timestamptz`; SQLite as text of one fixed width (`2026-03-29T01:00:00.000000Z`),
which sorts by time and is ISO 8601 to any BI tool.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import TIMESTAMP, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from checks.errors import unreadable_value


class Moment(TypeDecorator[datetime]):
    """A timezone-aware datetime, stored in UTC; a naive one is refused with ValueError."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone cannot be stored: {value}")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            return moment.astimezone(UTC)
        except (ValueError, AttributeError):
            raise unreadable_value("a moment") from None
