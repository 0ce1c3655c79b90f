from __future__ import annotations

import pytest

from tests.chaos import disturbed
from tests.journey.conftest import forget_settings, only_our_settings

__all__ = ["only_our_settings"]


@pytest.fixture(scope="session")
def nights(tmp_path_factory: pytest.TempPathFactory) -> disturbed.Nights:
    """A calm night's end, and what the next night ends in when nothing disturbs it."""
    with pytest.MonkeyPatch.context() as patch:
        forget_settings(patch)
        return disturbed.nights(tmp_path_factory.mktemp("nights"))
