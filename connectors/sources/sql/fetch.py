"""A whole fetch from a database: one Parquet file of text per log, there only when every row came.

In its folder (`whole_fetch`), beside `fetch.json`, which also says up to which watermark each log was read:
    <log>.00001.parquet  parts that are whole already, listed in <log>.parts.jsonl: a later try goes on after them
    <log>.parquet        all rows, each value as text; as old as the watermark, where that is a moment
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from checks.errors import NotAnsweringError, NotFitError
from connectors.sources.columns_read import columns_read
from connectors.sources.credential import login
from connectors.sources.delivery import Source
from connectors.sources.sql import watermark
from connectors.sources.sql.connection import SqlConnection, SqlQuery
from connectors.sources.sql.parts import Parts
from connectors.sources.sql.relation import Relation, newest, relation, rows, waiting
from connectors.sources.sql.session import ReadOnlyDatabase
from connectors.sources.sql.watched import SilentError, Watched
from connectors.sources.sql.watermark import Span, Value
from connectors.sources.wanted import Wanted
from connectors.sources.whole_fetch import (
    Say,
    alone,
    check_unchanged,
    earlier,
    is_whole,
    make_whole,
    manifest_of,
    sha256,
)

TRIES = 3
# A snapshot of less than this share of the one before is taken for a table that is being filled anew.
LEAST_SHARE = 0.5


class SqlWanted(Wanted):
    """A fetch whose files are Parquet."""

    @property
    def connection(self) -> SqlConnection:
        connection = self.sources[0].connection
        assert isinstance(connection, SqlConnection), "it is fetched from a database"
        return connection

    def file(self, log: str) -> Path:
        return self.folder / f"{log}.parquet"


@dataclass(frozen=True)
class _Before:
    """What the last good fetch of a log left: its watermark ('' = none) and how many rows it had."""

    watermark: str = ""
    rows: int = 0


@dataclass(frozen=True)
class _Beginning:
    """What is known before the first row: the columns, the watermark now, and the span that is read."""

    relation: Relation
    newest: Value | None
    span: Span
    waiting: int = 0


def fetch(wanted: SqlWanted, say: Say, sleep: Callable[[float], None] = time.sleep) -> None:
    """Read everything wanted, or go on with what was begun; what is there as a whole is left alone.

    Raises:
        NotAnsweringError: not all of it came in time; whole parts are kept for the next try with the same as_at.
        UsageError: the database refuses, or the query is wrong.
        NotFitError: what it holds cannot be right: an older watermark than before, a table that was emptied.
    """
    with alone(wanted.folder):
        if is_whole(wanted.folder):
            check_unchanged(wanted.folder)
            return
        user = login(wanted.where, "", wanted.connection.secret)
        database = ReadOnlyDatabase(wanted.url, wanted.connection, user)
        logs = {source.log: _Log(wanted, source, database, say, sleep).run() for source in wanted.sources}
        manifest = {
            "url": database.name,
            "as_at": wanted.as_at.astimezone(UTC).isoformat(),
            "logs": logs,
            "files": {wanted.file(log).name: sha256(wanted.file(log)) for log in logs},
        }
        make_whole(wanted.folder, manifest)


def last_good(wanted: SqlWanted, log: str) -> _Before:
    """The last fetch by the same description whose file of a log was admitted: what was unfit, or never admitted, did
    not move the watermark."""
    same = wanted.folder.name.rpartition("-")[2]
    for folder in reversed(earlier(wanted.folder)):
        if folder.name.endswith(f"-{same}") and is_whole(folder):
            said = manifest_of(folder)
            if (log, said["files"][wanted.file(log).name]) in wanted.admitted:
                return _Before(said["logs"][log]["watermark"], said["logs"][log]["rows"])
    return _Before()


class _Log:
    """The reading of one log."""

    def __init__(
        self, wanted: SqlWanted, source: Source, database: ReadOnlyDatabase, say: Say, sleep: Callable[[float], None]
    ) -> None:
        assert source.query, "a database's logs have queries"
        self._wanted, self._source, self._database = wanted, source, database
        self._query: SqlQuery = source.query
        self._say, self._sleep = say, sleep
        self._before = last_good(wanted, source.log)
        self._where = f"{database.name}, {self._query.table or 'select'}"
        self._is_snapshot = source.delivers == "snapshot"
        self._until = time.monotonic() + wanted.connection.whole_seconds

    def run(self) -> dict[str, Any]:
        """Read it, again where the line was cut; returns what the manifest says of it."""
        for attempt in range(1, TRIES + 1):
            try:
                return self._once()
            except NotAnsweringError as error:
                if attempt == TRIES or time.monotonic() > self._until:
                    raise
                self._say(f"{self._wanted.name}: {error}")
                self._sleep(2.0 ** (attempt - 1))
        raise AssertionError("the last try returns or raises")

    def _once(self) -> dict[str, Any]:
        parts: Parts | None = None
        seconds = self._wanted.connection.statement_seconds + self._wanted.connection.connect_seconds
        reading = iter(Watched(self._read, seconds, self._until))
        try:
            start = next(reading)
            assert isinstance(start, _Beginning), "it comes first"
            parts = self._parts(start)
            names = start.relation.columns
            mark = names.index(start.relation.watermark) if self._in_order(start.relation) else None
            for some in reading:
                assert not isinstance(some, _Beginning), "it comes once"
                parts.add(names, some, mark)
            return self._done(start, parts)
        except SilentError:
            late = time.monotonic() >= self._until
            found = f"not all of it came in {self._wanted.connection.whole_seconds:g} seconds" if late else "no answer"
            raise NotAnsweringError(self._where, found, "all its rows", "Run again; whole parts are kept.") from None
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise self._database.plainly(error, self._query.table or "select") from None
        finally:
            reading.close()  # type: ignore[attr-defined]
            if parts:
                parts.abandon()

    def _parts(self, start: _Beginning) -> Parts:
        asked = json.dumps([start.relation.columns, self._before.watermark, self._query.since, self._is_snapshot])
        return Parts(self._wanted.folder, self._source.log, asked)

    def _in_order(self, of: Relation) -> bool:
        return bool(of.watermark) and not self._is_snapshot

    def _read(self) -> Iterator[_Beginning | Sequence[Sequence[Any]]]:
        """What the thread reads: how it begins, then the rows; the connection lives and ends with it."""
        with self._database.connect() as conn:
            of = relation(conn, self._where, self._query, columns_read(self._source.sql))
            now = newest(conn, self._where, of) if of.watermark else None
            self._check_forward(of, now)
            span = self._span(of, now)
            later = now is not None and span.highest is not None and now > span.highest  # type: ignore[operator]
            yield _Beginning(of, now, span, waiting(conn, of, span.highest) if later and span.highest else 0)
            if now is not None or not self._in_order(of):
                yield from rows(conn, of, span, self._in_order(of))

    def _span(self, of: Relation, now: Value | None) -> Span:
        """From where the last good fetch ended, less the overlap, up to the run's moment; after the parts there are."""
        if now is None or not self._in_order(of):
            return Span()
        highest = watermark.until(self._wanted.as_at, self._source.zone, now)
        begun = self._parts(_Beginning(of, now, Span())).boundary
        if begun:
            self._say(f"{self._wanted.name}: goes on after {of.watermark} {begun} of an earlier try.")
            return Span(watermark.read_like(self._where, begun, now), highest, beyond=True)
        if self._before.watermark:
            last = watermark.read_like(self._where, self._before.watermark, now)
            return Span(watermark.before(last, self._query.overlap), highest)
        since = watermark.read_like(self._where, self._query.since, now) if self._query.since else None
        return Span(since, highest)

    def _check_forward(self, of: Relation, now: Value | None) -> None:
        """Raise NotFitError when the newest watermark is older than it was: a backup was restored, or worse."""
        if not self._before.watermark:
            return
        do = f"Ask its operator; if it is right, remove {self._wanted.folder.parent} to read all of it anew."
        if now is None:
            raise NotFitError(self._where, "it is empty, and had rows", "its rows", do)
        last = watermark.read_like(self._where, self._before.watermark, now)
        if now < last:  # type: ignore[operator]
            found = f"its newest {of.watermark} is {watermark.written(now)}: it went back in time"
            raise NotFitError(self._where, found, f"none before {self._before.watermark}, read before", do)

    def _done(self, start: _Beginning, parts: Parts) -> dict[str, Any]:
        path = self._wanted.file(self._source.log)
        parts.join(start.relation.columns, path)
        count = parts.rows
        self._check_count(count)
        reached = self._reached(start)
        self._say(f"{self._wanted.name}: {count:,} rows of {self._query.table or 'the select'} read.")
        if start.waiting:
            beyond = f"a {start.relation.watermark} later than the run"
            self._say(f"{self._wanted.name}: {start.waiting:,} rows have {beyond}; they wait for a later one.")
        if reached is not None and (moment := watermark.moment_of(reached, self._source.zone)):
            os.utime(path, (moment.timestamp(), moment.timestamp()))  # a system that stands still gets old
        return {"rows": count, "watermark": "" if reached is None else watermark.written(reached)}

    def _reached(self, start: _Beginning) -> Value | None:
        """The watermark read up to: the newest there is, but none beyond the run's moment."""
        if start.newest is None or start.span.highest is None:
            return start.newest
        return min(start.newest, start.span.highest)

    def _check_count(self, count: int) -> None:
        """Raise NotFitError for a snapshot that would withdraw most of what there was, unless `min_rows` is stated."""
        stated = self._source.expected or {}
        if not self._is_snapshot or "min_rows" in stated or count >= LEAST_SHARE * self._before.rows:
            return
        found = f"{count:,} rows, of {self._before.rows:,} before: it may be filled anew just now"
        do = "Run again later; if it is right, state expected: {min_rows: …}."
        raise NotFitError(self._where, found, f"at least {LEAST_SHARE:.0%} of them", do)
