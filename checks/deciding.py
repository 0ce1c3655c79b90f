"""Decides what is said of a promise after a run, or why nothing is said. Pure; the words are those of `changes.py`.

A miss opens an *episode*: it is announced once (`first_miss`), again at most every N days (`still_missed`), and
closed by one `kept_again` that says since when. A miss that chance explains, or of too few cases, opens none.

Only closed periods are decided. What was announced is part of the question, so that the same run decides the same
twice, and a night whose run was killed is made good by the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from checks.chance import RARE
from checks.changes import Change, Decision, Judged, Kind, Promise, Reason, Said, Silence
from checks.feeds import Gap, last_day
from checks.verdict import Verdict

SAY_AGAIN_DAYS = 7
"""A miss that goes on is said again after this many days."""
NEWS_DAYS = {"day": 7, "month": 35}
"""A figure first judged longer after the end of its period than this is history, not news."""
NOTABLE = 0.05
"""A restated rate that moved by less, within the same verdict, is not worth a line."""


@dataclass(frozen=True)
class Night:
    """What holds for every promise of one night: `today` is the local day that is still open."""

    today: date
    gaps: Mapping[str, Sequence[Gap]]
    every_days: int = SAY_AGAIN_DAYS

    def muted_by(self, promise: Promise, figure: Judged) -> str:
        """The log whose gap the figure falls into, or ''."""
        end = last_day(promise.period, figure.period_start)
        gaps = self.gaps.get(promise.force, ())
        return next((gap.log for gap in gaps if gap.blocks(promise.logs, figure.period_start, end)), "")


def decide(
    promise: Promise,
    before: Sequence[Judged],
    after: Sequence[Judged],
    said: Said | None,
    night: Night,
    *,
    judged_before: bool = False,
) -> list[Decision]:
    """What a run's figures of one promise lead to.

    Args:
        before: its figures as the last run left whose changes were decided; those no longer changed may be left out.
        after: its figures as this run leaves them, in order; at least those that changed.
        said: the newest announcement about it, None = never any.
        judged_before: whether any earlier period could be judged (else not being judged is nothing new).

    Returns:
        One decision for each figure of `after`. Of a miss and its end in the same run only the end is said.
    """
    old = {figure.period_start: figure for figure in before}
    decisions: list[Decision] = []
    can = judged_before or any(_is_judged(figure) for figure in before)
    for figure in after:
        was = old.get(figure.period_start)
        if last_day(promise.period, figure.period_start) >= night.today or figure.verdict == Verdict.IN_PROGRESS:
            decision: Decision = Silence(Kind.AT_RISK, promise, figure, Reason.PERIOD_OPEN)
        elif was is not None and not _is_first_judged(was, figure):
            decision = _restated(promise, was, figure, said, night)
        elif _is_history(promise, was, figure, night):
            decision = _silence(promise, figure, Reason.HISTORY)
        elif said and figure.period_start <= said.period_start:
            decision = _silence(promise, figure, Reason.ALREADY_SAID)
        else:
            decision = _story(promise, figure, said, night, can)
        can = can or _is_judged(figure)
        said = _after(decision, said)
        decisions.append(decision)
    return _without_overtaken(decisions)


def _is_first_judged(was: Judged, now: Judged) -> bool:
    """What was open, or could not be judged and now can, was not said before: there is nothing to correct."""
    was_blind = was.verdict == Verdict.CANNOT_JUDGE and now.verdict != Verdict.CANNOT_JUDGE
    return was.verdict == Verdict.IN_PROGRESS or was_blind


def _is_history(promise: Promise, was: Judged | None, now: Judged, night: Night) -> bool:
    """A period that was kept open by its own cases is news whenever it closes."""
    kept_open = was is not None and was.verdict == Verdict.IN_PROGRESS
    news_from = night.today - timedelta(days=NEWS_DAYS.get(promise.period, 35))
    return not kept_open and last_day(promise.period, now.period_start) < news_from


def _is_judged(figure: Judged) -> bool:
    return figure.verdict in (Verdict.KEPT, Verdict.MISSED, Verdict.TOO_FEW)


def _silence(promise: Promise, figure: Judged, reason: Reason, detail: str = "") -> Silence:
    return Silence(_would_be(figure), promise, figure, reason, detail)


def _would_be(figure: Judged) -> Kind:
    kinds = {Verdict.KEPT: Kind.KEPT_AGAIN, Verdict.CANNOT_JUDGE: Kind.CANNOT_JUDGE}
    return kinds.get(Verdict(figure.verdict), Kind.FIRST_MISS)


def _story(promise: Promise, figure: Judged, said: Said | None, night: Night, can: bool) -> Decision:
    """A period judged for the first time."""
    muted_by = night.muted_by(promise, figure)
    if muted_by:
        return _silence(promise, figure, Reason.MUTED_BY_FEED, muted_by)
    match figure.verdict:
        case Verdict.CANNOT_JUDGE:
            return _blind(promise, figure, said, can)
        case Verdict.MISSED:
            return _missed(promise, figure, said, night)
        case Verdict.KEPT:
            return _kept(promise, figure, said)
        case Verdict.TOO_FEW if figure.rate is not None and figure.rate < (figure.target or 0):
            return _silence(promise, figure, Reason.BELOW_MINIMUM_N, f"{figure.denominator} cases")
        case Verdict.NO_TARGET:
            return _silence(promise, figure, Reason.NO_TARGET)
        case _:
            return _silence(promise, figure, Reason.AS_PROMISED)


def _blind(promise: Promise, figure: Judged, said: Said | None, can: bool) -> Decision:
    if said and said.kind is Kind.CANNOT_JUDGE:
        return _silence(promise, figure, Reason.STILL_BLIND, f"said for {said.since}")
    if not can:
        return _silence(promise, figure, Reason.NEVER_JUDGED)
    # An open episode stays the one that is closed later: the promise has not been kept since.
    return Change(Kind.CANNOT_JUDGE, promise, figure, said.since if said and said.is_open else figure.period_start)


def _missed(promise: Promise, figure: Judged, said: Said | None, night: Night) -> Decision:
    if said and said.is_open:
        days = (figure.period_start - said.period_start).days
        if days >= night.every_days:
            return Change(Kind.STILL_MISSED, promise, figure, said.since)
        silence = _silence(promise, figure, Reason.SAID_RECENTLY, f"{days} days before")
        return replace(silence, kind=Kind.STILL_MISSED)
    reason = _unalarming(figure)
    return (
        _silence(promise, figure, reason) if reason else Change(Kind.FIRST_MISS, promise, figure, figure.period_start)
    )


def _unalarming(figure: Judged) -> Reason | None:
    """Why a miss does not alarm: the chart decides, unless chance alone explains what it takes for a signal; where
    there is no chart yet, the figure's own interval."""
    if figure.signal == "common_cause":
        return Reason.STEADILY_BELOW if figure.assurance == "consistently_missed" else Reason.ORDINARY_VARIATION
    if figure.signal == "special_cause_improving":
        return Reason.IMPROVING
    if figure.chance is not None and figure.chance >= RARE:
        return Reason.MAY_BE_CHANCE
    if figure.signal in ("", "no_limits") and figure.target is not None and figure.target < 1:
        return Reason.MAY_BE_CHANCE if (figure.rate_high or 0) >= figure.target else None
    return None


def _kept(promise: Promise, figure: Judged, said: Said | None) -> Decision:
    if said is None or not (said.is_open or said.kind is Kind.CANNOT_JUDGE):
        return _silence(promise, figure, Reason.AS_PROMISED)
    if figure.depends_on_unknown:
        return _silence(promise, figure, Reason.DEPENDS_ON_UNKNOWN)
    was_blind = said.kind is Kind.CANNOT_JUDGE
    return Change(Kind.KEPT_AGAIN, promise, figure, said.since, closes=True, was_blind=was_blind)


def _restated(promise: Promise, was: Judged, now: Judged, said: Said | None, night: Night) -> Decision:
    if was.says == now.says:
        return Silence(Kind.RESTATED, promise, now, Reason.UNCHANGED)
    muted_by = night.muted_by(promise, now)
    if muted_by and now.verdict == Verdict.CANNOT_JUDGE:
        return Silence(Kind.RESTATED, promise, now, Reason.MUTED_BY_FEED, muted_by)
    moved = abs((now.rate or 0) - (was.rate or 0))
    judged = now.verdict in (Verdict.KEPT, Verdict.MISSED)
    if was.verdict == now.verdict and not (judged and moved >= NOTABLE):
        return Silence(Kind.RESTATED, promise, now, Reason.RESTATED_SLIGHTLY)
    if was.verdict != now.verdict and not {was.verdict, now.verdict} & {Verdict.MISSED, Verdict.CANNOT_JUDGE}:
        return Silence(Kind.RESTATED, promise, now, Reason.RESTATED_SLIGHTLY, f"{was.verdict} to {now.verdict}")
    # The one day an open episode rests on was kept after all: there is nothing left to be kept again.
    closes = bool(said and said.is_open and said.since == said.period_start == now.period_start)
    closes = closes and now.verdict == Verdict.KEPT
    return Change(Kind.RESTATED, promise, now, now.period_start, before=was, closes=closes)


def _after(decision: Decision, said: Said | None) -> Said | None:
    """The newest announcement once this decision is carried out."""
    if isinstance(decision, Silence) or (decision.kind is Kind.RESTATED and not decision.closes):
        return said
    kind = Kind.KEPT_AGAIN if decision.closes else decision.kind
    return Said(kind, decision.figure.period_start, decision.since)


def _without_overtaken(decisions: list[Decision]) -> list[Decision]:
    """Of several stories of one promise in one run the last is told; the end of an announced episode stays."""
    told = [n for n, each in enumerate(decisions) if isinstance(each, Change) and each.kind is not Kind.RESTATED]
    opened = {each.since for each in decisions if isinstance(each, Change) and each.kind is Kind.FIRST_MISS}
    kept = decisions.copy()
    last = kept[told[-1]] if told else None
    if isinstance(last, Change) and last.kind is Kind.STILL_MISSED and last.since in opened:
        kept[told[-1]] = replace(last, kind=Kind.FIRST_MISS)  # nobody has been told of its beginning
    for n in told:
        change = kept[n]
        assert isinstance(change, Change)
        if change.closes and change.since in opened:
            kept[n] = change = replace(change, was_unsaid=True)
        if n != told[-1] and not (change.closes and not change.was_unsaid):
            kept[n] = Silence(change.kind, change.promise, change.figure, Reason.OVERTAKEN, "by a later period")
    return kept
