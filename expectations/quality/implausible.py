"""The rules some logs have of their own: what is possible but hardly true is flagged and kept."""

from __future__ import annotations

from dataclasses import dataclass

DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Interval:
    """The seconds from one moment to a later one that are plausible, both ends included.

    Moments out of order are the order rules' business: a negative interval is not looked at here.
    """

    earlier: str
    later: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def sentence(self) -> str:
        between = f"from {self.earlier} to {self.later}"
        if self.at_least is not None:
            return f"It took less than {_duration(self.at_least)} {between}; that is implausibly quick."
        return f"It took more than {_duration(self.at_most or 0)} {between}; that is implausibly long."


@dataclass(frozen=True)
class Least:
    """The smallest plausible value of a count."""

    column: str
    value: int

    @property
    def sentence(self) -> str:
        return f"{self.column} is below {self.value}; a smaller number makes no sense here."


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:g} hours" if seconds >= 3600 else f"{seconds:g} second{'s' if seconds != 1 else ''}"


INTERVALS: dict[str, tuple[Interval, ...]] = {
    "calls": (
        Interval("received_at", "answered_at", at_most=DAY_SECONDS),
        Interval("received_at", "abandoned_at", at_most=DAY_SECONDS),
        Interval("answered_at", "ended_at", at_most=DAY_SECONDS),
    ),
    "incidents": (Interval("received_at", "arrived_at", at_least=1),),
    "messages": (Interval("received_at", "responded_at", at_least=1),),
    "duties": (Interval("started_at", "ended_at", at_most=DAY_SECONDS),),
}

LEAST: dict[str, tuple[Least, ...]] = {
    "victim_cases": (Least("update_every_days", 1),),
    "team_pages": (Least("officers_named", 0), Least("contact_methods", 0)),
    "meetings": (Least("attendance", 0),),
}
