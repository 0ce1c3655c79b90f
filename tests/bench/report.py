"""What the bench found, as Markdown, and as the lines of README.md it replaces."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.measured import Cost

BEGIN, END = "<!-- bench: begin, written by `make bench` -->", "<!-- bench: end -->"


@dataclass
class Section:
    """One table: a row for each contender, and what it says of our aims."""

    title: str
    rows: list[tuple[str, Cost]]
    aims: list[str]
    runs: int
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    def text(self) -> str:
        runs = f"median of {self.runs} runs" if self.runs > 1 else "one run"
        lines = [
            f"**{self.title}** ({runs}, load {self.load:.1f})",
            "",
            "| | wall s | processor s | peak MB |",
            "|---|--:|--:|--:|",
        ]
        for name, cost in self.rows:
            lines.append(f"| {name} | {cost.wall:,.1f} | {cost.cpu:,.1f} | {cost.megabytes:,.0f} |")
            lines += [f"| … {step} | {seconds:,.1f} | | |" for step, seconds in cost.steps.items() if seconds >= 0.05]
        return "\n".join([*lines, "", *(f"- {aim}" for aim in self.aims)]).rstrip()


def aim(what: str, found: float, most: float, unit: str = "×") -> str:
    """One sentence: what was aimed at, what was found, reached or missed, and by how much."""
    ended = "reached" if found <= most else "missed"
    return f"{what}: at most {most:g} {unit}, found {found:.2f} {unit}; {ended} by {abs(found / most - 1):.0%}."


def write_into_readme(readme: Path, sections: Sequence[Section]) -> None:
    """Replace what stands between the two markers; raises ValueError where they are absent."""
    text = readme.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise ValueError(f"{readme} has no lines {BEGIN} … {END}")
    told = "\n\n".join([_machine(), *(section.text() for section in sections)])
    readme.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}", "utf-8")


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "deltalake", "pandas", "great-expectations"))
    return (
        f"Measured on {datetime.now(UTC):%d %B %Y}: {os.cpu_count()} cores, {memory:.0f} GB; "
        f"Python {platform.python_version()}, {versions}."
    )
