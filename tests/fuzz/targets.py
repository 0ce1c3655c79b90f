"""What is fuzzed: for each target what is done with any bytes, and samples to start from.

A target raises for a fault of the product alone: to most bytes a refusal in the product's own words is the right
answer.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from openpyxl import Workbook

from checks.errors import NotFitError, PledgeError, UsageError
from checks.logs import LOGS
from connectors.lake.staging import stage
from connectors.slack.answers import ACKNOWLEDGE, Subject, answered
from connectors.sources import description as descriptions
from connectors.sources.delivery import ROW_NUMBER
from connectors.sources.description import described, read_description
from connectors.sources.file import canonical, open_delivery
from connectors.sources.http.client import HttpClient
from connectors.sources.http.connection import HttpConnection
from connectors.sources.http.kept import at, kept
from connectors.sources.http.listing import list_of
from connectors.sources.rebases import load as load_rebases
from expectations.published import SHIPPED, validate
from tests.connectors.sources.reading import CALLS

Seeds = Callable[[], list[bytes]]
DESCRIPTIONS = Path(descriptions.__file__).with_name("descriptions")


@dataclass(frozen=True)
class Target:
    """`holds(data, folder)` raises where the product breaks a promise; `folder` is its own and may be written to."""

    holds: Callable[[bytes, Path], None]
    seeds: Seeds


def _delivered(name: str) -> Callable[[bytes, Path], None]:
    """A delivery of calls becomes rows of text or one refusal; every row read is handed over or refused, once."""

    def holds(data: bytes, folder: Path) -> None:
        path = folder / name
        path.write_bytes(data)
        numbers: list[int] = []
        try:
            delivery = open_delivery(canonical("calls"), path)
            for batch in delivery.batches():
                assert all(field.type == pa.string() for field in batch.rows.drop_columns(ROW_NUMBER).schema)
                for row in batch.rows.to_pylist():
                    assert not any("\0" in value for key, value in row.items() if key != ROW_NUMBER and value)
                numbers += batch.rows[ROW_NUMBER].to_pylist()
                numbers += [refusal.row_number for refusal in batch.refusals]
        except NotFitError as refused:
            one_sentence(refused)
            return
        assert sorted(numbers) == list(range(1, delivery.rows + 1)), "a row was lost, or counted twice"

    return holds


def _typed(data: bytes, folder: Path) -> None:
    """Whatever CSV can hold reaches the typing door: typed or troubled, no row lost."""
    path = folder / "calls.csv"
    path.write_bytes(data)
    try:
        staged = stage(open_delivery(canonical("calls"), path), LOGS["calls"], folder)
    except NotFitError as refused:
        one_sentence(refused)
        return
    kept = sum(len(chunk) for chunk in staged.chunks())
    assert staged.rows_read == kept + len(staged.refusals), "a row was lost"
    staged.path.unlink(missing_ok=True)


def _description(data: bytes, folder: Path) -> None:
    path = folder / "system.sql"
    path.write_bytes(data)
    try:
        read_description(path)
    except UsageError as refused:
        one_sentence(refused)


def _connection(data: bytes, folder: Path) -> None:
    system = folder / "system"
    system.mkdir(exist_ok=True)
    (system / "connection.yaml").write_bytes(data)
    (system / "calls.sql").write_text("/*---\nlog: calls\n---*/\nselect row_number, call_id from raw")
    try:
        described("system", [folder])
    except UsageError as refused:
        one_sentence(refused)


def _standard(data: bytes, folder: Path) -> None:
    path = folder / "2008-12-31_policing_pledge.yaml"
    path.write_bytes(data)
    for problem in validate(path):
        assert "\n" not in str(problem), problem


def _rebases(data: bytes, folder: Path) -> None:
    path = folder / "rebases.yaml"
    path.write_bytes(data)
    try:
        load_rebases(path)
    except UsageError as refused:
        one_sentence(refused)


def _pressed(data: bytes, _: Path) -> None:
    """What Slack sends of a button and a form: its subject, or none."""
    value = data.decode("utf-8", "replace")
    subject = Subject.of(value)
    if subject is not None:
        assert Subject.of(subject.value) == subject, "it cannot be sent on"
        assert subject.in_words
    answered([{"type": "actions", "elements": [{"action_id": ACKNOWLEDGE, "value": value}]}], {})


def _answered(data: bytes, _: Path) -> None:
    """The body of an HTTP answer: a list of records, of which only what may be kept is, or a refusal."""
    connection = HttpConnection("http://127.0.0.1/", "list", at="data.items", max_answer_mb=0.01)
    try:
        body = HttpClient(connection, "http://127.0.0.1/")._body("list", [data])
        records = list_of("list", at(body, "data.items"))
    except PledgeError as refused:
        one_sentence(refused)
        return
    for record in records:
        told = {name: value for name, value in kept(record, {"id": "all"}).items() if name != "id"}
        assert all(value in (True, "", None) for value in told.values() if not isinstance(value, dict | list))


def one_sentence(refused: Exception) -> None:
    """A refusal is a sentence to read: short, without line ends or other control characters."""
    said = str(refused)
    assert len(said) < 5_000, len(said)
    assert said.isprintable(), said


def _csv_seeds() -> list[bytes]:
    rows = CALLS.splitlines()
    quoted = "\n".join([rows[0] + ",notes", *(f'{row},"a ""b"",\nc"' for row in rows[1:])])
    return [CALLS.encode(), quoted.encode(), CALLS.replace(",", ";").encode("utf-16"), b"\xef\xbb\xbf" + CALLS.encode()]


def _jsonl_seeds() -> list[bytes]:
    table = pyarrow.csv.read_csv(io.BytesIO(CALLS.encode()))
    return ["\n".join(json.dumps(row, default=str) for row in table.to_pylist()).encode(), b'{"call_id": "\\ud800"}\n']


def _parquet_seeds() -> list[bytes]:
    table, out = pyarrow.csv.read_csv(io.BytesIO(CALLS.encode())), io.BytesIO()
    pq.write_table(table, out, compression="none")
    return [out.getvalue()]


def _workbook_seeds() -> list[bytes]:
    book, out = Workbook(), io.BytesIO()
    for row in CALLS.splitlines():
        book.active.append(row.split(","))
    book.save(out)
    return [out.getvalue(), *(bytes([number]) + part for number, part in enumerate(_parts(out.getvalue()).values()))]


def _parts(book: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(book)) as whole:
        return {name: whole.read(name) for name in sorted(whole.namelist())}


def _workbook(data: bytes, folder: Path) -> None:
    """A whole workbook as it stands; else, by the first byte, one part of a sound workbook."""
    if not data.startswith(b"PK") and data:
        sound = _parts(_SOUND[0])
        name = list(sound)[data[0] % len(sound)]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as book:
            for part, content in (sound | {name: data[1:]}).items():
                book.writestr(part, content)
        data = out.getvalue()
    _delivered("calls.xlsx")(data, folder)


def _files(folder: Path, pattern: str) -> Seeds:
    return lambda: [path.read_bytes() for path in sorted(folder.rglob(pattern))]


_SOUND = _workbook_seeds()
_REBASE = b"rebases: [{force: norfolk, measure: answer_999, at: 2026-04-01, author: A. Registrar, reason: A new room}]"

TARGETS = {
    "csv": Target(_delivered("calls.csv"), _csv_seeds),
    "csv_gz": Target(_delivered("calls.csv.gz"), lambda: [gzip.compress(seed, mtime=0) for seed in _csv_seeds()]),
    "jsonl": Target(_delivered("calls.jsonl"), _jsonl_seeds),
    "parquet": Target(_delivered("calls.parquet"), _parquet_seeds),
    "workbook": Target(_workbook, _workbook_seeds),
    "typing": Target(_typed, _csv_seeds),
    "description": Target(_description, _files(DESCRIPTIONS, "*.sql")),
    "connection": Target(_connection, _files(DESCRIPTIONS, "connection.yaml")),
    "standard": Target(_standard, _files(SHIPPED, "*.yaml")),
    "slack": Target(_pressed, lambda: [Subject("answer_999", "norfolk", date(2026, 3, 1), "k").value.encode()]),
    "http": Target(_answered, lambda: [b'{"data": {"items": [{"id": "1", "name": "Mabel"}]}}']),
    "rebases": Target(_rebases, lambda: [_REBASE]),
}
