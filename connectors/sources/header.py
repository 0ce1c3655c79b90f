"""Headers: what a column is called once blanks and byte-order marks are gone, and which contract column it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from checks.errors import NotFitError
from checks.logs import Log

MOST_COLUMNS = 10_000
# Marks that are invisible in an editor and make two equal names differ.
_INVISIBLE = "\ufeff\u200b\u200e\u200f"


def bare(name: str) -> str:
    """A name without surrounding blanks and invisible marks."""
    return name.strip().strip(_INVISIBLE).strip()


def cleaned(where: str, names: Sequence[object]) -> tuple[str, ...]:
    """Names without surrounding blanks and invisible marks; a nameless column becomes `column_<position>`.

    Raises NotFitError when two columns have one name (upper and lower case are the same). It is not repeated: where a
    header is missing the names are those of people.
    """
    if len(names) > MOST_COLUMNS:
        raise too_wide(where)
    found: list[str] = []
    seen: dict[str, int] = {}
    for position, given in enumerate(names, 1):
        text = "" if given is None else str(given)
        name = bare(text) or f"column_{position}"
        if name.casefold() in seen:
            raise NotFitError(
                where,
                f"the header's columns {seen[name.casefold()]} and {position} have one name",
                "each column once",
                "Deliver the file again with one of them left out.",
            )
        seen[name.casefold()] = position
        found.append(name)
    return tuple(found)


def too_wide(where: str) -> NotFitError:
    found = f"it has more than {MOST_COLUMNS:,} columns"
    return NotFitError(where, found, "the columns of a log", "Check the delimiter and the line ends of the export.")


def contract_positions(where: str, header: Sequence[str], log: Log, filled: Collection[str] = ()) -> dict[str, int]:
    """The position of each contract column the header has; `filled` are columns the source itself supplies.

    Raises NotFitError when a required column is absent, and names the column that comes closest.
    """
    positions = {name.casefold(): position for position, name in enumerate(header)}
    absent = [name for name in log.required if name not in positions and name not in filled]
    if absent and not any(name in positions for name in log.by_name):
        raise NotFitError(
            where,
            f"its first line names no column of {log.name}",
            f"a header with {', '.join(log.required)}",
            "Deliver it with its header, or name the log or the source description it belongs to.",
        )
    if absent:
        raise NotFitError(
            where,
            f"the header has no column {_with_closest(absent[0], positions, log)}",
            f"the required columns of {log.name}: {', '.join(log.required)}",
            "Rename the column at its source, or describe the source.",
        )
    return {column.name: positions[column.name] for column in log.columns if column.name in positions}


def _with_closest(absent: str, present: Mapping[str, int], log: Log) -> str:
    others = [name for name in present if name not in log.by_name]
    close = get_close_matches(absent, others, n=1, cutoff=0.6)
    return f"{absent} ({close[0]!r} comes closest)" if close else absent
