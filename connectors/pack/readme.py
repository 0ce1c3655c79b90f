"""The words of a pack: its README, and the notes of its spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

INSIDE = Path(__file__).parent / "inside"
SHOWN = 40


@dataclass(frozen=True)
class Told:
    """What a pack is about.

    Attributes:
        figures: rows of `verdicts`, as run `run_id` left them.
        judged_by, as_at: the run that judged the cases, and its moment (UTC).
        rows: how many rows of each log are there to judge; `all_rows`: those of every case, not only of the sample.
        names_by: the key of the pseudonyms, in words.
        duckdb: the version the scripts were tried with.
        amiss: what does not agree, a sentence each.
    """

    figures: Sequence[Mapping[str, Any]]
    run_id: str
    judged_by: str
    as_at: datetime
    standards: Sequence[str]
    cases: int
    sampled: int
    seed: str
    rows: Mapping[str, int]
    all_rows: bool
    names_by: str
    duckdb: str
    amiss: Sequence[str] = ()


def readme(told: Told) -> str:
    """The README as Markdown."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    words = Environment(
        loader=FileSystemLoader(INSIDE), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    words.filters |= {"cell": _cell, "percent": _percent}
    return words.get_template("README.md.j2").render(told=told, shown=SHOWN, drawn=_drawn(told))


def notes(told: Told) -> list[tuple[str, str]]:
    """What a reader of the spreadsheet has to know: (subject, text)."""
    return [
        ("Figures", f"As run {told.run_id} left them; judged as at {told.as_at:%Y-%m-%d %H:%M} UTC."),
        ("Standards", ", ".join(told.standards)),
        ("Rate", "Met / (met + missed), unless the definition counts unknown cases as missed or measures a share."),
        ("Sample", f"{told.sampled:,} of {told.cases:,} cases, {_drawn(told)}"),
        ("References", f"Pseudonyms made with {told.names_by}; the key is not in the pack."),
        ("Text", "A text that a spreadsheet would run as a formula begins with an apostrophe."),
        *(("Attention", sentence) for sentence in told.amiss),
    ]


def _drawn(told: Told) -> str:
    how = "those whose SHA-256 of `seed|standard|force|case_id` comes first. The same seed draws the same."
    return f"drawn with the seed `{_cell(told.seed)}`: {how}"


def _cell(text: str) -> str:
    """A text in a table of Markdown; what comes from a delivery is no markup."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    for sign in ("&", "<", ">", "|", "`", "[", "]", "*"):
        plain = plain.replace(sign, f"&#{ord(sign)};")
    return plain


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.2%}"
