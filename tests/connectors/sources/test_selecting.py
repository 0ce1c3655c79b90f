"""A description's select runs where it can reach nothing, and yields the contract's columns or a sentence."""

from __future__ import annotations

import gc
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from checks.errors import NotFitError, PledgeError, UsageError
from connectors.sources import selecting
from connectors.sources.csv_lines import MALFORMED
from connectors.sources.delivery import Source
from connectors.sources.file import open_delivery
from tests.connectors.sources.reading import Read, description, read

RAW = "id,rang,caller\n1,2026-03-01 10:00:00,Jane Smith\n2,2026-03-01 10:01:00,O'Brien\n3,,Zoë\n"
CALL = "row_number, id as call_id, '999' as line, 'public' as kind, rang as received_at"


def selected(folder: Path, select: str, raw: str = RAW, **front: str) -> Read:
    path = folder / "export.csv"
    path.write_text(raw, "utf-8")
    return read(path, description(folder, select, **front))


def refused(folder: Path, select: str, raw: str = RAW, **front: str) -> PledgeError:
    with pytest.raises(PledgeError) as error:
        selected(folder, select, raw, **front)
    assert "\n" not in str(error.value)
    for value in ("Jane", "Smith", "Brien", "Zoë", "07700900123"):
        assert value not in str(error.value)
    return error.value


class TestColumns:
    def test_the_select_yields_the_contracts_columns_and_the_records_numbers(self, tmp_path: Path) -> None:
        found = selected(tmp_path, f"select {CALL} from raw where id <> '2'")
        assert (found.keys, found.numbers) == (["1", "3"], [1, 3])
        assert found.rows[0]["force"] == "norfolk"
        assert set(found.columns) == {"call_id", "line", "kind", "received_at", "force"}

    def test_its_own_force_wins_over_the_front_matter(self, tmp_path: Path) -> None:
        found = selected(tmp_path, f"select {CALL}, if(id = '1', 'suffolk', 'norfolk') as force from raw")
        assert [row["force"] for row in found.rows] == ["suffolk", "norfolk", "norfolk"]

    def test_a_column_outside_the_contract_is_refused(self, tmp_path: Path) -> None:
        error = refused(tmp_path, f"select {CALL}, caller from raw")
        assert isinstance(error, UsageError) and "caller" in str(error) and "answered_at" in str(error)

    def test_a_deletion_marker_stands_beside_the_contract(self, tmp_path: Path) -> None:
        found = selected(tmp_path, f"select {CALL}, id = '2' as Is_Deleted from raw", deleted="is_deleted")
        assert [row["deleted"] for row in found.rows] == ["false", "true", "false"]
        assert set(found.columns) == {"call_id", "line", "kind", "received_at", "force"}

    def test_a_marker_that_is_named_must_be_selected_and_one_selected_named(self, tmp_path: Path) -> None:
        assert "no is_deleted" in str(refused(tmp_path, f"select {CALL} from raw", deleted="is_deleted"))
        assert "deleted" in str(refused(tmp_path, f"select {CALL}, true as deleted from raw"))

    def test_so_is_a_misspelt_one(self, tmp_path: Path) -> None:
        assert "answerd_at" in str(refused(tmp_path, f"select {CALL}, rang as answerd_at from raw"))

    def test_a_required_column_that_is_not_selected_is_named(self, tmp_path: Path) -> None:
        assert "kind" in str(refused(tmp_path, "select id as call_id, '999' as line, rang as received_at from raw"))

    def test_a_file_that_lacks_a_column_is_unfit_and_the_nearest_is_named(self, tmp_path: Path) -> None:
        error = refused(tmp_path, f"select {CALL} from raw", RAW.replace("rang", "rang_at"))
        assert isinstance(error, NotFitError) and "rang" in str(error) and "rang_at" in str(error)

    def test_extra_and_moved_columns_of_the_file_change_nothing(self, tmp_path: Path) -> None:
        raw = "new,caller,rang,id,row_number\nx,Jane,2026-03-01 10:00:00,1,77\n"
        found = selected(tmp_path, f"select {CALL} from raw", raw)
        assert (found.keys, found.numbers) == (["1"], [1])

    def test_values_of_any_type_become_text(self, tmp_path: Path) -> None:
        select = (
            "select row_number, id::int as call_id, 999 as line, 'public' as kind, "
            "rang::timestamp as received_at, (rang::timestamp at time zone 'UTC') as answered_at "
            "from raw where rang <> ''"
        )
        row = selected(tmp_path, select).rows[0]
        assert (row["call_id"], row["line"], row["received_at"]) == ("1", "999", "2026-03-01 10:00:00")
        assert row["answered_at"] == "2026-03-01 10:00:00+00"

    def test_a_header_alone_yields_no_rows(self, tmp_path: Path) -> None:
        assert selected(tmp_path, f"select {CALL} from raw", "id,rang,caller\n").rows == []


class TestRowNumbers:
    BROKEN = "id,rang,caller\n1,2026-03-01 10:00:00,a\nbroken\n3,2026-03-01 10:02:00,c\n4,2026-03-01 10:03:00,d\n"

    def test_refused_records_keep_their_numbers_and_tell_no_value(self, tmp_path: Path) -> None:
        found = selected(tmp_path, f"select {CALL} from raw", self.BROKEN)
        assert (found.numbers, found.refused) == ([1, 3, 4], [(2, MALFORMED)])
        assert dict(found.refusals[0].kept_values) == {}

    def test_rows_that_tell_no_number_never_share_one_with_a_refused_record(self, tmp_path: Path) -> None:
        found = selected(tmp_path, f"select {CALL.removeprefix('row_number, ')} from raw", self.BROKEN)
        numbers = [*found.numbers, *(number for number, _ in found.refused)]
        assert len(numbers) == len(set(numbers)) == 4

    def test_without_refused_records_they_are_counted_from_one(self, tmp_path: Path) -> None:
        found = selected(tmp_path, f"select {CALL.removeprefix('row_number, ')} from raw")
        assert (found.keys, found.numbers) == (["1", "2", "3"], [1, 2, 3])

    def test_a_number_that_two_rows_share_is_refused(self, tmp_path: Path) -> None:
        assert "row_number" in str(refused(tmp_path, f"select {CALL} from raw union all select {CALL} from raw"))

    def test_so_is_a_row_without_one(self, tmp_path: Path) -> None:
        select = f"select {CALL} from raw".replace("row_number,", "nullif(row_number, 2) as row_number,")
        assert "row_number" in str(refused(tmp_path, select))


class TestFailures:
    def test_a_value_that_breaks_the_select_far_down_the_file_is_not_told(self, tmp_path: Path) -> None:
        rows = [f"{n},2026-03-01 10:00:00,5" for n in range(1, 90_001)]
        rows[69_999] = "70000,2026-03-01 10:00:00,07700900123 Jane Smith"
        raw = "\n".join(["id,rang,caller", *rows]) + "\n"
        later = "rang::timestamp + to_seconds(caller::int) as answered_at"
        error = refused(tmp_path, f"select {CALL}, {later} from raw", raw)
        assert isinstance(error, NotFitError) and "system.sql" in str(error)

    @pytest.mark.parametrize(
        "column",
        [
            "caller::int",
            "caller::timestamp",
            "strptime(caller, '%Y-%m-%d')",
            "error('leak ' || caller)",
            "(caller || chr(10) || 'LINE 99: ' || caller)::int",
            "cast(caller as enum('a'))",
            "array_extract([caller], 1)::uuid",
            "printf('%d', caller)",
            "json_extract(caller, '$.a')",
            "('[' || caller)::int[]",
        ],
    )
    def test_no_message_of_duckdb_carries_a_value(self, tmp_path: Path, column: str) -> None:
        refused(tmp_path, f"select {CALL}, ({column})::varchar as area from raw")

    def test_what_does_not_exist_is_named_with_its_line(self, tmp_path: Path) -> None:
        error = refused(tmp_path, f"select {CALL},\n  no_such_function(id) as area\nfrom raw")
        assert isinstance(error, UsageError)
        assert "no_such_function" in str(error) and "line 6" in str(error)
        assert "no_such_table" in str(refused(tmp_path, f"select {CALL} from no_such_table"))


class TestLockedDoors:
    @pytest.mark.parametrize(
        "escape",
        [
            "select * from read_csv('{secret}')",
            "select * from read_csv_auto('{secret}')",
            "select * from '{secret}'",
            "select * from read_parquet('{secret}')",
            "select * from read_json('{secret}')",
            "select * from read_text('{secret}')",
            "select * from read_blob('{secret}')",
            "select * from sniff_csv('{secret}')",
            "select * from parquet_metadata('{secret}')",
            "select * from glob('{folder}/*')",
            "select * from read_csv('https://localhost:1/x.csv')",
            "select * from read_parquet('s3://bucket/x.parquet')",
            "select * from sqlite_scan('{secret}', 'x')",
            "select * from duckdb_secrets()",
            "select getenv('HOME')",
            "select * from query('copy raw to ''{folder}/out.csv''')",
            "select * from query('attach ''{folder}/out.db''')",
            "select * from delivered",
            "select * from secret_frame",
            "with gone as (delete from raw returning *) select * from gone",
            "select set_config('memory_limit', '1TB')",
            "select nextval('x')",
        ],
    )
    def test_nothing_outside_is_reached(self, tmp_path: Path, escape: str) -> None:
        secret = tmp_path / "secret.csv"
        secret.write_text("a\nJane Smith\n")
        secret_frame = {"a": ["Jane Smith"]}  # DuckDB's Python package would look for it by name
        reached = escape.format(secret=secret, folder=tmp_path)
        select = f"select row_number, id as call_id, '999' as line, 'public' as kind, (select max(x::varchar) from ({reached}) as t(x)) as area, rang as received_at from raw"  # noqa: E501
        refused(tmp_path, select)
        refused(tmp_path, reached)
        assert secret_frame and sorted(path.name for path in tmp_path.iterdir()) == [
            "export.csv", "secret.csv", "system.sql",
        ]  # fmt: skip

    def test_an_endless_select_is_interrupted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(selecting, "TIME_LIMIT_SECONDS", 1.0)
        began = time.perf_counter()
        error = refused(
            tmp_path,
            f"select {CALL} from raw where "
            "(select sum(hash(a.range * b.range)) from range(10000000) a, range(10000000) b) > 0",
        )
        assert "second" in str(error)
        assert time.perf_counter() - began < 20

    def test_so_is_one_that_never_stops_yielding(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(selecting, "TIME_LIMIT_SECONDS", 1.0)
        bare = CALL.removeprefix("row_number, ")
        error = refused(tmp_path, f"select {bare} from raw, range(1000000000000)")
        assert "second" in str(error) or "memory" in str(error)

    def test_one_that_wants_too_much_memory_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(selecting, "MEMORY_LIMIT", "100MB")
        error = refused(
            tmp_path,
            f"select {CALL}, md5(string_agg(repeat(caller, 1000000), '') over ()) as area from raw, range(200)",
        )
        assert "100MB" in str(error)


def test_what_is_spilt_to_disk_cannot_be_read_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raw columns are more than the contract's: names and numbers must never lie on the disk in clear."""
    monkeypatch.setattr(selecting, "MEMORY_LIMIT", "60MB")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spill"))
    (tmp_path / "spill").mkdir()
    path = tmp_path / "export.csv"
    with path.open("w") as file:
        file.write("id,rang,caller\n")
        for n in range(300_000):
            file.write(f"{n},2026-03-01 10:00:00,JANE SMITH MARKER {n} {'of Norwich ' * 20}\n")
    source = description(tmp_path, f"select {CALL}, if(length(caller) > 9, 'A', 'B') as area from raw")
    seen: dict[str, Any] = {"files": 0, "clear": False}

    def look() -> None:
        for spilt in (tmp_path / "spill").rglob("*"):
            if spilt.is_file() and spilt.stat().st_size:
                seen["files"] += 1
                seen["clear"] |= b"SMITH MARKER" in spilt.read_bytes()

    spied = selecting._trimmed
    calls = []

    def spy(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) % 4 == 0:
            look()
        return spied(*arguments)

    monkeypatch.setattr(selecting, "_trimmed", spy)
    rows = sum(batch.rows.num_rows for batch in open_delivery(source, path).batches())
    assert rows == 300_000
    assert seen["files"] and not seen["clear"]
    gc.collect()
    assert not any(path.is_file() for path in (tmp_path / "spill").rglob("*"))


def test_a_file_that_is_not_fit_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spill").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spill"))
    refused(tmp_path, f"select {CALL}, caller::int::varchar as area from raw")
    gc.collect()
    assert list((tmp_path / "spill").iterdir()) == []


def test_texts_that_mean_empty_are_empty_before_the_select_sees_them(tmp_path: Path) -> None:
    raw = "id,rang,caller\n1,2026-03-01 10:00:00,NULL\n2,9999,x\n"
    found = selected(
        tmp_path, f"select {CALL}, if(caller is null, 'none', 'some') as area from raw", raw, empty='["NULL", "9999"]'
    )
    assert [row["area"] for row in found.rows] == ["none", "some"]
    assert "received_at" not in found.rows[1]


@pytest.mark.parametrize(("name", "form"), [("x.parquet", "parquet"), ("x.xlsx", "excel"), ("x.jsonl", "jsonl")])
def test_a_select_reads_every_format_as_text(tmp_path: Path, name: str, form: str) -> None:
    import json

    import pandas as pd

    frame = pd.DataFrame({"id": [1, 2], "rang": pd.to_datetime(["2026-03-01 10:00:00", "2026-03-01 10:01:00"])})
    path = tmp_path / name
    if form == "parquet":
        frame.to_parquet(path)
    elif form == "excel":
        frame.to_excel(path, index=False)
    else:
        lines = [json.dumps({"id": n, "rang": f"2026-03-01 10:0{n - 1}:00"}) for n in (1, 2)]
        path.write_text("\n".join(lines) + "\n")
    source: Source = description(tmp_path, f"select {CALL} from raw")
    found = read(path, source)
    assert found.keys == ["1", "2"]
    assert found.rows[1]["received_at"].replace("T", " ").removesuffix(".000000") == "2026-03-01 10:01:00"
