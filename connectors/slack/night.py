"""What one night's digest tells: plain facts, already judged. `message.py` puts them into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction


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
class Restatement:
    """A figure said before that is different now; `why` in a few words."""

    before: Figure
    after: Figure
    why: str = ""


@dataclass(frozen=True)
class Night:
    """Everything the digest of one night says.

    `local_day` is the day that was judged, `as_at` timezone-aware UTC. `figures` are those of one standard,
    none twice: the force's own and, beside them, its areas'. `link` is the page's http(s) address, or ''.
    """

    run_id: str
    as_at: datetime
    local_day: date
    figures: tuple[Figure, ...]
    commitments: tuple[CommitmentVerdict, ...] = ()
    deliveries: tuple[BadDelivery, ...] = ()
    restatements: tuple[Restatement, ...] = ()
    link: str = ""
