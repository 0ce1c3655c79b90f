"""Why an announcement would go where it goes, in sentences and in rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checks.changes import Kind, Subject
from checks.commitment import measures
from checks.errors import UsageError
from checks.hours import Occasion
from checks.logs import LOGS
from checks.matching import matcher_of
from checks.routing import Chosen, Route, passed_over
from checks.silencing import StandingSilence
from checks.standard import rule_for
from connectors.settings import Settings
from connectors.store import silences
from connectors.store.engine import open_store, reading
from dags.deciding import severity_of_feed
from dags.plan import chosen_standards, forces_of
from dags.routing import Router

COLUMNS = ("step", "name", "applies", "why", "channel", "mention", "owner", "held_until")


def subject_of(
    settings: Settings, force: str, area: str, measure: str, log: str, kind: str, severity: str, now: datetime
) -> Subject:
    """What the announcement would be about; what is not named is what a run would find."""
    if bool(log) == bool(measure) or (log and log not in LOGS):
        found = f"there is no log {log}" if log and not measure else "neither or both of --measure and --log are named"
        raise UsageError("pledge route explain", found, f"a measure, or one of {', '.join(LOGS)}", "Name one.")
    kind = kind or (Kind.FIRST_MISS if measure else Kind.CANNOT_JUDGE).value
    named = {"force": force, "measure": measure, "kind": kind, "severity": severity}
    matcher_of("pledge route explain", named, forces_of(settings))
    standards = chosen_standards(settings, [])
    if not severity:
        rule = rule_for(standards[-1], measure, force, now.date()) if measure else None
        severity = severity_of_feed(standards, log) if log else rule.severity if rule else ""
    commitment = measures()[measure].commitment if measure else None
    return Subject(Kind(kind), force, area, commitment, measure, severity)


@dataclass(frozen=True)
class Explained:
    """One announcement at one moment: the routes before the one that takes it, that one, the silences that mute it."""

    subject: Subject
    occasion: Occasion
    before: Sequence[tuple[Route, str]]
    chosen: Chosen
    muting: Sequence[StandingSilence]

    def rows(self) -> Iterator[dict[str, Any]]:
        for place, (route, why) in enumerate(self.before, 1):
            yield {"step": place, "name": route.name, "applies": False, "why": why}
        route, place = self.chosen.route, len(self.before) + 1
        yield {
            "step": place,
            "name": route.name,
            "applies": True,
            "why": str(route.matcher),
            "channel": route.channel,
            "mention": self.chosen.mention,
            "owner": route.owner,
            "held_until": self.chosen.held_until,
        }
        for silence in self.muting:
            place += 1
            why = f"silenced by {silence.author}: {silence.reason}"
            yield {"step": place, "name": f"silence {silence.silence_id}", "applies": True, "why": why}


def explained(settings: Settings, subject: Subject, now: datetime) -> Explained:
    router = Router(settings, now)
    occasion = router.occasion(subject.force)
    before = passed_over(router.routes, subject, occasion)
    return Explained(subject, occasion, before, router.choose(subject), router.muting(_silences(settings), subject))


def _silences(settings: Settings) -> list[StandingSilence]:
    """Before the first run there is no store, and nobody has silenced anything."""
    try:
        engine = open_store(settings.store, create=False)
    except UsageError as refused:
        if refused.found == "there is no such file":
            return []
        raise
    with reading(engine) as conn:
        return silences.standing(conn)


def in_sentences(found: Explained) -> list[str]:
    subject, occasion, chosen = found.subject, found.occasion, found.chosen
    commitment = f" (commitment {subject.commitment})" if subject.commitment is not None else ""
    what = f"{subject.measure}{commitment}" if subject.measure else "a log"
    where = f"{subject.area} of {subject.force}" if subject.area else f"{subject.force} as a whole"
    holiday = ", a bank holiday" if occasion.is_bank_holiday else ""
    severity = f", severity {subject.severity}" if subject.severity else ""
    said = [
        f"{subject.kind.value} about {what}, {where}{severity}, on {occasion.local:%A %d %B %Y at %H:%M %Z}{holiday}:",
        *(f"  {n}. {route.name}: no – {why}" for n, (route, why) in enumerate(found.before, 1)),
        f"  {len(found.before) + 1}. {chosen.route.name}: yes – {chosen.route.matcher}",
        *_destination(found),
    ]
    for silence in found.muting:
        until = silence.over_at.astimezone(occasion.local.tzinfo)
        said.append(
            f"Not said until {until:%A %d %B %Y at %H:%M}: silence {silence.silence_id} by {silence.author} "
            f"({silence.reason})."
        )
    return said if found.muting else [*said, "No silence applies."]


def _destination(found: Explained) -> Iterator[str]:
    chosen, route = found.chosen, found.chosen.route
    owner = f", owner: {route.owner}" if route.owner else ""
    mention = f" and calls user group {chosen.mention}" if chosen.mention else " and calls nobody"
    yield f"It goes to channel {route.channel or '(PLEDGE_SLACK_CHANNEL is not set)'}{mention}{owner}."
    quiet = ", ".join(map(str, route.quiet))
    if chosen.held_until:
        until = chosen.held_until.astimezone(found.occasion.local.tzinfo)
        yield f"It is held until {until:%A %d %B %Y at %H:%M %Z}: quiet hours {quiet}."
    elif chosen.is_quiet:
        yield f"Quiet hours {quiet}: it is said without the mention."
