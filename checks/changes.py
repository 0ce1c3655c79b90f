"""The words of alerting: what can be said of a promise, the reasons why nothing is said, and about whom. Pure.

A promise is one measure of one force (or one of its areas) by one standard, looked at by days or by months.
`checks/deciding.py` decides which of these words apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """The closed list of announcements."""

    FIRST_MISS = "first_miss"
    STILL_MISSED = "still_missed"
    KEPT_AGAIN = "kept_again"
    CANNOT_JUDGE = "cannot_judge"
    RESTATED = "restated"
    AT_RISK = "at_risk"  # decided by the watch, not here: it is about open periods


ANSWERABLE = (Kind.FIRST_MISS, Kind.STILL_MISSED, Kind.AT_RISK)
"""What can be acknowledged and explained, where it is about a promise and a day: an answer covers a local day."""


class Reason(StrEnum):
    """The closed list of reasons why nothing is said."""

    ORDINARY_VARIATION = "ordinary_variation"
    STEADILY_BELOW = "steadily_below"  # ordinary variation of a process that cannot keep the promise as it is
    IMPROVING = "improving"
    MAY_BE_CHANCE = "may_be_chance"  # the promise lies inside the interval (no chart yet), or chance alone explains it
    BELOW_MINIMUM_N = "below_minimum_n"
    SAID_RECENTLY = "said_recently"
    DEPENDS_ON_UNKNOWN = "depends_on_unknown"  # kept only if the unknown cases are left out: no end of an episode
    SILENCED = "silenced"  # by a standing silence, which somebody laid down
    MUTED_BY_FEED = "muted_by_feed"
    STILL_BLIND = "still_blind"
    NEVER_JUDGED = "never_judged"
    OVERTAKEN = "overtaken"
    RESTATED_SLIGHTLY = "restated_slightly"
    PERIOD_OPEN = "period_open"
    HISTORY = "history"
    ALREADY_SAID = "already_said"
    NO_TARGET = "no_target"
    AS_PROMISED = "as_promised"
    UNCHANGED = "unchanged"

    @property
    def is_routine(self) -> bool:
        """Nothing was held back: counted in the digest, not remembered row by row."""
        return self in _ROUTINE


_ROUTINE = {
    Reason.PERIOD_OPEN, Reason.HISTORY, Reason.ALREADY_SAID, Reason.NO_TARGET, Reason.AS_PROMISED, Reason.UNCHANGED,
    Reason.NEVER_JUDGED,
}  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """What routing matches on. `area` '' = the force as a whole; a feed has `measure` '' and `commitment` None."""

    kind: Kind
    force: str
    area: str
    commitment: int | None
    measure: str
    severity: str


@dataclass(frozen=True)
class Promise:
    """One promise as one standard puts it, seen by one kind of period ('day' or 'month'); `logs` it is read from.

    A feed (`log` × force) is announced by the same rules as a promise: it has `log` and no `measure`.
    """

    standard: str
    measure: str
    force: str
    area: str = ""
    period: str = "day"
    commitment: int | None = None
    severity: str = ""
    logs: tuple[str, ...] = ()
    log: str = ""

    def subject(self, kind: Kind) -> Subject:
        return Subject(kind, self.force, self.area, self.commitment, self.measure, self.severity)


@dataclass(frozen=True)
class Judged:
    """A figure as one run left it: counts, target as a share, 95 % interval as shares, SPC variation or '';
    `run` wrote it. `chance`: how probable so few met are, things being as usual (None = not known)."""

    period_start: date
    verdict: str
    numerator: int = 0
    denominator: int = 0
    unknown: int = 0
    target: float | None = None
    rate_low: float | None = None
    rate_high: float | None = None
    signal: str = ""
    assurance: str = ""
    depends_on_unknown: bool = False
    run: str = ""
    why: str = ""
    chance: float | None = None

    @property
    def rate(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None

    @property
    def says(self) -> tuple[object, ...]:
        return self.verdict, self.numerator, self.denominator, self.unknown


@dataclass(frozen=True)
class Said:
    """The newest announcement about a promise: `since` is the first day of the episode it belongs to."""

    kind: Kind
    period_start: date
    since: date

    @property
    def is_open(self) -> bool:
        return self.kind in (Kind.FIRST_MISS, Kind.STILL_MISSED)


@dataclass(frozen=True)
class Change:
    """Something to say.

    `figure` is what is said now, `before` what a restated figure said; `since` is the start of the episode. `closes`:
    nothing is wrong any more; `was_blind`: of late it could not be judged; `was_unsaid`: the miss that has ended was
    never announced, because its figures came together. A feed's figure has no counts, but a `why`.
    """

    kind: Kind
    promise: Promise
    figure: Judged
    since: date
    before: Judged | None = None
    closes: bool = False
    was_blind: bool = False
    was_unsaid: bool = False

    @property
    def subject(self) -> Subject:
        return self.promise.subject(self.kind)

    @property
    def can_be_answered(self) -> bool:
        return self.kind in ANSWERABLE and not self.promise.log and self.promise.period == "day"


@dataclass(frozen=True)
class Silence:
    """Nothing is said, and why; `kind` is what would have been said, `detail` a few words beside the reason."""

    kind: Kind
    promise: Promise
    figure: Judged
    reason: Reason
    detail: str = ""


Decision = Change | Silence
