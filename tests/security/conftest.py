from __future__ import annotations

from tests.journey.conftest import only_our_settings, pledge

__all__ = ["only_our_settings", "pledge"]
