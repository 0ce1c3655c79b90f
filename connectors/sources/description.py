"""Source descriptions: one SQL file per force and system, its front matter a comment, its one select the mapping.

    /*---
    log: calls
    force: norfolk
    zone: Europe/London
    ---*/
    select "Call No" as call_id, moment("Rang", '%d/%m/%Y %H:%M:%S') as received_at, … from raw

`raw` is the delivered file: every column text, trimmed, empty ones NULL, with `row_number`. The macros of
`macros.sql` stand ready; `plus_seconds(local, seconds)` counts in the source's zone.

A system that fills several logs is a folder of such files with a `connection.yaml`: front matter they share.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import yaml

from checks.errors import UsageError
from checks.logs import LOGS
from connectors.sources.connections import check_together, connection_of
from connectors.sources.delivery import ROW_NUMBER, Source
from connectors.sources.sql.connection import read_sql_query
from connectors.yaml_text import LARGEST, StatedTwiceError, parsed

FORMATS = ("csv", "excel", "parquet", "jsonl")
_FRONT = re.compile(r"\s*/\*---[ \t]*\n(?P<yaml>.*?)\n---\*/", re.DOTALL)
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CHOICES = {
    "log": tuple(LOGS),
    "format": FORMATS,
    "ambiguous": ("refuse", "earlier", "later"),
    "nonexistent": ("refuse", "later"),
    "delivers": ("changes", "snapshot"),
}
_TEXTS = (*_CHOICES, "deleted", "force", "zone", "encoding", "delimiter", "key", "note", "location", "spread", "files")
_EXPECTED = {"max_age_hours": (int, float), "min_rows": (int,), "max_rows": (int,), "may_be_empty": (bool,)}


SHARED_FRONT_MATTER = "connection.yaml"


def described(name: str, folders: Sequence[Path]) -> tuple[Source, ...]:
    """The sources of a system, one for each log it fills: `<name>.sql`, or the files of a folder `<name>`.

    A later folder wins over an earlier one. Raises UsageError (with file and line where there is one) when the
    description is absent or wrong.
    """
    for folder in reversed(folders):
        path = folder / f"{name}.sql"
        if path.is_file() and path.parent.resolve() == folder.resolve():
            return (read_description(path),)
        shared = folder / name / SHARED_FRONT_MATTER
        if shared.is_file() and shared.parent.parent.resolve() == folder.resolve():
            return _of_folder(shared)
    known = sorted(
        {path.stem for folder in folders for path in folder.glob("*.sql")}
        | {path.parent.name for folder in folders for path in folder.glob(f"*/{SHARED_FRONT_MATTER}")}
    )
    raise UsageError(
        f"source {name!r}",
        f"no description {name}.sql in {', '.join(map(str, folders)) or 'any folder'}",
        f"one of {', '.join(known) or 'none yet'}",
        "Correct the name, or set PLEDGE_SOURCES to the folder it lies in.",
    )


def _of_folder(shared: Path) -> tuple[Source, ...]:
    stated = _front_matter(shared, 0, _text_of(shared))
    sources = tuple(read_description(path, stated) for path in sorted(shared.parent.glob("*.sql")))
    logs = [source.log for source in sources]
    if not logs or len(set(logs)) < len(logs):
        found = "two of its files fill one log" if logs else "no description lies beside it"
        raise _wrong(str(shared), found, "one .sql file for each log", "Mend the folder.")
    return sources


def read_description(path: Path, shared: Mapping[str, Any] | None = None) -> Source:
    """Read and check one description file; raises UsageError when it is wrong.

    Args:
        shared: the front matter of the folder that it is part of; its own lines win.
    """
    text = _text_of(path)
    front = _FRONT.match(text)
    if front is None:
        raise _wrong(str(path), "it does not begin with /*--- … ---*/", "front matter with the log's name", "Add it.")
    stated = _front_matter(path, text[: front.start("yaml")].count("\n"), front["yaml"])
    if "log" not in stated:
        raise _wrong(str(path), "the front matter names no log", f"log: one of {', '.join(LOGS)}", "Add it.")
    # Blank lines in place of the front matter, so that DuckDB's line numbers are the file's.
    sql = "\n" * text[: front.end()].count("\n") + text[front.end() :]
    name = path.stem if shared is None else path.parent.name
    source = Source(name=name, sql=_one_select(path, sql), file=str(path), **{**(shared or {}), **stated})
    check_together(str(path), source.connection, source.query, source.files, source.format)
    _check_deleted(source)
    return source


def _check_deleted(source: Source) -> None:
    """Raise UsageError where a deletion marker is named that cannot be one."""
    if source.deleted.casefold() in (ROW_NUMBER, *LOGS[source.log].by_name):
        found = f"deleted is {source.deleted!r}, which says something else already"
        expected = "a column of its own, such as deleted: is_deleted"
        raise _wrong(source.file, found, expected, "Give the marker another name.")
    if source.deleted and source.delivers == "snapshot":
        found, expected = "it has a deletion marker and delivers: snapshot", "one way to say that a record is gone"
        do = "Leave the marked rows out of the select (a key that is gone is withdrawn), or deliver changes."
        raise _wrong(source.file, found, expected, do)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise _wrong(str(path), "it is larger than 1 MB", "a source description", "Name another file.")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(str(path), "it cannot be read as UTF-8 text", "a source description", "Mend the file.") from error


def _front_matter(path: Path, lines_above: int, text: str) -> dict[str, Any]:
    """The lines of a front matter as the fields of `Source`."""
    try:
        stated = parsed(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {lines_above + mark.line + 1}" if mark else ""
        if isinstance(error, StatedTwiceError):
            raise _wrong(f"{path}{line}", f"{error.problem} is stated twice", "each key once", "Keep one.") from error
        raise _wrong(f"{path}{line}", "the front matter is no YAML", "lines such as log: calls", "Mend it.") from error
    if not isinstance(stated, dict):
        raise _wrong(str(path), "the front matter holds no keys", "lines such as log: calls", "Add them.")
    for key, value in stated.items():
        at = next((n for n, each in enumerate(text.splitlines(), lines_above + 1) if each.startswith(f"{key}:")), 0)
        _check(f"{path}, line {at}" if at else str(path), key, value)
    stated.pop("note", None)  # is said to people
    if "connection" in stated:
        stated["connection"] = connection_of(str(path), stated["connection"])
    if "query" in stated:
        stated["query"] = read_sql_query(str(path), stated["query"])
    return {**stated, "empty": tuple(stated["empty"])} if "empty" in stated else stated


def _check(where: str, key: object, value: object) -> None:
    """Raise UsageError unless a line of the front matter is known and its value fits."""
    if key == "empty":
        fits, wanted = isinstance(value, list) and all(isinstance(v, str) for v in value), "a list of quoted texts"
    elif key in ("connection", "query"):
        fits, wanted = isinstance(value, dict), "lines of their own, with a key each"
    elif key == "expected":
        fits, wanted = _is_expected(value), f"{', '.join(_EXPECTED)} with their values"
    elif key in _CHOICES:
        fits, wanted = value in _CHOICES[str(key)], f"one of {', '.join(_CHOICES[str(key)])}"
    elif key in _TEXTS:
        fits, wanted = isinstance(value, str) and _text_fits(str(key), value), _WANTED.get(str(key), "a text")
    else:
        raise _wrong(
            where,
            f"{key!r} is not known",
            f"one of {', '.join((*_TEXTS, 'connection', 'query', 'empty', 'expected'))}",
            "Correct it.",
        )
    if not fits:
        raise _wrong(where, f"{key} is {value!r}", wanted, "Correct it.")


_WANTED = {
    "force": "a slug such as norfolk (lower case, digits, - and _)",
    "zone": "a zone such as Europe/London",
    "encoding": "an encoding Python knows, such as utf-8 or windows-1252",
    "delimiter": "one character",
    "deleted": "the name of a column of the select, such as is_deleted",
}


def is_slug(text: str) -> bool:
    """Whether a force may be called so."""
    return bool(_SLUG.fullmatch(text)) and text != "all"


def _text_fits(key: str, value: str) -> bool:
    if key == "force":
        return is_slug(value)
    if key == "delimiter":
        return len(value) == 1
    if key == "deleted":
        return bool(value.strip())
    try:
        if key == "encoding":
            return bool(getattr(codecs.lookup(value), "_is_text_encoding", True))
        if key == "zone":
            ZoneInfo(value)
    except (LookupError, ValueError, ZoneInfoNotFoundError, OSError):
        return False
    return True


def _is_expected(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        key in _EXPECTED and isinstance(each, _EXPECTED[key]) and (bool in _EXPECTED[key] or not isinstance(each, bool))
        for key, each in value.items()
    )


def _one_select(path: Path, sql: str) -> str:
    """The one SELECT of a description, without its final semicolon."""
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        line = re.search(r"LINE (\d+)", str(error))
        where = f"{path}, line {line[1]}" if line else str(path)
        found = "the SQL cannot be parsed (" + str(error).splitlines()[0].removeprefix("Parser Error: ") + ")"
        raise _wrong(where, found, "one SELECT from raw in DuckDB's SQL", "Mend the SQL.") from error
    if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
        found = f"{len(statements)} statements" if len(statements) != 1 else f"a {statements[0].type.name} statement"
        raise _wrong(str(path), found, "exactly one SELECT from raw", "Keep only the select.")
    return _without_final_semicolon(sql)


def _without_final_semicolon(sql: str) -> str:
    """The statement alone, so that it can be read from; a comment after its semicolon goes as well."""
    while ";" in sql:
        statement, _, rest = sql.rpartition(";")
        try:
            if duckdb.extract_statements(rest) or len(duckdb.extract_statements(statement)) != 1:
                break
        except duckdb.Error:
            break
        sql = statement
    return sql


def _wrong(where: str, found: str, expected: str, do: str) -> UsageError:
    return UsageError(where, found, expected, do)
