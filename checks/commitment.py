"""The measures: one SQL file each in `checks/commitments/`, found by file name; its header is its specification.

Nothing here lists the measures: adding `my_measure.sql` with a complete header adds the measure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checks.errors import UsageError
from checks.logs import LOGS, WRITTEN_HERE

FOLDER = Path(__file__).parent / "commitments"
HEADINGS = ("Commitment", "Promise", "Case", "Clock", "Limit", "Leaves out", "Needs", "Switches", "Source")
_PERIODS = {
    "day": ("day", "month", "year", "rolling_12_months"),
    "month": ("month", "year", "rolling_12_months"),
    "year": ("year",),
    "rolling_12_months": ("rolling_12_months",),
}
_LINE = re.compile(r"^-- (?:(?P<heading>[A-Z][a-z]+(?: [a-z]+)?): +|   +)(?P<text>.+)$")

# Every measure can be asked what it would be with its unknown cases counted as missed, and at the exact limit.
UNKNOWN = ("outside_rate", "as_missed")


@dataclass(frozen=True)
class Measure:
    """One measure as its file's header states it.

    `needs` are the log columns without which no case can be judged (`calls.answered_at`), `needs_under` those
    needed besides when a switch has a value; `switches` maps each definition switch to its documented values,
    the default first; `sql` is the whole file.
    """

    name: str
    title: str
    commitment: int
    promise: str
    case: str
    clock: str
    limit: str
    leaves_out: str
    needs: tuple[str, ...]
    needs_under: dict[tuple[str, str], tuple[str, ...]]
    switches: dict[str, tuple[str, ...]]
    source: str
    sql: str

    @property
    def default_definition(self) -> dict[str, str]:
        return {switch: values[0] for switch, values in self.switches.items()}

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods it has figures of: a case that by itself covers a month counts in no shorter one."""
        covers = re.search(r"'(\w+)' as covers", self.sql)
        return _PERIODS[covers[1] if covers else "day"]

    @property
    def more_is_better(self) -> bool:
        """Whether of what it measures (`part` of `whole`) more is better, as its SQL says by the column `at_least`.

        Says nothing of the share of cases met, of which more is always better.
        """
        return not re.search(r"false as at_least\b", self.sql)

    def needs_of(self, definition: dict[str, str]) -> tuple[str, ...]:
        """The columns needed under one definition."""
        more = (self.needs_under.get(choice, ()) for choice in definition.items())
        return self.needs + tuple(column for columns in more for column in columns)

    @property
    def logs(self) -> tuple[str, ...]:
        """The delivered logs its cases are read from; what the product writes itself cannot fail to come."""
        named = dict.fromkeys(need.partition(".")[0] for need in self.needs)
        return tuple(log for log in named if log not in WRITTEN_HERE)


def read_measure(path: Path) -> Measure:
    """Read one measure file; raises UsageError when its header is not complete."""
    sql = path.read_text("utf-8")
    lines = sql.splitlines()
    name = path.stem
    title = lines[0].removeprefix(f"-- {name}: ") if lines and lines[0].startswith(f"-- {name}: ") else ""
    said: dict[str, str] = {}
    heading = ""
    for line in lines[1:]:
        found = _LINE.match(line)
        if not found:
            break
        heading = found["heading"] or heading
        said[heading] = (
            f"{said[heading]} {found['text']}" if heading in said and not found["heading"] else found["text"]
        )
    absent = [h for h in HEADINGS if h not in said] + ([] if title else [f"-- {name}: <title>"])
    if absent:
        raise UsageError(str(path), f"the header lacks {', '.join(absent)}", "all headings of a measure", "Add them.")
    needs, needs_under = _needs(said["Needs"], path)
    switches = dict(_switch(part) for part in said["Switches"].split(";") if part.strip() not in ("", "none"))
    return Measure(
        name,
        title,
        int(said["Commitment"]),
        said["Promise"],
        said["Case"],
        said["Clock"],
        said["Limit"],
        said["Leaves out"],
        needs,
        needs_under,
        {**switches, "unknown": UNKNOWN},
        said["Source"],
        sql,
    )


def _needs(text: str, path: Path) -> tuple[tuple[str, ...], dict[tuple[str, str], tuple[str, ...]]]:
    always: list[str] = []
    under: dict[tuple[str, str], tuple[str, ...]] = {}
    for part in text.split(","):
        need, _, condition = (word.strip(" )") for word in part.partition("("))
        log, _, column = need.partition(".")
        if log not in LOGS or column not in LOGS[log].by_name:
            raise UsageError(str(path), f"Needs names {need}", "a column of checks/logs.py", "Correct the header.")
        if condition:
            switch, values = _switch(condition)
            under[switch, values[0]] = (*under.get((switch, values[0]), ()), need)
        else:
            always.append(need)
    return tuple(always), under


def _switch(part: str) -> tuple[str, tuple[str, ...]]:
    key, _, values = part.partition("=")
    return key.strip(), tuple(value.strip() for value in values.split("|"))


class Measures(dict[str, Measure]):
    """Measures by name; asked for one there is not, they say so: a store may name one it lost, or a damaged name."""

    def __missing__(self, name: str) -> Measure:
        found, expected = "it is judged by nothing here", f"one of the {len(self)} measures in {FOLDER.name}/"
        do = "Correct what names it; where that is the store, `pledge verify` tells what was changed in it."
        raise UsageError(f"measure {name}", found, expected, do)


@cache
def measures() -> Measures:
    """Every measure by name, in the order they are judged: by commitment, the closing promise (0) last."""
    found = [read_measure(path) for path in sorted(FOLDER.glob("*.sql"))]
    return Measures(
        {each.name: each for each in sorted(found, key=lambda m: (m.commitment == 0, m.commitment, m.name))}
    )
