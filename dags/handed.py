"""The files a run is given: those of its input folder, and those of the sources it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from checks.errors import UsageError
from checks.logs import LOGS
from connectors.settings import Settings
from connectors.sources.delivery import Source
from connectors.sources.description import described
from connectors.sources.file import canonical, find_logs
from connectors.sources.wanted import Wanted
from dags import fetching
from dags.plan import Plan, source_folders

Say = Callable[[str], None]


@dataclass(frozen=True)
class Handed:
    """A file to admit and how it is read; `scheduled` = it comes from a source's own place, at its own times.

    `fetched_by` is the fetch that brings the file.
    """

    source: Source
    path: Path
    scheduled: bool = False
    fetched_by: Wanted | None = None


def handed(plan: Plan, settings: Settings, say: Say) -> list[Handed]:
    """The files this run is given: the logs found in the input folder and the sources named.

    Raises UsageError for a folder without logs, an unknown source and a file named that is not there; where a
    scheduled file does not lie, nothing was delivered, which is no fault of the run.
    """
    files: list[Handed] = []
    if plan.input:
        found, others = find_logs(Path(plan.input))
        files += [Handed(canonical(log), path) for log, path in found]
        for other in others:
            say(f"{other}: no log of the contract is called that, or not in a format that is read; it is left alone.")
        if not found and not plan.sources:
            files_wanted, do = "files named after logs, such as calls.csv", f"Logs: {', '.join(LOGS)}."
            raise UsageError(plan.input, "no log is in it", files_wanted, do)
    return files + [each for named in plan.sources for each in _named(named, plan, settings)]


def _named(named: str, plan: Plan, settings: Settings) -> list[Handed]:
    """The files a source named `NAME`, `NAME=PATH` or `NAME=URL` brings."""
    name, _, place = named.partition("=")
    sources = described(name, source_folders(settings))
    if fetching.is_fetched(sources[0], place):
        area = fetching.fetched_area(settings, plan.lake)
        fetch = fetching.wanted(sources, place, area, plan.moment, plan.forces)
        return [Handed(source, fetch.file(source.log), scheduled=True, fetched_by=fetch) for source in sources]
    if len(sources) > 1:
        return [Handed(source, path) for source, path in _of_folder(name, sources, place)]
    return [_of_file(name, sources[0], place)]


def _of_folder(name: str, sources: Sequence[Source], folder: str) -> list[tuple[Source, Path]]:
    """The files of a source that fills several logs, found by the logs' names."""
    if not folder:
        found, expected = "its description names no place", f"--source {name}=FOLDER"
        raise UsageError(f"source {name}", found, expected, "Name the folder.")
    lying = dict(find_logs(Path(folder))[0])
    if not any(source.log in lying for source in sources):
        wanted = ", ".join(source.log for source in sources)
        raise UsageError(folder, f"no file of {name} is in it", f"files named after {wanted}", "Correct the path.")
    return [(source, lying[source.log]) for source in sources if source.log in lying]


def _of_file(name: str, source: Source, path: str) -> Handed:
    if not path and not source.location:
        found, expected = "its description names no location", f"--source {name}=PATH, or a location"
        raise UsageError(f"source {name}", found, expected, "Name the file.")
    if path and not Path(path).is_file():
        found = "it is a folder" if Path(path).is_dir() else "no such file"
        raise UsageError(path, found, "a delivered file", "Correct the path.")
    return Handed(source, Path(path or source.location), scheduled=not path)
