"""Files made to fill a memory, a disk or a day: refused in a sentence, or read, within bounds of memory and time.

Bombs of gzip and ZIP are in tests/connectors/sources/test_unpacked.py, honest files of 300 MB in test_memory.py there.
Words too long: for Slack tests/connectors/slack/test_slack_message.py, of officers tests/checks/test_explanation.py.
"""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from xlsxwriter import Workbook

from checks.errors import NotFitError, UsageError
from connectors.retention import load as load_retention
from connectors.sources.description import read_description
from connectors.sources.file import canonical, open_delivery
from connectors.sources.forces import load as load_forces
from connectors.sources.rebases import load as load_rebases
from connectors.yaml_text import MOST_NODES, parsed
from expectations.published import validate
from tests.connectors.sources.reading import CALLS, HEADER
from tests.journey.logs import call, write
from tests.journey.pledge import Pledge

MOST_MB = 1_000
LAUGHS = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
ENDLESS = "a: &a [*a]\nlog: *a\n"
DEEP = "a: " + "[" * 50_000
NO_DATE = "log: 2026-13-45\n"
NO_NUMBER = "log: 0x" + "f" * 5_000 + "\n"
YAML = {"laughs": LAUGHS, "endless": ENDLESS, "deep": DEEP, "no date": NO_DATE, "no number": NO_NUMBER,
        "a tag": "log: !!int ''\n", "another tag": "log: !!timestamp x\n", "a third": "log: !!bool x\n"}  # fmt: skip


@pytest.fixture(autouse=True)
def in_time() -> object:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("name", YAML)
@pytest.mark.parametrize("load", [load_rebases, load_forces, lambda path: load_retention(str(path))])
def test_yaml_that_grows(tmp_path: Path, name: str, load: Callable[[Path], object]) -> None:
    path = tmp_path / "given.yaml"
    path.write_text(YAML[name])
    with pytest.raises(UsageError) as refused:
        load(path)
    assert len(str(refused.value)) < 5_000


@pytest.mark.parametrize("name", YAML)
def test_a_description_that_grows(tmp_path: Path, name: str) -> None:
    path = tmp_path / "system.sql"
    path.write_text(f"/*---\n{YAML[name]}\n---*/\nselect 1")
    with pytest.raises(UsageError) as refused:
        read_description(path)
    assert len(str(refused.value)) < 5_000


@pytest.mark.parametrize("name", YAML)
def test_a_standard_that_grows(tmp_path: Path, name: str) -> None:
    path = tmp_path / "2026-01-01_ours.yaml"
    path.write_text(YAML[name])
    assert 1 <= len(validate(path)) < 100


def test_references_are_read_while_they_are_few() -> None:
    assert parsed("a: &a [1, 2]\nb: *a\n") == {"a": [1, 2], "b": [1, 2]}
    assert len(parsed(f"[{', '.join(['1'] * (MOST_NODES - 2))}]")) == MOST_NODES - 2


READER = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))  # a bomb that goes off hurts nobody else
from pathlib import Path
from checks.errors import NotFitError
from connectors.sources.file import canonical, open_delivery
from tests.memory import own_peak
try:
    said = sum(batch.rows.num_rows for batch in open_delivery(canonical("calls"), Path(sys.argv[1])).batches())
except NotFitError as refused:
    said = str(refused)
print(json.dumps([said, own_peak()]))
"""


def read_apart(path: Path) -> str | int:
    """What a reader in a process of its own says, within the memory it may take."""
    done = subprocess.run([sys.executable, "-c", READER, str(path)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    said, megabytes = json.loads(done.stdout)
    assert megabytes < MOST_MB, f"{megabytes:,.0f} MB"
    assert isinstance(said, str | int)
    return said


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("stored", [True, False])
def test_parquet_in_which_a_number_stands_for_a_megabyte(tmp_path: Path, kind: pa.DataType, stored: bool) -> None:
    text, rows = pa.array(["x" * 1_000_000], kind), 50_000
    column = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), text)
    columns = dict.fromkeys(HEADER.split(","), column)
    path = tmp_path / "calls.parquet"
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=rows, store_schema=stored)
    assert path.stat().st_size < 1_000_000
    assert "unpacks to more than 200 times its size" in str(read_apart(path))


def test_parquet_of_a_few_bytes_with_a_thousand_million_rows(tmp_path: Path) -> None:
    path = tmp_path / "calls.parquet"
    block = pa.table({name: pa.nulls(10_000_000, pa.string()) for name in HEADER.split(",")})
    with pq.ParquetWriter(path, block.schema) as writer:
        writer.write_table(block, row_group_size=10_000_000)
    with pytest.raises(NotFitError, match="unpacks to more than 200 times its size"):
        open_delivery(canonical("calls"), path)


def test_gzip_in_gzip_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress(gzip.compress(CALLS.encode())))
    with pytest.raises(NotFitError, match=r"NUL byte|is not UTF-8"):
        list(open_delivery(canonical("calls"), path).batches())


def test_one_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    with path.open("w") as file:
        file.write(HEADER + "\n")
        for _ in range(200):
            file.write("x" * 1_000_000)
    assert "a line of more than 64 MB" in str(read_apart(path))


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000, '{"call_id": ' + "[" * 90_000 + "]" * 90_000 + "}"])
def test_json_nested_without_end(tmp_path: Path, deep: str) -> None:
    path = tmp_path / "calls.jsonl"
    sound = dict(zip(HEADER.split(","), ["c1", "norfolk", "999", "public", "2026-03-01", ""], strict=True))
    path.write_text(f"{json.dumps(sound)}\n{deep}\n")
    batches = list(open_delivery(canonical("calls"), path).batches())
    assert sum(batch.rows.num_rows for batch in batches) == 1
    assert [refusal.row_number for batch in batches for refusal in batch.refusals] == [2]


def test_json_with_a_new_name_in_every_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text("".join(f'{{"n{n}": 1}}\n' for n in range(20_000)))
    with pytest.raises(NotFitError, match="more than 10,000 columns"):
        open_delivery(canonical("calls"), path)


def test_a_header_of_a_hundred_thousand_columns(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(",".join(f"call_{n}" for n in range(100_000)) + "\n1\n")
    with pytest.raises(NotFitError, match="more than 10,000 columns"):
        open_delivery(canonical("calls"), path)


@pytest.mark.parametrize(("cells", "said"), [(20_000, "unpacks to more than 200 times its size"), (5, 5)])
def test_a_workbook_in_which_a_number_stands_for_a_megabyte(tmp_path: Path, cells: int, said: str | int) -> None:
    sound, path = tmp_path / "sound.xlsx", tmp_path / "calls.xlsx"
    with Workbook(sound) as book:  # keeps each text once, as Excel does
        sheet = book.add_worksheet()
        for row, line in enumerate(CALLS.splitlines()):
            sheet.write_row(row, 0, line.split(","))
        sheet.write(0, 9, "notes")
        for number in range(cells):
            sheet.write(1 + number % 1_000, 9 + number // 1_000, "LONG")
    with zipfile.ZipFile(sound) as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name in whole.namelist():
            content = whole.read(name)
            assert content.count(b">LONG<") == (name == "xl/sharedStrings.xml")
            bomb.writestr(name, content.replace(b">LONG<", b">" + b"x" * 1_000_000 + b"<"))
    assert str(said) in str(read_apart(path))


def test_xml_that_grows_in_a_workbook(tmp_path: Path) -> None:
    laughs = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 9}'>" for n in range(1, 10))
    doctype = f"<!DOCTYPE x [<!ENTITY a0 'ha'>{laughs}]>"
    sound = io.BytesIO()
    with Workbook(sound) as book:
        sheet = book.add_worksheet()
        for row, line in enumerate(CALLS.splitlines()):
            sheet.write_row(row, 0, line.split(","))
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"):
        path = tmp_path / "calls.xlsx"
        with zipfile.ZipFile(sound) as whole, zipfile.ZipFile(path, "w") as bomb:
            for name in whole.namelist():
                content = whole.read(name).decode()
                head, _, rest = content.rpartition("?>")
                grown = f"{head}{'?>' if head else ''}{doctype}{rest}".replace("sheetId=", "x='&a9;' sheetId=")
                bomb.writestr(name, grown if name == part else content)
        try:
            list(open_delivery(canonical("calls"), path).batches())
        except NotFitError as refused:
            assert "workbook" in str(refused)


def test_values_too_long_cost_their_row_and_fill_no_table(pledge: Pledge, store_url: str) -> None:
    """A cell of 10 MB, a reference of 1 MB, an area no index would hold; on either database."""
    pledge.store = store_url
    at = "2026-03-01 10:00:00"
    rows = [call(f"c{n}", at, 40, area="n" * 200) for n in range(4)]
    rows += [call("r" * 1_000_000, at), call("a", at, area="ä" * 201), call("t", at, received_at="9" * 10_000_000)]
    write(pledge.input, "calls", rows)
    said = pledge.run("2026-03-03T06:00:00Z")
    assert said.code == 0, said.err
    assert len(said.err) < 20_000
    refused = pledge.rows("quarantine")
    assert sorted((row["row_number"], row["rule"]) for row in refused) == [
        (5, "readable:call_id"), (6, "readable:area"), (7, "readable:received_at"),
    ]  # fmt: skip
    assert all(len(json.dumps(row)) < 30_000 for row in refused)
    assert {row["area"] for row in pledge.rows("breaches")} == {"n" * 200}
    assert len(pledge("quarantine", "--format", "table").out) < 100_000
