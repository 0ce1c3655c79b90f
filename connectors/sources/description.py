"""Source descriptions: one file per force and system, a few lines of front matter and one SQL select from `raw`.

    /*---
    log: calls
    force: norfolk
    zone: Europe/London
    ---*/
    select … from raw

A description is not trusted: its select runs in a DuckDB of its own that has `raw` loaded and everything else
locked — no file, network or extension, no other setting, a limit on memory and on time.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import yaml

from checks.errors import UsageError
from checks.logs import LOGS
from connectors.sources.delivery import BATCH, Batch, Refusal, Source
from connectors.sources.file import FORMATS, raw_rows, refuse_incomplete

_FRONT = re.compile(r"\A\s*/\*---\n(?P<front>.*?)\n---\*/(?P<sql>.*)\Z", re.DOTALL)
_MACROS = Path(__file__).with_suffix(".sql")
_KEYS = sorted({f.name for f in fields(Source)} - {"name", "sql"}) + ["note"]
_CHOICES = {
    "ambiguous": ("refuse", "earlier", "later"),
    "nonexistent": ("refuse", "later"),
    "delivers": ("changes", "snapshot"),
    "format": tuple(sorted(set(FORMATS.values()))),
    "log": tuple(LOGS),
}
MEMORY_LIMIT = "4GB"
TIME_LIMIT = 600.0


def described(name: str, folders: Sequence[Path]) -> Source:
    """The source a description of that name describes; the first folder that has it wins.

    Raises UsageError when there is none, or it is wrong.
    """
    for folder in folders:
        path = folder / f"{name}.sql"
        if re.fullmatch(r"[A-Za-z0-9_-]+", name) and path.is_file():
            return read_description(path)
    known = sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.sql")})
    near = get_close_matches(name, known, n=1)
    do = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known) or 'none'}."
    raise UsageError(f"--source {name}", "there is no such description", "a file NAME.sql in a source folder", do)


def read_description(path: Path) -> Source:
    """Read and check one description; raises UsageError that names what is wrong."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(str(path), "it cannot be read", "UTF-8 text", "Correct the file.") from error
    found = _FRONT.match(text)
    if not found:
        raise UsageError(str(path), "no front matter", "/*--- … ---*/ and one select", "See connectors/sources/description.py.")
    try:
        front = yaml.safe_load(found["front"])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 2}" if mark else ""
        raise UsageError(f"{path}{line}", "the front matter is no YAML", "key: value lines", "Correct it.") from error
    if not isinstance(front, dict):
        raise UsageError(str(path), "the front matter states nothing", "log:, force:, zone: …", "Add them.")
    _refuse_wrong(path, front)
    sql = found["sql"].strip().rstrip(";")
    _refuse_other_statements(path, sql)
    chosen = {key: value for key, value in front.items() if key != "note"}
    chosen["empty"] = tuple(str(text) for text in chosen.get("empty") or ())
    return Source(name=path.stem, sql=sql, **chosen)


def _refuse_wrong(path: Path, front: dict[str, Any]) -> None:
    for key, value in front.items():
        if key not in _KEYS:
            near = get_close_matches(str(key), _KEYS, n=1)
            do = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(_KEYS)}."
            raise UsageError(str(path), f"the front matter states {key}", "a known key", do)
        if key in _CHOICES and value not in _CHOICES[key]:
            raise UsageError(str(path), f"{key}: {value}", f"one of {', '.join(_CHOICES[key])}", "Correct it.")
    if "log" not in front:
        raise UsageError(str(path), "no log: is stated", f"one of {', '.join(LOGS)}", "Add it.")
    try:
        ZoneInfo(str(front.get("zone", "Europe/London")))
    except (ValueError, OSError, KeyError) as error:
        raise UsageError(str(path), f"zone: {front['zone']}", "a time zone such as Europe/London", "Correct it.") from error


def _refuse_other_statements(path: Path, sql: str) -> None:
    try:
        statements = duckdb.connect().extract_statements(sql)
    except duckdb.Error as error:
        raise _sql_refused(path, error) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(str(path), "its SQL is not one select", "one select from raw", "Leave out all else.")


def _sql_refused(path: Path, error: Exception) -> UsageError:
    said = " ".join(str(error).split())[:300]
    return UsageError(str(path), f"DuckDB refuses its SQL ({said})", "one select from raw that runs", "Correct it.")


class DescribedDelivery:
    """A file read through a description: loaded as `raw`, then selected from behind locked doors."""

    def __init__(self, source: Source, path: Path, sha256: str) -> None:
        self.source, self.sha256, self._path = source, sha256, path
        self._where = Path(f"{source.name}.sql")
        self._refusals: list[Refusal] = []
        self._spill = tempfile.TemporaryDirectory(prefix="pledge-raw-")
        self._con = self._locked()
        names = self._selected_columns()
        log = LOGS[source.log]
        others = [name for name in names if name not in log.by_name and name != "row_number"]
        if others:
            do = f"The columns of {log.name}: {', '.join(log.by_name)}."
            raise UsageError(str(self._where), f"it selects {', '.join(others)}", "columns of the contract", do)
        self._adds_force = bool(source.force) and "force" not in names
        delivered = {*names, *(["force"] if self._adds_force else [])}
        self.columns = tuple(column.name for column in log.columns if column.name in delivered)
        self._numbered = "row_number" in names
        refuse_incomplete(self._where, log, self.columns, names)

    def _locked(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        # Raw columns are more than the contract's: what does not fit into memory is spilt encrypted.
        for name, value in (
            ("TimeZone", "UTC"),
            ("memory_limit", MEMORY_LIMIT),
            ("temp_file_encryption", "true"),
            ("temp_directory", self._spill.name),
        ):
            con.execute(f"set {name} = '{value}'")
        con.execute(_MACROS.read_text("utf-8"))
        self._load(con)
        for lock in ("enable_external_access = false", "autoload_known_extensions = false", "lock_configuration = true"):
            con.execute(f"set {lock}")
        return con

    def _load(self, con: duckdb.DuckDBPyConnection) -> None:
        rows = raw_rows(self.source, self._path)
        created = False
        for batch in rows.batches():
            self._refusals += batch.refusals
            con.register("batch", batch.rows)
            con.execute("insert into raw select * from batch" if created else "create table raw as select * from batch")
            con.unregister("batch")
            created = True

    def _timed(self, act: Any) -> Any:
        """Act, interrupted after the time limit: DuckDB has no statement timeout."""
        timer = threading.Timer(TIME_LIMIT, self._con.interrupt)
        timer.start()
        try:
            return act()
        except duckdb.InterruptException as error:
            raise UsageError(
                str(self._where), f"its select ran over {TIME_LIMIT:.0f} s", "one that ends", "Simplify it."
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise UsageError(
                str(self._where), f"its select needs more than {MEMORY_LIMIT}", "one that fits", "Simplify it."
            ) from error
        except duckdb.Error as error:
            raise _sql_refused(self._where, error) from error
        finally:
            timer.cancel()

    def _selected_columns(self) -> list[str]:
        found = self._timed(lambda: self._con.execute(f"describe {self.source.sql}").fetchall())
        return [row[0] for row in found]

    def batches(self) -> Iterator[Batch]:
        """The selected rows as text, and what of the file could not even be split into columns."""
        columns = ", ".join(f'"{name}"::varchar as "{name}"' for name in self.columns if name != "force")
        force = "'" + self.source.force.replace("'", "''") + "' as force" if self._adds_force else '"force"::varchar as "force"'
        number = "row_number::bigint" if self._numbered else "row_number() over ()"
        selected = f"select {columns}, {force}, {number} as row_number from ({self.source.sql}\n) as selected"
        try:
            reader = self._timed(lambda: self._con.sql(selected).to_arrow_reader(BATCH))
            refusals = tuple(Refusal(r.row_number, r.rule, r.sentence) for r in self._refusals)
            while (batch := self._timed(lambda: next(reader, None))) is not None:
                yield Batch(pa.table(batch), refusals)
                refusals = ()
            if refusals:
                yield Batch(pa.table({name: pa.array([], pa.string()) for name in self.columns}), refusals)
        finally:
            self._con.close()
            self._spill.cleanup()


