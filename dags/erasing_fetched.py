"""Erasing records from what was fetched: every line that would be refused now, were it delivered again.

Of what came over HTTP the lines go; a file of a database or a drop goes as a whole.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from checks.errors import PledgeError
from checks.logs import LOGS
from connectors.lake.mentions import Mentions
from connectors.lake.pseudonyms import pseudonyms_of
from connectors.lake.staging import stage
from connectors.lake.storage import is_remote
from connectors.lake.tombstones import Tombstones
from connectors.settings import Settings
from connectors.sources.delivery import Source
from connectors.sources.description import described
from connectors.sources.fetched_files import FetchedFile, fetched_files, names
from connectors.sources.file import open_delivery
from connectors.sources.http.erasing import erase_lines, fetches
from connectors.store.engine import reading
from dags.fetching import fetched_area
from dags.kept_out import kept_out
from dags.plan import source_folders


def erase_fetched(engine: Engine, settings: Settings, mentions: Mentions) -> int:
    """Take out of every fetch what erasures took, this one and earlier ones; returns how many lines and files went."""
    if not settings.fetched and is_remote(settings.lake):
        return 0
    area = fetched_area(settings, settings.lake)
    with reading(engine) as conn:
        tombstones = kept_out(conn, settings)
    if tombstones is None or not area.is_dir():
        return 0
    lines = sum(
        erase_lines(folder, _gone(settings, name, folder, tombstones), mentions) for name, folder in fetches(area)
    )
    return lines + sum(_erase_file(settings, file, tombstones, mentions) for file in list(fetched_files(area)))


def _erase_file(settings: Settings, file: FetchedFile, tombstones: Tombstones, mentions: Mentions) -> bool:
    """Take a file away that holds an erased record; says whether it went."""
    source = next((each for each in _described(settings, file.source) if each.log == file.log), None)
    if source is None:
        gone = _moment(file.folder) < max(tombstones.before.values(), default=_moment(file.folder))
    else:
        # Which lines is of no matter: one is enough.
        found = _of_source(settings, source, file.path, {1}, tombstones, _moment(file.folder))
        gone = bool(LOGS[source.log].personal) and bool(found)
    if gone or names(file.path, mentions):
        file.path.unlink(missing_ok=True)
        return True
    return False


def _gone(settings: Settings, name: str, folder: Path, tombstones: Tombstones) -> dict[str, set[int]]:
    """Of each log the numbers of the lines that hold erased records."""
    sources = _described(settings, name)
    gone: dict[str, set[int]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        lines = set(range(1, sum(1 for _ in path.open(encoding="utf-8")) + 1))
        source = next((each for each in sources if each.log == path.stem), None)
        if source is None:
            gone[path.stem] = (
                lines if _moment(folder) < max(tombstones.before.values(), default=_moment(folder)) else set()
            )
        elif LOGS[source.log].personal:
            gone[path.stem] = _of_source(settings, source, path, lines, tombstones, _moment(folder))
    return gone


def _described(settings: Settings, name: str) -> tuple[Source, ...]:
    try:
        return tuple(described(name, source_folders(settings)))
    except PledgeError:  # a description nobody uses any more: nobody can say what its lines are about
        return ()


def _of_source(
    settings: Settings, source: Source, path: Path, lines: set[int], tombstones: Tombstones, fetched_at: datetime
) -> set[int]:
    before = tombstones.before.get((source.log, source.force))
    if before and fetched_at < before:
        return lines  # all of it is older than what is kept
    with tempfile.TemporaryDirectory(prefix="pledge-erase-") as scratch:
        try:
            staged = stage(
                open_delivery(source, path), LOGS[source.log], Path(scratch), pseudonyms_of(settings.pseudonym_key)
            )
        except PledgeError:
            return lines  # it cannot be read: it cannot be shown that nothing erased is in it
        found = tombstones.rows(staged)
    # Where several lines make one row, its number is only that of the first.
    return lines if found and "group by" in source.sql.casefold() else found


def _moment(folder: Path) -> datetime:
    """When a fetch was made, by its name; long ago where the name does not say."""
    try:
        return datetime.strptime(folder.name.partition("Z-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
