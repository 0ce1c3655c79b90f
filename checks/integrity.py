"""Integrity signals: patterns in the records that are worth a look. One SQL file each in `checks/sql/integrity/`.

A signal never says why a pattern is there: a system, a shift or a rounding habit explains most of them. Nothing here
lists the signals: adding `my_signal.sql` with a complete header adds the signal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from scipy.stats import binomtest, false_discovery_control, hypergeom

from checks.errors import UsageError

_SQL = Path(__file__).parent / "sql"
FOLDER = _SQL / "integrity"
HEADINGS = ("Looks for", "Base rate", "Test", "Sentence", "Needs", "Cases", "Source")
_LINE = re.compile(r"^-- (?:(?P<heading>[A-Z][a-z]+(?: [a-z]+)?): +|   +)(?P<text>.+)$")

# Of all that is said to be unusual at most one in a hundred is expected to be chance (Benjamini-Hochberg) …
FALSE_DISCOVERIES = 0.01
# … and it is said only where it is large enough to be worth an hour: not of one case, nor of a sliver.
FEWEST_CASES = 5
SMALLEST_RATIO = 1.25

_AGAINST = {
    "control": "against {base} of those inside the limit",
    "chance": "against {base} expected by chance",
    "rest": "against {base} elsewhere",
}


@dataclass(frozen=True)
class Signal:
    """One signal as its file's header states it; `needs_cases`: it reads judged cases from the view `kept_cases`."""

    name: str
    title: str
    looks_for: str
    base_rate: str
    test: str
    sentence: str
    needs: tuple[str, ...]
    needs_cases: bool
    source: str
    sql: str


def read_signal(path: Path) -> Signal:
    """Read one signal file; raises UsageError when its header is not complete."""
    sql, name, heading = path.read_text("utf-8"), path.stem, ""
    first, *lines = sql.splitlines()
    said: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line)
        if not found:
            break
        heading = found["heading"] or heading
        said[heading] = found["text"] if found["heading"] else f"{said[heading]} {found['text']}"
    absent = [each for each in HEADINGS if each not in said]
    if absent or not first.startswith(f"-- {name}: "):
        lacks = ", ".join(absent) or f"-- {name}: <title>"
        raise UsageError(str(path), f"the header lacks {lacks}", "all headings of a signal", "Add them.")
    return Signal(
        name=name,
        title=first.removeprefix(f"-- {name}: "),
        looks_for=said["Looks for"],
        base_rate=said["Base rate"],
        test=said["Test"],
        sentence=said["Sentence"],
        needs=tuple(need.strip() for need in said["Needs"].split(",") if need.strip() != "none"),
        needs_cases=said["Cases"] != "none",
        source=said["Source"],
        sql=sql,
    )


@cache
def signals() -> dict[str, Signal]:
    """Every signal by name."""
    return {path.stem: read_signal(path) for path in sorted(FOLDER.glob("*.sql"))}


def run(con: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    """Look for one signal in the run's window: one row for each measure, force and area ('' = the whole force).

    Args:
        con: prepared by `checks.judging.prepare`; signals that need cases also read the view `kept_cases`: the
            judged cases of every measure under one standard.

    Returns:
        Rows of signal, force, area, measure, count, of, cases (up to five record references), compared_with
        (`control`, `chance`, `rest` or '' = nothing), base_count, base_of, base_rate, p_value (one-sided; None
        without anything to compare with), p_adjusted, notable, sentence. Also those where nothing is unusual.

    Raises:
        UsageError: no such signal, or no view `kept_cases`.
    """
    if name not in signals():
        raise UsageError("integrity signal", name, f"one of {', '.join(signals())}", "Name an existing signal.")
    signal = signals()[name]
    if signal.needs_cases and not con.execute("from duckdb_views() where view_name = 'kept_cases'").fetchone():
        raise UsageError(f"signal {name}", "no view kept_cases", "the judged cases of a standard", "Create it first.")
    con.execute((_SQL / "signal_shape.sql").read_text("utf-8"))
    con.execute(f"create or replace view signal_rows as\n{signal.sql}")
    rows = con.sql((_SQL / "signals.sql").read_text("utf-8")).to_arrow_table().to_pylist()
    for row in rows:
        row |= {"signal": name, "p_value": _p_value(row)}
    _adjust(rows)
    for row in rows:
        row["notable"] = _notable(row)
        row["sentence"] = _sentence(signal, row)
    return rows


def strongest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the measures of one signal, force and area the one least like chance (table `integrity_signals` holds one)."""
    best: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["signal"], row["force"], row["area"])
        if key not in best or _rank(row) < _rank(best[key]):
            best[key] = row
    return list(best.values())


def _rank(row: dict[str, Any]) -> tuple[bool, float, str]:
    return not row["notable"], 2.0 if row["p_value"] is None else row["p_value"], row["measure"]


def _p_value(row: dict[str, Any]) -> float | None:
    """How likely so many or more would be, were it no different from what it is compared with."""
    count, of = row["count"], row["of"]
    if row["compared_with"] == "chance":
        return float(binomtest(count, of, row["base_rate"], alternative="greater").pvalue)
    if not row["compared_with"]:
        return None
    # Fisher's exact test, one-sided: the upper tail of the hypergeometric distribution.
    return float(hypergeom.sf(count - 1, of + row["base_of"], count + row["base_count"], of))


def _adjust(rows: list[dict[str, Any]]) -> None:
    tested = [row for row in rows if row["p_value"] is not None]
    adjusted = false_discovery_control([row["p_value"] for row in tested]) if tested else []
    for row in rows:
        row["p_adjusted"] = None
    for row, value in zip(tested, adjusted, strict=True):
        row["p_adjusted"] = float(value)


def _notable(row: dict[str, Any]) -> bool:
    return (
        row["p_adjusted"] is not None
        and row["p_adjusted"] <= FALSE_DISCOVERIES
        and row["count"] >= FEWEST_CASES
        and row["count"] / row["of"] >= SMALLEST_RATIO * row["base_rate"]
    )


def _sentence(signal: Signal, row: dict[str, Any]) -> str:
    share = f"{row['count'] / row['of']:.1%}"
    said = signal.sentence.format(count=row["count"], of=row["of"], share=share).removesuffix(".")
    if not row["compared_with"]:
        return f"{said}; there is nothing to compare this with."
    against = _AGAINST[row["compared_with"]].format(base=f"{row['base_rate']:.1%}")
    return f"{said}; {against}. {'Look here.' if row['notable'] else 'Nothing unusual.'}"
