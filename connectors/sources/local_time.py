"""How a source's local times are read: its zone, and what is done with the two hours of a clock change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LocalTime:
    """`ambiguous` is `refuse`, `earlier` or `later`; `nonexistent` is `refuse` or `later` (shifted forward)."""

    zone: str = "Europe/London"
    ambiguous: str = "refuse"
    nonexistent: str = "refuse"
