"""Published figures as process-behaviour charts: what makes a series, which way is good, what a figure's chart says.

A figure is on a chart once its period is over and every case of it decided, where it can be judged and has a rate.
A chart never mixes shares of cases with measured shares of hours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from checks.commitment import Measure, measures
from checks.revision import LOOK_BACK_DAYS
from checks.spc import DEFAULT_RULES, Point, Rebase, Series, Variation, signal
from checks.statistics import Direction
from checks.verdict import Verdict

Row = Mapping[str, Any]
Rebases = Mapping[tuple[str, str], Sequence[Rebase]]  # by force and measure
SeriesKey = tuple[Any, ...]

SERIES = ("standard", "measure", "force", "area", "period")
CHARTED_PERIODS = ("day", "month")
# A day's chart is read on the days just before it; only recent days are worth a signal.
DAYS_BEFORE = 90
DAYS_WITH_SIGNAL = 35
# Of a promise with few cases those days may lie far apart; older ones than these say nothing of the present.
DAYS_REACH = LOOK_BACK_DAYS
NO_SIGNAL: Row = {"signal": "", "signal_rules": "", "signal_why": "", "assurance": "", "trial": False}


def is_final(figure: Row) -> bool:
    """Whether the figure's period is over, its cases decided and judgeable, and it has a rate."""
    if figure["verdict"] in (Verdict.IN_PROGRESS, Verdict.CANNOT_JUDGE):
        return False
    return 0 <= figure.get("numerator", 0) <= figure.get("denominator", 0) > 0


def is_measured(figure: Row) -> bool:
    """Whether its rate is a share of what was measured (hours, officer days) and not of cases."""
    judged = figure.get("met", 0) + figure.get("missed", 0)
    beyond_cases = figure.get("denominator", 0) > judged + figure.get("unknown", 0)
    return figure.get("timed", 0) > 0 and (not judged or beyond_cases)


def direction_of(measure: Measure, measured: bool) -> Direction:
    """Which way is good: more cases met always; of a measured share what the measure's SQL says (`at_least`)."""
    return Direction.HIGHER_IS_BETTER if not measured or measure.more_is_better else Direction.LOWER_IS_BETTER


def first_day_read(today: date) -> date:
    """The first day whose figure a chart that is read today can hold."""
    return today - timedelta(days=DAYS_WITH_SIGNAL + DAYS_REACH)


class Charts:
    """The series of all final figures known, and what the chart of each says as it stood at its period."""

    def __init__(self, figures: Iterable[Row], rebases: Rebases, today: date, rules: str = DEFAULT_RULES) -> None:
        """`figures` are rows of `verdicts`, each once; of those with a neighbourhood nothing is charted."""
        self._rebases, self._today, self._rules = rebases, today, rules
        found: dict[SeriesKey, list[Point]] = defaultdict(list)
        for figure in figures:
            if _is_charted(figure):
                at, part, whole = figure["period_start"], figure["numerator"], figure["denominator"]
                found[_key(figure)].append(Point(at, part / whole, whole))
        self._points = {key: sorted(points, key=attrgetter("at")) for key, points in found.items()}

    def signal_of(self, figure: Row) -> Row:
        """The columns of `NO_SIGNAL` as the chart of the figure's series says up to and including its period."""
        oldest = self._today - timedelta(days=DAYS_WITH_SIGNAL)
        is_day = figure["period"] == "day"
        if not _is_charted(figure) or (is_day and figure["period_start"] < oldest):
            return NO_SIGNAL
        points = self._points[_key(figure)]
        end = bisect_right(points, figure["period_start"], key=attrgetter("at"))
        said = self._read(figure, _days_before(points[:end]) if is_day else points[:end], only_newest=True)
        return {
            "signal": said.variation.value,
            "signal_rules": said.rules.name,
            "signal_why": "; ".join(reason.in_words for reason in said.points[-1].reasons),
            "assurance": "" if is_day or _is_too_short(said, figure) else said.assurance.value,
            "trial": said.trial,
        }

    def chart_of(self, figure: Row) -> Series:
        """The whole chart of the series whose newest figure this is; of days, that day and the 90 before it."""
        points = self._points[_key(figure)]
        return self._read(figure, _days_before(points) if figure["period"] == "day" else points)

    def _read(self, figure: Row, points: Sequence[Point], only_newest: bool = False) -> Series:
        measured = is_measured(figure)
        direction = direction_of(measures()[figure["measure"]], measured)
        target = None if measured else figure.get("target")  # a target is a share of cases
        rebases = self._rebases.get((figure["force"], figure["measure"]), ())
        return signal(points, target, direction, self._rules, rebases, only_newest=only_newest)


def _days_before(points: Sequence[Point]) -> Sequence[Point]:
    """The newest point and those before it that its chart is read on."""
    oldest = points[-1].at - timedelta(days=DAYS_REACH)
    return [point for point in points[-DAYS_BEFORE - 1 :] if point.at >= oldest]


def _is_charted(figure: Row) -> bool:
    return figure["period"] in CHARTED_PERIODS and not figure.get("neighbourhood") and is_final(figure)


def _is_too_short(said: Series, figure: Row) -> bool:
    """Without limits nothing is said of a target that is there."""
    return said.variation is Variation.NO_LIMITS and figure.get("target") is not None


def _key(figure: Row) -> SeriesKey:
    return (*(figure.get(name, "") for name in SERIES), is_measured(figure))
