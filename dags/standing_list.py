"""The standing at-risk list of each channel: begun when there is something to say, edited in place, renewed in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from checks.at_risk import Group, Outcome
from checks.commitment import measures
from checks.errors import UsageError
from connectors.settings import Settings
from connectors.slack.watch_message import WatchList, ended_message, watch_message
from connectors.sources.forces import DEFAULT_ZONE
from connectors.store.at_risk import begin_list, channels_with_lists, rewrite_list, settled_since, standing_list
from connectors.store.read import read_table
from dags.plan import zones


def keep_lists(
    conn: Connection,
    settings: Settings,
    lists: Mapping[str, Sequence[Group]],
    blind: Sequence[tuple[str, str]],
    as_at: datetime,
    now: datetime,
    damaged: Sequence[tuple[str, str]] = (),
) -> None:
    """Bring the list of every channel up to date in the store: one that stands is edited, else one is begun.

    Args:
        lists: what runs out soon, by channel. A channel of which nothing is said gets no new list.
        as_at: the moment judged from; messages age by `now`.
        blind: the (force, log) that are absent or unfit; `damaged`: those whose files cannot be read.
    """
    renew_after = timedelta(hours=renew_hours(settings))
    admitted_at = max((row["received_at"] for row in read_table(conn, "deliveries")), default=None)
    for channel in sorted({*lists, *channels_with_lists(conn)}):
        own = tuple(lists.get(channel, ()))
        told = replace(_told(conn, settings, channel, own, blind, as_at, admitted_at), damaged=tuple(damaged))
        standing = standing_list(conn, channel)
        old_key = standing.key.removeprefix(f"{channel}/") if standing is not None else ""
        if standing is not None and (now - standing.created_at < renew_after or not own):
            rewrite_list(conn, channel, watch_message(old_key, told))
        elif own:
            if standing is not None:
                rewrite_list(conn, channel, ended_message(old_key, as_at, DEFAULT_ZONE))
            begin_list(conn, channel, watch_message(f"at_risk/{now:%Y-%m-%dT%H%MZ}", told), now)


def renew_hours(settings: Settings) -> int:
    """After how many hours a new list is begun instead of editing the old one."""
    text = settings.slack_watch_hours.strip()
    if not text.isdecimal() or not 0 < int(text) < 1000:
        raise UsageError("PLEDGE_SLACK_WATCH_HOURS", "not a number of hours", "1 to 999", "Correct it.")
    return int(text)


def _told(
    conn: Connection,
    settings: Settings,
    channel: str,
    own: tuple[Group, ...],
    blind: Sequence[tuple[str, str]],
    as_at: datetime,
    admitted_at: datetime | None,
) -> WatchList:
    zone = ZoneInfo(DEFAULT_ZONE)
    today = as_at.astimezone(zone).date()
    ended = settled_since(conn, channel, as_at - timedelta(days=3))

    def counts(outcome: Outcome) -> tuple[int, int]:
        days = [each.settled_at.astimezone(zone).date() for each in ended if each.outcome == outcome]
        return days.count(today), days.count(today - timedelta(days=1))

    return WatchList(
        as_at,
        own,
        {group.measure: measures()[group.measure].title for group in own},
        zones(settings, sorted({group.force for group in own})),
        DEFAULT_ZONE,
        counts(Outcome.SAVED),
        counts(Outcome.MISSED),
        tuple(blind),
        admitted_at,
    )
