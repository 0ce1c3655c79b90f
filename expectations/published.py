"""The published standards: found in folders, checked, and given to those who judge.

`load` is `validate` with the standards as its answer: there is one reading, and a folder with a single bad
file judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from checks.errors import UsageError
from checks.standard import Standard, same_title
from expectations.marked import Problem
from expectations.standard_file import StandardFile, read_standard
from expectations.standard_words import differences, in_words

__all__ = ["SHIPPED", "Problem", "differences", "in_words", "load", "validate"]

SHIPPED = Path(__file__).parent / "standards"


def load(*places: Path | str) -> dict[str, Standard]:
    """The standards of these folders and files by name, in order of date; without any, those shipped.

    A further folder is named beside the shipped one: `load(SHIPPED, extra)`. Raises UsageError with the first
    problem and how many more there are.
    """
    read, problems = _read(places)
    if problems:
        first, more = problems[0], len(problems) - 1
        also = f" ({more} more problem{'s' if more > 1 else ''}: see `pledge standards validate`.)" if more else ""
        raise UsageError(first.where, first.found, first.expected, first.do + also)
    standards = [each.standard for each in read if each.standard]
    if not standards:
        where = ", ".join(str(place) for place in places) or str(SHIPPED)
        raise UsageError(where, "no standard", "at least one <date>_<name>.yaml", "Name a folder that holds some.")
    return {each.name: each for each in sorted(standards, key=lambda each: (each.in_force_from, each.name))}


def validate(*places: Path | str) -> list[Problem]:
    """Everything wrong in and between these folders and files, by file and line; [] = all is well."""
    return _read(places)[1]


def _read(places: Iterable[Path | str]) -> tuple[list[StandardFile], list[Problem]]:
    read = [read_standard(path) for path in _files([Path(place) for place in places] or [SHIPPED])]
    problems = [problem for each in read for problem in sorted(each.problems)]
    return read, problems + _clashes(read)


def _files(places: list[Path]) -> list[Path]:
    """The files named and the YAML files of the folders named, each once."""
    found: dict[Path, Path] = {}
    for place in places:
        for path in _yaml_files(place) if place.is_dir() else [place]:
            found.setdefault(path.resolve(), path)
    return list(found.values())


def _yaml_files(folder: Path) -> list[Path]:
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in (".yaml", ".yml") and not path.name.startswith(".")
        )
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise UsageError(str(folder), reason, "a readable folder", "Check its permissions.") from None


def _clashes(read: list[StandardFile]) -> list[Problem]:
    """Two files with one name; two of one title that begin on one day: neither supersedes the other."""
    good = [(each, each.standard) for each in read if each.standard]
    by_name = _twice(good, lambda standard: standard.name)
    by_day = _twice(good, lambda standard: (same_title(standard.title), standard.in_force_from))
    names = [
        Problem(
            each.path,
            each.line_of_name,
            f"the name {standard.name} is also that of {first.location}",
            "a name of its own",
            "Rename one of the two.",
        )
        for each, standard, first in by_name
    ]
    days = [
        Problem(
            each.path,
            each.line_of_dates,
            f"{standard.title} from {standard.in_force_from} is also in {first.location}",
            "editions of one title that begin on different days",
            "Change the title or the date of one.",
        )
        for each, standard, first in by_day
        if standard.name != first.name
    ]
    return sorted(names + days)


def _twice(
    good: list[tuple[StandardFile, Standard]], what: Callable[[Standard], object]
) -> list[tuple[StandardFile, Standard, Standard]]:
    """Each standard that shares something with one read before it, with that one."""
    first: dict[object, Standard] = {}
    return [
        (each, standard, earlier)
        for each, standard in good
        if (earlier := first.setdefault(what(standard), standard)) is not standard
    ]
