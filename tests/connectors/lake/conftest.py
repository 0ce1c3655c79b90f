"""Deliveries for the lake's tests: CSV text through the real reader and the real typing door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from checks.logs import LOGS
from connectors.lake.staging import Staged, stage
from connectors.lake.tables import Lake
from connectors.sources.delivery import Source
from connectors.sources.file import open_delivery

Deliver = Callable[..., Staged]


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """Stage CSV text as a delivery of a log; further arguments are those of its Source."""
    count = 0

    def deliver(log: str, text: str, **described: object) -> Staged:
        nonlocal count
        count += 1
        folder = tmp_path / f"delivery {count}"
        folder.mkdir()
        file = folder / f"{log}.csv"
        file.write_text(text.strip() + "\n", "utf-8")
        source = Source(name=log, log=log, **described)  # type: ignore[arg-type]
        return stage(open_delivery(source, file), LOGS[log], folder)

    return deliver


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))
