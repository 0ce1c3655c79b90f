"""Hands a run's changed figures and feeds, as the store knows them, to what decides about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from checks.chance import chance_of
from checks.changes import Decision, Judged, Promise, Said
from checks.commitment import measures
from checks.deciding import NEWS_DAYS, Night, decide
from checks.errors import UsageError
from checks.feed_states import Feed, decide_feed, feed_states, silent_gaps
from checks.feeds import ALL, Delivered, Gap, gaps
from checks.standard import Standard, rule_for
from checks.verdict import Verdict
from connectors.settings import Settings
from connectors.store import decisions, read
from connectors.store.changed import changed_figures, earlier_counts, ever_judged
from connectors.store.write import run_number
from dags.delivered import delivered_of
from dags.plan import Plan, zones

Row = Mapping[str, Any]
SEVERITIES = ("", "low", "medium", "high")
_MONTH = timedelta(days=31)
CHANCE_FROM = {"day": timedelta(days=90), "month": timedelta(days=3 * 366)}
"""How far back what is usual is read: a day's as far as its chart."""


def decided(conn: Connection, plan: Plan, settings: Settings, standards: Sequence[Standard]) -> list[Decision]:
    """The decisions of a run about every promise that changed since changes were last decided, and every feed."""
    number = run_number(conn, plan.run_id)
    since = decisions.decided_run(conn, number)
    said = decisions.newest_said(conn)
    today = plan.moment.astimezone(ZoneInfo(zones(settings, [ALL])[ALL])).date()
    delivered, reasons = _delivered(conn, settings, number)
    feeds = feed_states(delivered, today, reasons)
    night = Night(today, _gaps(delivered, feeds, today), say_again_days(settings))
    found: list[Decision] = []
    for feed in feeds:
        told = said.get(("", "", feed.force, "", "day", feed.log))
        found.append(decide_feed(feed, told, severity_of_feed(standards, feed.log), today))
    found += _promises(conn, standards, said, night, since, number)
    return found


def broken_feeds(conn: Connection, settings: Settings, today: date) -> list[tuple[str, str]]:
    """The (force, log) that are dead or unfit by all deliveries so far; the force `all` = a file of several."""
    newest = max((row["run_number"] for row in read.run_rows(conn)), default=0)
    delivered, reasons = _delivered(conn, settings, newest)
    return [(feed.force, feed.log) for feed in feed_states(delivered, today, reasons) if feed.state != "fit"]


def say_again_days(settings: Settings) -> int:
    text = settings.slack_say_again_days.strip()
    if not text.isdecimal() or not 0 < int(text) < 1000:
        raise UsageError("PLEDGE_SLACK_SAY_AGAIN_DAYS", "not a number of days", "1 to 999", "Correct it.")
    return int(text)


def _promises(
    conn: Connection,
    standards: Sequence[Standard],
    said: Mapping[tuple[str, ...], Said],
    night: Night,
    since: int,
    number: int,
) -> Iterator[Decision]:
    by_name = {standard.name: standard for standard in standards}
    # A month is news for longer than a day, counted from its end.
    news_from = night.today - timedelta(days=NEWS_DAYS["month"]) - _MONTH
    changed = list(changed_figures(conn, since, number, list(by_name), news_from))
    blind = {key[1] for key, _, after in changed if any(row["verdict"] == Verdict.CANNOT_JUDGE for row in after)}
    judged = ever_judged(conn, since, sorted(blind))
    for key, before, after in changed:
        if key[1] in measures():
            promise = _promise(by_name[key[0]], key, after[-1])
            told = said.get((*key, ""))
            figures = [_judged(row) for row in before], [_weighed(conn, row, number) for row in after]
            yield from decide(promise, *figures, told, night, judged_before=key in judged)


def _weighed(conn: Connection, row: Row, number: int) -> Judged:
    """A figure, with the chance of it where its chart takes it for a bad signal, or where there is no chart and no
    interval tells, because not a single miss was promised."""
    figure = _judged(row)
    untold = figure.signal in ("", "no_limits") and figure.target == 1
    if figure.verdict != Verdict.MISSED or not (untold or figure.signal == "special_cause_concerning"):
        return figure
    earlier = earlier_counts(conn, row, number, CHANCE_FROM.get(row["period"], CHANCE_FROM["month"]))
    return replace(figure, chance=chance_of((figure.numerator, figure.denominator), earlier))


def _promise(standard: Standard, key: tuple[Any, ...], row: Row) -> Promise:
    _, name, force, area, period = key
    rule = rule_for(standard, name, force, row["period_start"])
    measure, severity = measures()[name], rule.severity if rule else ""
    return Promise(standard.name, name, force, area, period, measure.commitment, severity, measure.logs)


def _judged(row: Row) -> Judged:
    return Judged(
        row["period_start"],
        row["verdict"],
        row["numerator"],
        row["denominator"],
        row["unknown"],
        row["target"],
        row["rate_low"],
        row["rate_high"],
        row["signal"],
        row.get("assurance") or "",
        row["depends_on_unknown"],
        row["run_id"],
        row["restated_why"],
    )


def _delivered(conn: Connection, settings: Settings, number: int) -> tuple[list[Delivered], dict[tuple[str, str], str]]:
    """Every delivery up to this run, and the reason of the newest one of each feed."""
    order = {row["run_id"]: row["run_number"] for row in read.run_rows(conn)}
    rows = [row for row in read.read_table(conn, "deliveries") if order[row["run_id"]] <= number]
    rows.sort(key=lambda row: (order[row["run_id"]], row["received_at"]))
    zone = zones(settings, sorted({row["force"] for row in rows}))
    delivered = [delivered_of(row, order[row["run_id"]], zone[row["force"]]) for row in rows]
    return delivered, {(row["force"], row["log"]): row["reason"] for row in rows}


def _gaps(delivered: Sequence[Delivered], feeds: Sequence[Feed], today: date) -> dict[str, list[Gap]]:
    """The days that mute what depends on a log, by force: those of unfit deliveries and those of silence."""
    forces = sorted({each.force for each in delivered})
    silent = silent_gaps(feeds, today)
    return {force: [*gaps(delivered, force), *silent.get(force, ()), *silent.get(ALL, ())] for force in forces}


def severity_of_feed(standards: Sequence[Standard], log: str) -> str:
    """The highest of the promises that depend on it."""
    known = measures()
    rules = [rule for standard in standards for rule in standard.rules if rule.measure in known]
    found = [rule.severity for rule in rules if log in known[rule.measure].logs]
    return max(found, key=lambda each: SEVERITIES.index(each) if each in SEVERITIES else 0, default="")
