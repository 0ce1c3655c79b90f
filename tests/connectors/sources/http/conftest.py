from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.police_uk_server import PoliceUkServer


@pytest.fixture
def server() -> Iterator[PoliceUkServer]:
    """A server with nothing in it: `server.other[path]` is what lies there."""
    with PoliceUkServer({}) as server:
        yield server
