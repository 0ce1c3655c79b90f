"""A description's select, run over the delivered file where it can reach nothing else.

A description is not trusted. Its SQL sees `raw` and a few macros in a DuckDB of its own: no file, no network, no
extension, no setting, bounded memory, bounded time.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from threading import Timer

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from checks.database import literal
from checks.errors import NotFitError, PledgeError, UsageError
from checks.logs import DELETED, LOGS
from connectors.sources.columns_read import columns_read
from connectors.sources.delivery import BATCH, ROW_NUMBER, Batch, Delivery, Refusal, Source
from connectors.sources.records import Records

TIME_LIMIT_SECONDS = 900.0
MEMORY_LIMIT = "1GB"
_MACROS = Path(__file__).with_name("macros.sql")
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
_ABSENT = re.compile(r'(?:column named|Referenced column|column) "([^"]+)"')


def described_delivery(source: Source, path: Path, records: Records) -> Delivery:
    """Open a delivery that is read by a description.

    Raises:
        UsageError: the select is wrong, or gives columns outside the contract.
        NotFitError: the file lacks a column the select reads.
    """
    selection = _Selection(source, path, records)
    filled = (source.force and "force" not in selection.columns and ("force",)) or ()
    return Delivery(source, path, (*selection.columns, *filled), selection.batches)


class _Selection:
    def __init__(self, source: Source, path: Path, records: Records) -> None:
        self._source, self._path, self._records = source, path, records
        read = columns_read(source.sql)
        self._wanted = [
            position
            for position, name in enumerate(records.header)
            if name.casefold() != ROW_NUMBER and (read is None or name.casefold() in read)
        ]
        self._types = self._described()
        self._marker = source.deleted.casefold()
        self.columns = tuple(name for name in self._types if name not in (ROW_NUMBER, self._marker))
        self._check()

    def _described(self) -> dict[str, str]:
        """Names (lower case) and types of what the select gives, from an empty `raw`."""
        con = _locked(self._source, [self._records.header[position] for position in self._wanted])
        try:
            with self._told_plainly(), _interrupted(con):
                given = con.execute(f"describe {self._source.sql}").fetchall()
        finally:
            con.close()
        return {row[0].casefold(): row[1] for row in given}

    def _check(self) -> None:
        log, source = LOGS[self._source.log], self._source
        outside = [name for name in self.columns if name not in log.by_name]
        if outside:
            raise UsageError(
                source.file,
                f"the select gives {', '.join(outside)}, outside {log.name}",
                f"only {', '.join(log.by_name)} and row_number",
                "Leave it out or rename it.",
            )
        if self._marker and self._marker not in self._types:
            raise UsageError(
                source.file,
                f"the select gives no {source.deleted}, which deleted: names",
                "a column that is true for a record withdrawn at its source",
                "Add it to the select.",
            )
        absent = [name for name in log.required if name not in self.columns and not (name == "force" and source.force)]
        if absent:
            raise UsageError(
                source.file,
                f"the select gives no {', '.join(absent)}",
                f"the required columns of {log.name}: {', '.join(log.required)}",
                "Add it to the select" + (", or force: to the front matter." if "force" in absent else "."),
            )

    def batches(self) -> Iterator[Batch]:
        with tempfile.TemporaryDirectory(prefix="pledge-raw-") as folder:
            header = [self._records.header[position] for position in self._wanted]
            con = _locked(self._source, header, folder)
            try:
                refusals, records_read = self._load(con)
                first_free = records_read if refusals else 0
                with self._told_plainly(), _interrupted(con):
                    con.execute(self._statement(first_free))
                con.execute("drop table raw")
                self._check_row_numbers(con)
                yield from self._results(con, refusals)
            finally:
                con.close()

    def _load(self, con: duckdb.DuckDBPyConnection) -> tuple[list[Refusal], int]:
        """Load `raw`, trimmed, empty texts as NULL; returns the records refused and how many records there were."""
        refusals: list[Refusal] = []
        records_read = 0
        empty = pa.array(["", *self._source.empty], pa.string())
        for batch in self._records.read(self._wanted):
            refusals += [Refusal(bad.row_number, bad.rule, bad.sentence, {}) for bad in batch.refusals]
            records_read += batch.rows.num_rows + len(batch.refusals)
            names = batch.rows.column_names
            columns = [
                column if name == ROW_NUMBER else _trimmed(column, empty)
                for name, column in zip(names, batch.rows.columns, strict=True)
            ]
            con.register("delivered", pa.table(columns, names=names))
            con.execute("insert into raw by name select * from delivered")
            con.unregister("delivered")
        return refusals, records_read

    def _statement(self, first_free: int) -> str:
        """The result as a table of text; rows without a row_number are numbered apart from the refused records."""
        columns = [f'{_as_text(name, self._types[name])} as "{name}"' for name in self.columns]
        if self._source.force and "force" not in self.columns:
            columns.append(f'{literal(self._source.force)} as "force"')
        if self._marker:
            columns.append(f'{_as_text(self._marker, self._types[self._marker])} as "{DELETED}"')
        number = f'"{ROW_NUMBER}"::bigint' if ROW_NUMBER in self._types else f"{first_free} + row_number() over ()"
        return (
            f"create temp table result as select {', '.join(columns)}, {number} as row_number "  # noqa: S608
            f"from ({self._source.sql}\n) as described"
        )

    def _check_row_numbers(self, con: duckdb.DuckDBPyConnection) -> None:
        rows, numbers = con.execute("select count(*), count(distinct row_number) from result").fetchall()[0]
        if rows != numbers:
            raise UsageError(
                self._source.file,
                "two rows of the result have one row_number, or none",
                "each row its own, such as min(row_number) where rows are grouped",
                "Correct the select, or leave row_number out.",
            )

    def _results(self, con: duckdb.DuckDBPyConnection, refusals: Sequence[Refusal]) -> Iterator[Batch]:
        reader = con.sql("select * from result order by row_number").to_arrow_reader(BATCH)
        first = True
        for part in reader:
            yield Batch(pa.Table.from_batches([part]), tuple(refusals) if first else ())
            first = False
        if first and refusals:
            yield Batch(reader.schema.empty_table(), tuple(refusals))

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        """DuckDB's errors as sentences; none that could carry a delivered value."""
        try:
            yield
        except duckdb.Error as error:
            raise self._plainly(error) from error

    def _plainly(self, error: duckdb.Error) -> PledgeError:
        text = str(error)
        line = re.search(r"LINE (\d+):", text)
        where = f"{self._source.file}, line {line[1]}" if line else self._source.file
        absent = _ABSENT.search(text) if isinstance(error, duckdb.BinderException) else None
        if absent and absent[1].casefold() not in map(str.casefold, self._records.header):
            close = get_close_matches(absent[1], self._records.header, n=1, cutoff=0.6)
            found = f"no column {absent[1]!r}" + (f" ({close[0]!r} comes closest)" if close else "")
            return NotFitError(
                str(self._path),
                found,
                f"the columns {where} reads",
                "Rename it at its source, or mend the description.",
            )
        if isinstance(error, duckdb.InterruptException):
            found = f"the select took longer than {TIME_LIMIT_SECONDS:g} seconds"
            return UsageError(where, found, "an answer in that time", "Make the select simpler.")
        if isinstance(error, duckdb.OutOfMemoryException):
            return UsageError(where, f"the select needs more than {MEMORY_LIMIT} of memory", "less", "Make it simpler.")
        if isinstance(error, duckdb.PermissionException):
            return UsageError(
                where, "the select reaches for a file, the network or an extension", "only raw", "Leave it."
            )
        if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
            found = "the SQL is not right (" + text.splitlines()[0].partition(": ")[2] + ")"
            return UsageError(where, found, "one SELECT from raw in DuckDB's SQL", "Mend the SQL.")
        return NotFitError(
            str(self._path),
            f"the select of {where} fails on one of its values ({type(error).__name__})",
            "values the select can read",
            "Read them with moment(…) or try_cast, and let what cannot be read become unreadable(…).",
        )


def _locked(source: Source, columns: Sequence[str], spill: str = "") -> duckdb.DuckDBPyConnection:
    """A DuckDB with an empty `raw`, the macros, and everything else shut."""
    con = duckdb.connect()
    settings = {
        "TimeZone": "UTC",
        # The wheel's own cipher is enough for a file nobody reads after this process.
        "force_mbedtls_unsafe": "true",
        "temp_file_encryption": "true",
        "temp_directory": spill,
        "memory_limit": MEMORY_LIMIT,
        "threads": "2",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",
        # It would write to standard output, which is for data.
        "enable_progress_bar": "false",
    }
    for name, value in settings.items():
        con.execute(f"set {name} = {literal(value)}")
    con.execute(_MACROS.read_text("utf-8"))
    rules = ", ".join(literal(rule) for rule in (source.zone, source.ambiguous, source.nonexistent))
    con.execute(f"create macro plus_seconds(local, seconds) as seconds_after(local, seconds, {rules})")
    names = "".join(', "' + name.replace('"', '""') + '" varchar' for name in columns)
    con.execute(f"create table raw ({ROW_NUMBER} bigint{names})")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


@contextmanager
def _interrupted(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """DuckDB has no statement timeout: a timer interrupts it."""
    timer = Timer(TIME_LIMIT_SECONDS, con.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _trimmed(column: pa.ChunkedArray, empty: pa.Array) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(text, value_set=empty), pa.scalar(None, pa.string()), text)


def _as_text(name: str, kind: str) -> str:
    """A result column as text; 3.0 is how SQL arithmetic writes the whole number 3."""
    text = f'"{name}"::varchar'
    return f"regexp_replace({text}, '\\.0+$', '')" if kind.startswith(_FRACTIONS) else text
