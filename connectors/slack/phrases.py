"""Numbers, days and places in words; no rounding may contradict the verdict beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from connectors.slack.blocks import clipped


def percent(numerator: int, denominator: int, target: Fraction) -> str:
    """A share as '87.1 %', with as many places as keep it on its own side of the target.

    899,600 of 1,000,000 against 90 % is '89.96 %', never a '90.0 %' that would look kept.
    """
    if denominator <= 0:
        return "no cases"
    exact = Fraction(numerator, denominator)
    for places in (1, 2, 3, 4, 6, 9):
        shown = Fraction(round(exact * 100 * 10**places), 100 * 10**places)
        if (shown >= target) == (exact >= target) and (shown == 1) == (exact == 1):
            break
    return f"{float(shown * 100):.{places}f} %"


def share_of(numerator: int, denominator: int, target: Fraction) -> str:
    """'87.1 % of 1,204', or 'no cases'."""
    share = percent(numerator, denominator, target)
    return f"{share} of {denominator:,}" if denominator > 0 else share


def whole(target: float | None) -> str:
    """A target as '90 %' or '99.5 %'."""
    return f"{float(Fraction(str(target)) * 100):g} %" if target is not None else "none"


def counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def day(when: date) -> str:
    return f"{when:%A} {when.day} {when:%B %Y}"


def period_of(period: str, start: date) -> str:
    """'Monday 2 November 2026', 'October 2026', '2026', '12 months from November 2025'."""
    if period == "month":
        return f"{start:%B %Y}"
    if period == "year":
        return f"{start:%Y}"
    return f"12 months from {start:%B %Y}" if period == "rolling_12_months" else day(start)


def place(name: str, limit: int) -> str:
    """A slug as a name (`west-mercia` → West Mercia); any other as it is, but for what it may quote."""
    slug = re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    words = [w if w in ("and", "of") else w.capitalize() for w in name.split("-")]
    return clipped(" ".join(words) if slug else without_values(name), limit)


def listed(things: Sequence[str], shown: int = 4, between: str = ", ") -> str:
    """The first few things, and how many more there are."""
    more = len(things) - shown
    return between.join(things[:shown]) + (f" and {more:,} more" if more > 0 else "")


# What a name, a number, an address looks like in a sentence that quotes what was delivered.
_VALUES = re.compile(
    r"\"[^\"]*\"|“[^”]*”|‘[^’]*’|(?<!\w)'[^']*'(?!\w)|`[^`]*`"  # anything quoted
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail addresses
    r"|\b[A-Za-z]{1,2}\d[A-Za-z\d]?\s*\d[A-Za-z]{2}\b"  # postcodes
    r"|\+?\d[\d ()-]{6,}\d"  # telephone and other long numbers
)


def without_values(text: str) -> str:
    """A sentence of another part of the product, without anything it may quote from what was delivered."""
    return _VALUES.sub("…", text)
