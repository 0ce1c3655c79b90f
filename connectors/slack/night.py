"""What one night's messages tell: plain facts, already judged and decided. Other modules put them into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from checks.changes import Change, Judged, Reason


@dataclass(frozen=True)
class Figure:
    """One judged figure of a force ('' = no area) or of one of its areas; the counts are those of `verdicts`.

    `target` is a share (0.9), `rate_low` and `rate_high` the 95 % Wilson interval as shares. `title` is
    the measure in plain words, `limit` its limit ('10 seconds') or ''.
    """

    force: str
    measure: str
    title: str
    commitment: int
    verdict: str
    period: str
    period_start: date
    numerator: int
    denominator: int
    area: str = ""
    unknown: int = 0
    target: float | None = None
    rate_low: float | None = None
    rate_high: float | None = None
    depends_on_unknown: bool = False
    limit: str = ""

    @property
    def missed(self) -> int:
        return self.denominator - self.numerator

    @property
    def exact_target(self) -> Fraction:
        """The target as written, because 0.9 in binary is not nine tenths."""
        return Fraction(str(self.target)) if self.target is not None else Fraction(0)

    @property
    def beyond_allowance(self) -> int:
        """How many more were missed than the promise allows."""
        return self.missed - int((1 - self.exact_target) * self.denominator)

    @property
    def may_be_chance(self) -> bool:
        """Is the target inside the interval? (A promise of every single case is broken by one.)"""
        return self.target is not None and self.target < 1 and (self.rate_high or 0) >= self.target


@dataclass(frozen=True)
class CommitmentVerdict:
    """One of the ten commitments of a force; `decided_by` are titles of measures."""

    force: str
    number: int
    verdict: str
    decided_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadDelivery:
    """A log that came unfit (`unfit`) or did not come (`absent`), with a reason free of values."""

    force: str
    log: str
    fitness: str
    reason: str = ""


@dataclass(frozen=True)
class Night:
    """Everything the digest of one night says.

    `local_day` is the day that was judged, `as_at` timezone-aware UTC. `figures` are those of one standard,
    none twice: the force's own and, beside them, its areas'. `link` is the page's http(s) address, or ''.
    `chain_head` is the newest sealed run's place in the audit chain and its hash, None while none is sealed.
    """

    run_id: str
    as_at: datetime
    local_day: date
    figures: tuple[Figure, ...]
    commitments: tuple[CommitmentVerdict, ...] = ()
    deliveries: tuple[BadDelivery, ...] = ()
    link: str = ""
    chain_head: tuple[int, str] | None = None


@dataclass(frozen=True)
class Item:
    """One change as a channel is told it.

    `key` names its announcement; `title` and `limit` are the measure's in plain words (a feed: `title` is the log).
    `standard` is the standard's title where several judge, `owner` who has to act, `mention` the ID of the user group
    to call; all may be ''. `mutes` are the titles that cannot be judged while a feed is down.
    """

    key: str
    change: Change
    title: str
    limit: str = ""
    owner: str = ""
    standard: str = ""
    mutes: tuple[str, ...] = ()
    mention: str = ""

    @property
    def figure(self) -> Figure:
        return self.of(self.change.figure)

    def of(self, judged: Judged) -> Figure:
        """A figure of this promise, for the wording of figures."""
        promise = self.change.promise
        return Figure(
            force=promise.force,
            measure=promise.measure,
            title=self.title,
            commitment=promise.commitment or 0,
            verdict=judged.verdict,
            period=promise.period,
            period_start=judged.period_start,
            numerator=judged.numerator,
            denominator=judged.denominator,
            area=promise.area,
            unknown=judged.unknown,
            target=judged.target,
            rate_low=judged.rate_low,
            rate_high=judged.rate_high,
            depends_on_unknown=judged.depends_on_unknown,
            limit=self.limit,
        )


@dataclass(frozen=True)
class Told:
    """What one channel is told of one night.

    `items` are its changes, `still` those said in the thread of an earlier message, `quiet` the missed figures that
    did not alarm and why; `silences` counts all decisions to say nothing, `silenced` (by the id of a standing silence)
    what would have been said; `elsewhere` counts the new misses this channel is not told, by the words for where they
    are. `is_digest`: the channel that gets the
    proof of life. `number` counts the messages of one channel and day: a later run may have more to say.
    """

    night: Night
    items: tuple[Item, ...] = ()
    still: tuple[Item, ...] = ()
    quiet: tuple[tuple[Figure, Reason], ...] = ()
    silences: Mapping[Reason, int] = field(default_factory=dict)
    is_digest: bool = True
    number: int = 1
    silenced: Mapping[str, int] = field(default_factory=dict)
    elsewhere: Mapping[str, int] = field(default_factory=dict)
