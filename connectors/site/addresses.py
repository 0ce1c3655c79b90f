"""The permanent addresses of the site's pages below its root: one place, so that subjects can link to each other.

Addresses do not change: a period's page is found where it was, whatever is added to the site.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

INDEX = "index.html"
STYLE = "site.css"
_SAFE = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_RUN = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{1,40}")
# A folder's own page, and names some file systems keep to themselves.
_RESERVED = re.compile(r"index|con|prn|aux|nul|com\d|lpt\d")


def part(name: str) -> str:
    """One part of an address: a slug as it is, any other text as what is safe of it and a hash of the whole."""
    if _SAFE.fullmatch(name) and not _RESERVED.fullmatch(name):
        return name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower())[:40].strip("-")
    return "-".join(filter(None, (readable, hashlib.sha256(name.encode()).hexdigest()[:10])))


def period_part(period: str, start: date) -> str:
    """`2026-03`, `2026`, `2025-04-to-2026-03` (twelve months), `2026-03-01`."""
    if period == "month":
        return f"{start:%Y-%m}"
    if period == "year":
        return f"{start:%Y}"
    if period == "rolling_12_months":
        last = start.year * 12 + start.month + 10
        return f"{start:%Y-%m}-to-{last // 12:04}-{last % 12 + 1:02}"
    return start.isoformat()


def periods() -> str:
    return "periods/index.html"


def period(period: str, start: date) -> str:
    """All forces in one period."""
    return f"periods/{period_part(period, start)}/index.html"


def force_period(period: str, start: date, force: str) -> str:
    """The ten commitments of a force in one period."""
    return f"periods/{period_part(period, start)}/{part(force)}.html"


def forces() -> str:
    return "forces/index.html"


def force(force: str) -> str:
    """A force now: its newest closed month, the open one, its feeds, its earlier months."""
    return f"forces/{part(force)}/index.html"


def measures() -> str:
    return "measures/index.html"


def measure(measure: str) -> str:
    """A measure in all forces: its definition and the figures beside each other."""
    return f"measures/{part(measure)}/index.html"


def force_measure(measure: str, force: str) -> str:
    """A measure of one force through time: chart, definition, sensitivity, delays."""
    return f"measures/{part(measure)}/{part(force)}.html"


def places(measure: str, force: str, number: int = 1) -> str:
    """A measure in the areas and neighbourhoods of a force; `number` of the page, where they fill several."""
    return f"measures/{part(measure)}/{part(force)}/places{'' if number == 1 else f'-{number}'}.html"


def download(page: str, form: str) -> str:
    """The table of a page as a file: `csv`, `json` or `xlsx`."""
    return f"{page.removesuffix('.html')}.{form}"


def comparing(measure: str = "") -> str:
    """Forces and neighbourhoods beside each other."""
    return f"compare/{part(measure) if measure else 'index'}.html"


def breaches(force: str = "") -> str:
    return f"breaches/{part(force) if force else 'index'}.html"


def breaches_of(force: str, measure_or_month: str, form: str = "html") -> str:
    """The register of a force by one measure, or by one month (`2026-03`); `csv`: all rows of it."""
    return f"breaches/{part(force)}/{part(measure_or_month)}.{form}"


def integrity(force: str = "") -> str:
    return f"integrity/{part(force) if force else 'index'}.html"


def quality(force: str = "") -> str:
    return f"data-quality/{part(force) if force else 'index'}.html"


def runs() -> str:
    return "runs/index.html"


def runs_of(year: str) -> str:
    return f"runs/{year}/index.html"


def run(run_id: str) -> str:
    """What one run said; written once."""
    return f"runs/{run_id if _RUN.fullmatch(run_id) else part(run_id)}/index.html"


def restatements() -> str:
    return "restatements/index.html"


def chain() -> str:
    return "chain/index.html"


def standards() -> str:
    return "standards/index.html"


def standard(name: str) -> str:
    return f"standards/{part(name)}.html"


def not_measured() -> str:
    return "not-measured/index.html"


def method() -> str:
    return "method/index.html"


def a_to_z() -> str:
    return "a-z/index.html"
