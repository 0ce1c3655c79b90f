"""The watch: judges the clocks that give somebody time to act, keeps the list of those that run out soon, says it.

It judges in memory, over the newest logs of the lake, and records no figure, case or run. What came since the last
admission it does not know.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection

from checks.at_risk import WATCHED, Clock, Listed, at_risk, groups, horizon, outcome
from checks.changes import Kind, Subject
from checks.commitment import Measure, measures
from checks.database import connect
from checks.errors import UsageError
from checks.feeds import ALL
from checks.judging import Window, measure_script, prepare, rules_script
from checks.revision import LOOK_BACK_DAYS
from checks.silencing import StandingSilence
from checks.standard import Standard, rule_for
from connectors.settings import Settings
from connectors.slack.send import Slack
from connectors.store import decisions, silences
from connectors.store.announcements import resend_unsent
from connectors.store.at_risk import put_on, settle, unsettled
from connectors.store.engine import lock_slice, open_store, reading
from dags.deciding import broken_feeds
from dags.looking import existing_lake
from dags.operations import lay_down_ends
from dags.plan import FIRST_YEAR, applied, bank_holidays, chosen_standards, zones
from dags.readable import is_damaged, readable
from dags.routing import Router
from dags.standing_list import keep_lists

Say = Callable[[str], None]
BrokenFeeds = Sequence[tuple[str, str]]
Damaged = tuple[tuple[str, str], ...]
LONGEST = 24 * 31
_PENDING_OR_LISTED = """
select measure, "force", case_id, area, state, due_at, clock_stopped_at
from judged
where (state = 'pending' and due_at <= $until) or list_contains($listed, "force" || '/' || case_id)
"""


@dataclass(frozen=True)
class Seen:
    """What a watch found: the open clocks that run out soon, the feeds it cannot see by, and what is newly listed;
    `damaged`: the (force, log) whose files in the lake cannot be read."""

    clocks: tuple[Clock, ...]
    blind: tuple[tuple[str, str], ...]
    added: int
    damaged: Damaged = ()


def within_hours(text: str) -> timedelta | None:
    """`--within` or PLEDGE_WATCH_HOURS as one horizon for every promise; '' = each promise's own."""
    if not text.strip():
        return None
    try:
        hours = float(text)
    except ValueError:
        hours = 0
    if not 0 < hours <= LONGEST:
        raise UsageError("--within", f"{text} is no number of hours", f"more than 0, at most {LONGEST}", "Correct it.")
    return timedelta(hours=hours)


def watch(
    settings: Settings,
    as_at: datetime,
    now: datetime,
    within: timedelta | None = None,
    seconds: float | None = None,
    slack: Slack | None = None,
) -> Seen | None:
    """One watch: list what runs out soon, note what became of what was listed, bring Slack's lists up to date.

    Args:
        as_at: the moment judged from; `now` is the clock's time, by which messages age. Both timezone-aware.
        within: one horizon for every promise, instead of each one's own.
        seconds: after so long the judging stops, nothing is written, and None is returned.
        slack: None = the one of the settings, if it is set up.

    Raises:
        UsageError, NotAnsweringError: the lake or the store cannot be used. Slack failing raises nothing, nor does a
            log that cannot be read: it is named, the others are watched.
    """
    until = None if seconds is None else time.monotonic() + seconds
    standards = chosen_standards(settings, settings.nightly_standards.split())
    horizons = {name: within or _horizon(name, standards) for name in WATCHED if name in measures()}
    engine = open_store(settings.store, create=False)
    with reading(engine) as conn:
        listed = unsettled(conn, as_at)
        today = as_at.astimezone(ZoneInfo(zones(settings, [ALL])[ALL])).date()
        blind = broken_feeds(conn, settings, today)
    found = _judged(settings, standards, as_at, horizons, listed, until)
    if found is None:
        return None
    judged, damaged = found
    seeing = [clock for clock in judged if not is_blind(clock.measure, clock.force, blind)]
    open_clocks = at_risk(seeing, as_at, horizons)
    is_set_up = bool(settings.slack_token and settings.slack_channel)
    with engine.begin() as conn:
        lock_slice(conn, "announcements")
        _settle(conn, judged, blind, damaged, as_at)
        placed = _placed(open_clocks, Router(settings, now), silences.standing(conn), standards)
        added = put_on(conn, placed, as_at)
        if is_set_up:
            by_channel: dict[str, list[Clock]] = defaultdict(list)
            for clock, channel in placed:
                by_channel[channel].append(clock)
            lists = {channel: groups(clocks) for channel, clocks in by_channel.items()}
            keep_lists(conn, settings, lists, blind, as_at, now, damaged)
            lay_down_ends(conn, settings, now)
    if is_set_up:
        slack = slack or Slack(settings.slack_token, settings.slack_url)
        resend_unsent(engine, slack, now)
        decisions.push_edits(engine, slack)
    return Seen(tuple(open_clocks), tuple(blind), added, damaged)


def _horizon(name: str, standards: Sequence[Standard]) -> timedelta:
    rules = [rule for standard in standards for rule in standard.rules if rule.measure == name]
    return horizon(rules, measures()[name].periods)


def is_blind(measure: str, force: str, blind: BrokenFeeds) -> bool:
    """Whether a log this measure is read from is dead or unfit in this force."""
    return any(log in measures()[measure].logs and about in (force, ALL) for about, log in blind)


def _settle(conn: Connection, judged: Sequence[Clock], blind: BrokenFeeds, damaged: Damaged, as_at: datetime) -> None:
    """Note what became of the listed clocks. Read again here: another watch may have settled or listed some."""
    by_case: dict[tuple[str, str, str], list[Clock]] = defaultdict(list)
    for clock in judged:
        by_case[clock.case].append(clock)
    for each in unsettled(conn, as_at):
        if each.measure not in measures() or is_blind(each.measure, each.force, blind):
            continue
        if is_damaged(measures()[each.measure], each.force, damaged):
            continue
        own = by_case[each.case]
        found = outcome(each, own)
        if found is not None:
            stops = [clock.stopped_at for clock in own if clock.due_at == each.due_at and clock.stopped_at]
            settle(conn, each, found, min(stops[0] if found == "saved" and stops else as_at, as_at))


def _placed(
    clocks: Sequence[Clock], router: Router, standing: Sequence[StandingSilence], standards: Sequence[Standard]
) -> list[tuple[Clock, str]]:
    """Each clock with the channel it is listed in; those that somebody has silenced are not listed."""
    placed = []
    for clock in clocks:
        found = (rule_for(standard, clock.measure, clock.force) for standard in standards)
        severity = next((rule.severity for rule in found if rule), "")
        commitment = measures()[clock.measure].commitment
        subject = Subject(Kind.AT_RISK, clock.force, clock.area, commitment, clock.measure, severity)
        if not router.muting(standing, subject):
            placed.append((clock, router.choose(subject).route.channel))
    return placed


def _judged(
    settings: Settings,
    standards: Sequence[Standard],
    as_at: datetime,
    horizons: Mapping[str, timedelta],
    listed: Sequence[Listed],
    until: float | None,
) -> tuple[list[Clock], Damaged] | None:
    """The open clocks due within their horizons and whatever became of the listed ones, and the logs (of a force)
    that are damaged; None = out of time."""
    logs = readable(existing_lake(settings))
    holidays = bank_holidays(settings, logs.forces, max(FIRST_YEAR, as_at.year - 2), as_at.year + 1)
    window = Window(as_at, as_at.date() - timedelta(days=LOOK_BACK_DAYS))
    con = connect()

    def judge_all() -> list[Clock] | None:
        files = logs.laid_out()
        prepare(con, window, zones(settings, logs.forces), files, bank_holidays=holidays)
        found: list[Clock] = []
        for name, ahead in horizons.items():
            if until is not None and time.monotonic() > until:
                return None
            measure = measures()[name]
            if all(files.get(log) for log in measure.logs):
                own = [f"{each.force}/{each.case_id}" for each in listed if each.measure == name]
                forces = logs.judgeable(measure, logs.forces)
                found += _clocks(con, measure, standards, forces, as_at + ahead, own)
        return found

    try:
        clocks = judge_all()
    except duckdb.Error:  # what can be read is judged all the same
        logs.leave_out_damaged(con)
        if not logs.damaged:
            raise
        clocks = judge_all()
    finally:
        con.close()
    return None if clocks is None else (clocks, tuple(logs.damaged))


def _clocks(
    con: duckdb.DuckDBPyConnection,
    measure: Measure,
    standards: Sequence[Standard],
    forces: Sequence[str],
    until: datetime,
    listed: Sequence[str],
) -> list[Clock]:
    rules = [rule for force in forces for rule in applied(standards, measure.name, force)]
    if not rules:
        return []
    con.execute("\n".join([rules_script(measure, rules), measure_script(measure)]))
    naive = until.astimezone(UTC).replace(tzinfo=None)
    rows = con.execute(_PENDING_OR_LISTED, {"until": naive, "listed": list(listed)}).fetchall()
    return [
        Clock(name, force, case, area, state, _utc(due), _utc(stop))
        for name, force, case, area, state, due, stop in rows
    ]


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None else None
