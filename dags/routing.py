"""Where announcements go now: the routes, on the clock and the bank holidays of each force; and who mutes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from checks.changes import Subject
from checks.hours import Occasion
from checks.routing import Chosen, choose
from checks.silencing import StandingSilence, applying
from connectors.settings import Settings
from connectors.slack.routes import routes_of
from dags.plan import bank_holidays, forces_of, zones


class Router:
    """The routes of the settings at one moment; raises UsageError when their file cannot be used."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.routes = routes_of(settings, forces_of(settings))
        self._settings, self._now = settings, now
        self._occasions: dict[str, Occasion] = {}

    def occasion(self, force: str) -> Occasion:
        """The moment as the force's calendar has it."""
        if force not in self._occasions:
            local = self._now.astimezone(ZoneInfo(zones(self._settings, [force])[force]))
            today = local.date()
            kept = {day for _, day in bank_holidays(self._settings, [force], today.year - 1, today.year)}
            self._occasions[force] = Occasion(local, today in kept, today - timedelta(days=1) in kept)
        return self._occasions[force]

    def choose(self, subject: Subject) -> Chosen:
        return choose(self.routes, subject, self.occasion(subject.force))

    def muting(self, silences: Iterable[StandingSilence], subject: Subject) -> Sequence[StandingSilence]:
        """The silences that mute the subject, the longest first."""
        return applying(silences, subject, self.occasion(subject.force), self._now)
