"""The budget of a promise in cases: how many more misses a period allows, and when they run out at this pace."""

from __future__ import annotations

from dataclasses import dataclass

from checks.errors import UsageError


@dataclass(frozen=True)
class Budget:
    """What a period still allows; every number is a count of cases or of days.

    Attributes:
        expected_cases: judged and pending cases foreseen for the whole period, never fewer than already seen.
        allowed: misses the whole period allows.
        left: misses still allowed, 0 once broken.
        already_broken: even if every case still to come is met, the target cannot be reached.
        runs_out_on_day: first day of the period (1 = its first) by whose end, at this pace, more cases have been
            missed than are allowed; None = not within the period, or no day has passed yet.
        too_few: the period is foreseen to end below the minimum n, so that it will get no verdict.
    """

    expected_cases: int
    allowed: int
    left: int
    already_broken: bool
    runs_out_on_day: int | None
    too_few: bool


def budget(
    met: int,
    missed: int,
    pending: int,
    target_numerator: int,
    target_denominator: int,
    minimum_n: int,
    days_elapsed: int,
    days_in_period: int,
    expected_cases: int | None = None,
) -> Budget:
    """Work the budget out in integers: kept means met × denominator >= numerator × (met + missed).

    Args:
        expected_cases: cases foreseen for the whole period; None = as many a day as so far, rounded down.

    Raises:
        UsageError: counts, days or target that cannot be.
    """
    _check(met, missed, pending, target_numerator, target_denominator, days_elapsed, days_in_period)
    seen = met + missed + pending
    foreseen = seen * days_in_period // days_elapsed if expected_cases is None and days_elapsed else expected_cases or 0
    # A finished period has no cases to come, whatever was foreseen.
    total = seen if days_elapsed == days_in_period else max(seen, foreseen)
    allowed = total * (target_denominator - target_numerator) // target_denominator
    return Budget(
        expected_cases=total,
        allowed=allowed,
        left=max(0, allowed - missed),
        already_broken=missed > allowed,
        runs_out_on_day=_runs_out(missed, allowed, days_elapsed, days_in_period),
        too_few=total < minimum_n,
    )


def _runs_out(missed: int, allowed: int, days_elapsed: int, days_in_period: int) -> int | None:
    if not missed:
        return None
    if missed > allowed:
        return days_elapsed
    if not days_elapsed:
        return None
    # Day d by which missed × d ÷ elapsed first exceeds what is allowed.
    day = allowed * days_elapsed // missed + 1
    return day if day <= days_in_period else None


def _check(met: int, missed: int, pending: int, numerator: int, denominator: int, elapsed: int, days: int) -> None:
    if min(met, missed, pending) < 0:
        found = f"{met} met, {missed} missed, {pending} pending"
        raise UsageError("budget", found, "no negative count", "Correct the counts handed over.")
    if not 0 <= numerator <= denominator or denominator < 1:
        found = f"a target of {numerator}/{denominator}"
        raise UsageError("budget", found, "a share from 0 to 1", "Correct the standard.")
    if not 0 <= elapsed <= days or days < 1:
        found = f"day {elapsed} of {days}"
        raise UsageError("budget", found, "0 <= days elapsed <= days in the period", "Correct the days.")
