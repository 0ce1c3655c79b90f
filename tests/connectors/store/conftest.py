"""A migrated store on either database, and runs to write in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from connectors.store.engine import open_store
from connectors.store.write import start_run

NIGHT = datetime(2026, 3, 30, 4, 0, tzinfo=UTC)


@pytest.fixture
def store_url(owned_store_url: str) -> str:
    """These tests migrate, and try what no login of the product may."""
    return owned_store_url


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    engine = open_store(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def run(store: Engine) -> Callable[[str], str]:
    """Starts a run of this name in the store and gives the name back."""

    def start(run_id: str) -> str:
        with store.begin() as conn:
            start_run(conn, {"run_id": run_id, "as_at": NIGHT, "started_at": NIGHT, "standards": ["pledge"]})
        return run_id

    return start
