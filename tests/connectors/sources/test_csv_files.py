"""CSV as it really comes: each trap ends in a right value, a refused record or one clear sentence."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from checks.errors import NotFitError
from connectors.sources.csv_lines import MALFORMED, TRUNCATED
from connectors.sources.delivery import Source
from tests.connectors.sources.reading import CALLS, FIRST, HEADER, SECOND, THIRD, read, read_csv

ALL = ["c1", "c2", "c3"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(CALLS.encode("utf-8-sig"), id="byte-order mark in the first header"),
        pytest.param(b"\xef\xbb\xbf" + CALLS.encode("utf-8-sig"), id="byte-order mark twice"),
        pytest.param(CALLS.encode("utf-16"), id="UTF-16, little end first"),
        pytest.param(b"\xfe\xff" + CALLS.encode("utf-16-be"), id="UTF-16, big end first"),
        pytest.param(CALLS.encode("utf-32"), id="UTF-32"),
        pytest.param(gzip.compress(CALLS.encode()), id="gzip under the name of a CSV"),
        pytest.param(gzip.compress(CALLS.encode("utf-16")), id="gzip of UTF-16"),
        pytest.param(CALLS.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(CALLS.replace("\n", "\r").encode(), id="lone CR"),
        pytest.param(CALLS.replace("\n", "\n\n").encode(), id="blank lines"),
        pytest.param(("\n\n" + CALLS + "\n \n\t\n").encode(), id="blank lines above and below"),
        pytest.param(CALLS.rstrip("\n").encode(), id="no final line end"),
        pytest.param(CALLS.replace(",", ";").encode(), id="semicolons"),
        pytest.param(CALLS.replace(",", "\t").encode(), id="tabs"),
        pytest.param(CALLS.replace(",", "|").encode(), id="pipes"),
        pytest.param(("sep=;\n" + CALLS.replace(",", ";")).encode(), id="the delimiter stated by Excel"),
        pytest.param(CALLS.replace(HEADER, HEADER.upper()).encode(), id="header in capitals"),
        pytest.param(CALLS.replace(HEADER, HEADER.replace(",", " , ")).encode(), id="blanks around the names"),
        pytest.param(CALLS.replace(HEADER, '"' + HEADER.replace(",", '","') + '"').encode(), id="names in quotes"),
    ],
)
def test_a_whole_file_reads_the_same_however_it_is_written(tmp_path: Path, content: bytes) -> None:
    found = read_csv(tmp_path, content)
    assert (found.keys, found.numbers, found.refused) == (ALL, [1, 2, 3], [])
    assert found.rows[1]["answered_at"] == "2026-03-01 10:01:12"


def test_a_file_named_gz_need_not_be_packed(tmp_path: Path) -> None:
    assert read_csv(tmp_path, CALLS, "calls.csv.gz").keys == ALL
    assert read_csv(tmp_path, gzip.compress(CALLS.encode()), "calls.csv.gz").keys == ALL


def test_lines_of_bare_delimiters_as_spreadsheets_leave_them_are_no_records(tmp_path: Path) -> None:
    found = read_csv(tmp_path, CALLS + ",,,,,\n" * 50)
    assert (found.keys, found.refused) == (ALL, [])


def test_columns_may_come_in_any_order_and_others_are_dropped_at_the_door(tmp_path: Path) -> None:
    header = "caller_name,answered_at,kind,line,received_at,notes,force,call_id"
    row = "Jane Smith,2026-03-01 10:00:08,public,999,2026-03-01 10:00:00,knows her,norfolk,c1"
    found = read_csv(tmp_path, f"{header}\n{row}\n")
    assert found.columns == ("call_id", "force", "line", "kind", "received_at", "answered_at")
    assert set(found.rows[0]) == {*found.columns, "row_number"}
    assert found.rows[0]["line"] == "999"


def test_a_column_row_number_in_the_file_is_not_the_readers(tmp_path: Path) -> None:
    found = read_csv(tmp_path, f"row_number,{HEADER}\n77,{FIRST}\n")
    assert (found.keys, found.numbers) == (["c1"], [1])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(b"", "0 bytes", id="empty"),
        pytest.param(b"\n \r\n\n", "no line of text", id="blank lines only"),
        pytest.param(gzip.compress(b""), "no line of text|empty", id="gzip of nothing"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "calls.csv", id="a picture"),
        pytest.param(bytes(5_000), "binary|NUL", id="NUL bytes"),
        pytest.param(b"PAR1" + bytes(200) + b"PAR1", "a Parquet file", id="Parquet"),
        pytest.param(b"PK\x03\x04" + bytes(200), "Excel", id="a workbook"),
        pytest.param(CALLS.replace("received_at", "rung_at").encode(), "received_at", id="a required column renamed"),
        pytest.param(f"{HEADER},call_id\n{FIRST},c9\n".encode(), "columns 1 and 7 have one name", id="a column twice"),
        pytest.param(
            f"{HEADER},Call_ID\n{FIRST},c9\n".encode(), "columns 1 and 7 have one name", id="twice in other case"
        ),
        pytest.param(b'call_id,"force,line\n' + FIRST.encode(), "quote", id="a quote open in the header"),
        pytest.param(f"{FIRST}\n{SECOND}\n".encode(), "call_id|no column of calls", id="no header"),
    ],
)
def test_what_cannot_be_used_at_all_is_one_sentence(tmp_path: Path, content: bytes, found: str) -> None:
    with pytest.raises(NotFitError, match=found) as refused:
        read_csv(tmp_path, content)
    assert str(refused.value).startswith(str(tmp_path))
    assert "\n" not in str(refused.value)


def test_a_renamed_column_is_guessed_in_the_sentence_only(tmp_path: Path) -> None:
    with pytest.raises(NotFitError, match=r"received_at.*recieved_at"):
        read_csv(tmp_path, CALLS.replace("received_at", "recieved_at"))


def test_a_header_alone_is_a_delivery_of_no_rows(tmp_path: Path) -> None:
    found = read_csv(tmp_path, HEADER + "\n")
    assert (found.rows, found.refusals, found.columns[0]) == ([], [], "call_id")


def test_a_damaged_gzip_is_refused_whole(tmp_path: Path) -> None:
    packed = gzip.compress((CALLS + (THIRD + "\n") * 20_000).encode())
    for damaged in (packed[: len(packed) // 2], packed[:-6], packed[:200] + b"\x00\xff\x00" + packed[203:]):
        with pytest.raises(NotFitError, match=r"compress|gzip"):
            read_csv(tmp_path, damaged)


class TestEncodings:
    NAMED = f"{HEADER},area\n" + "".join(f"{row},{area}\n" for row, area in ((FIRST, "Norwich"), (SECOND, "Café")))

    def test_windows_1252_is_read_where_it_is_stated(self, tmp_path: Path) -> None:
        for stated in ("windows-1252", "cp1252"):
            found = read_csv(tmp_path, self.NAMED.encode("cp1252"), encoding=stated)
            assert found.rows[1]["area"] == "Café"

    def test_where_it_is_not_stated_the_sentence_names_the_line(self, tmp_path: Path) -> None:
        text = f"{HEADER},area\n" + f"{FIRST},Norwich\n" * 9_000 + f"{SECOND},Café\n" + f"{THIRD},Diss\n" * 9_000
        with pytest.raises(NotFitError, match=r"line 9,002") as refused:
            read_csv(tmp_path, text.encode("cp1252"))
        assert "encoding" in str(refused.value) and "windows-1252" in str(refused.value)
        assert "Caf" not in str(refused.value)

    def test_a_byte_order_mark_wins_over_what_is_stated(self, tmp_path: Path) -> None:
        assert read_csv(tmp_path, self.NAMED.encode("utf-8-sig"), encoding="windows-1252").rows[1]["area"] == "Café"

    def test_utf_16_without_a_mark_is_read_where_it_is_stated(self, tmp_path: Path) -> None:
        assert read_csv(tmp_path, self.NAMED.encode("utf-16-le"), encoding="utf-16-le").rows[1]["area"] == "Café"
        with pytest.raises(NotFitError):
            read_csv(tmp_path, self.NAMED.encode("utf-16-le"))


class TestLastLine:
    @pytest.mark.parametrize("cut", [1, 5, 18, 20, 21, 30, 45, 60])
    def test_cut_anywhere_it_is_refused_or_whole(self, tmp_path: Path, cut: int) -> None:
        found = read_csv(tmp_path, CALLS.rstrip("\n")[:-cut])
        assert (found.keys, found.refused) == (["c1", "c2"], [(3, TRUNCATED)])

    def test_cut_just_before_a_value_that_is_always_there(self, tmp_path: Path) -> None:
        rows = [f"c{n},norfolk,999,public,2026-03-01 10:00:00,2026-03-01 10:00:08" for n in range(1, 41)]
        found = read_csv(tmp_path, "\n".join([HEADER, *rows])[:-19])
        assert (len(found.rows), found.refused) == (39, [(40, TRUNCATED)])

    def test_cut_inside_a_date(self, tmp_path: Path) -> None:
        rows = [f"c{n},norfolk,999,public,2026-03-01 10:00:0{n},2026-03-01" for n in range(1, 4)]
        found = read_csv(tmp_path, "\n".join([HEADER, *rows])[:-3])
        assert (found.keys, found.refused) == (["c1", "c2"], [(3, TRUNCATED)])

    def test_cut_inside_a_quoted_value(self, tmp_path: Path) -> None:
        found = read_csv(tmp_path, f'{HEADER},area\n{FIRST},"Norwich, City"\n{SECOND},"Great Yar')
        assert (found.keys, found.refused) == (["c1"], [(2, TRUNCATED)])

    def test_cut_inside_a_slug_makes_no_new_force(self, tmp_path: Path) -> None:
        header = "call_id,line,kind,received_at,force"
        rows = [f"c{n},999,public,2026-03-01 10:00:0{n},norfolk" for n in range(1, 4)]
        whole = "\n".join([header, *rows])
        assert read_csv(tmp_path, whole).keys == ALL
        found = read_csv(tmp_path, whole[:-3])
        assert (found.keys, found.refused) == (["c1", "c2"], [(3, TRUNCATED)])

    def test_cut_inside_a_character(self, tmp_path: Path) -> None:
        text = f"{HEADER},area\n{FIRST},Norwich\n{SECOND},Café".encode()
        found = read_csv(tmp_path, text[:-1])
        assert (found.keys, found.refused) == (["c1"], [(2, TRUNCATED)])
        wide = f"{HEADER},area\n{FIRST},Norwich\n{SECOND},Caf".encode("utf-16")
        assert (2, TRUNCATED) in read_csv(tmp_path, wide[:-1]).refused

    def test_whole_without_a_line_end_whatever_the_last_column_is(self, tmp_path: Path) -> None:
        for values in (["Ely", "Norwich", "Diss"], ["", "x", ""], ["10:00", "11:30", "12:45"], ["1", "22", "3"]):
            rows = [f"{row},{value}" for row, value in zip((FIRST, SECOND, THIRD), values, strict=True)]
            assert read_csv(tmp_path, "\n".join([f"{HEADER},area", *rows])).keys == ALL


class TestQuotes:
    def test_values_in_quotes_may_hold_anything(self, tmp_path: Path) -> None:
        for value in ('<a href=""x"">HTML &amp; more</a>', "two\nlines", "a, b", "three\r\n\r\nlines", '""'):
            found = read_csv(tmp_path, f'{HEADER},area\n{FIRST},"{value}"\n{SECOND},Diss\n'.encode())
            assert (found.numbers, found.refused) == ([1, 2], [])
            assert found.rows[0]["area"] == value.replace('""', '"')

    def test_a_quotation_mark_inside_a_bare_value_is_a_sign_like_any_other(self, tmp_path: Path) -> None:
        found = read_csv(tmp_path, f'{HEADER},area\n{FIRST},the 12" pipe\n{SECOND},Diss\n')
        assert found.rows[0]["area"] == 'the 12" pipe'

    def test_a_mark_that_is_never_closed_costs_one_record(self, tmp_path: Path) -> None:
        rows = [f"c{n},norfolk,999,public,2026-03-01 10:00:00,,area {n}" for n in range(1, 2_001)]
        rows[999] = rows[999].replace(",area", ',"area')
        found = read_csv(tmp_path, "\n".join([f"{HEADER},area", *rows]) + "\n")
        assert found.refused == [(1000, MALFORMED)]
        assert found.numbers == [n for n in range(1, 2_001) if n != 1000]

    def test_nor_does_one_among_records_with_quotes_of_their_own(self, tmp_path: Path) -> None:
        rows = [f'c{n},norfolk,999,public,2026-03-01 10:00:00,,"area, {n}"' for n in range(1, 301)]
        rows[99] = rows[99].rstrip('"')
        found = read_csv(tmp_path, "\n".join([f"{HEADER},area", *rows]) + "\n")
        assert found.refused == [(100, MALFORMED)]
        assert len(found.rows) == 299

    def test_marks_inside_a_quoted_value_that_are_not_doubled_cost_one_record(self, tmp_path: Path) -> None:
        found = read_csv(tmp_path, f'{HEADER},area\n{FIRST},"he said "go" and, left"\n{SECOND},Diss\n')
        assert (found.keys, found.refused) == (["c2"], [(1, MALFORMED)])

    def test_many_of_them_do_not_make_a_large_file_hopeless(self, tmp_path: Path) -> None:
        good = "c{n},norfolk,999,public,2026-03-01 10:00:00,,area"
        rows = [(good + ("" if n % 25 else " of").replace(" of", "")).format(n=n) for n in range(100_000)]
        for n in range(0, 100_000, 25):
            rows[n] = rows[n].replace(",,area", ',,"area')
        path = tmp_path / "calls.csv"
        path.write_text("\n".join([f"{HEADER},area", *rows]) + "\n")
        began = time.perf_counter()
        found = read(path)
        took = time.perf_counter() - began
        print(f"4,000 open quotes in 100,000 records: {took:.1f} s")
        assert (len(found.refusals), len(found.rows)) == (4_000, 96_000)
        assert took < 20

    def test_a_value_longer_than_any_usual_limit_is_read(self, tmp_path: Path) -> None:
        long = "x" * 300_000
        for written in (long, f'"{long}"'):
            found = read_csv(tmp_path, f"{HEADER},notes\n{FIRST},{written}\n{SECOND},Diss\n")
            assert (found.keys, found.refused) == (["c1", "c2"], [])


class TestRefusedRecords:
    def test_row_numbers_count_good_and_refused_records(self, tmp_path: Path) -> None:
        found = read_csv(tmp_path, f"{HEADER}\n{FIRST}\nx,y\n\n{SECOND}\n{THIRD},1,2\n{THIRD}\n")
        assert found.numbers == [1, 3, 5]
        assert found.refused == [(2, MALFORMED), (4, MALFORMED)]

    def test_each_says_what_is_wrong(self, tmp_path: Path) -> None:
        (refusal,) = read_csv(tmp_path, f"{HEADER}\n{FIRST}\nx,y\n{SECOND}\n").refusals
        assert "2 fields" in refusal.sentence and "6" in refusal.sentence

    def test_no_value_from_outside_the_contract_passes_for_one_inside(self, tmp_path: Path) -> None:
        header = "call_id,caller,force,line,kind,received_at,answered_at"
        row = FIRST.replace("c1,", "c1,Smith, Jane,")  # an unquoted comma moves everything after it
        (refusal,) = read_csv(tmp_path, f"{header}\n{row}\n").refusals
        assert not {"Jane", " Jane", "Smith"} & set(refusal.kept_values.values())
        assert "Jane" not in refusal.sentence

    def test_a_nul_byte_deep_in_a_file_costs_one_record(self, tmp_path: Path) -> None:
        rows = [f"c{n},norfolk,999,public,2026-03-01 10:00:00," for n in range(1, 40_001)]
        rows[30_000] = rows[30_000].replace("norfolk", "nor\x00folk")
        found = read_csv(tmp_path, "\n".join([HEADER, *rows]) + "\n")
        assert found.refused == [(30_001, MALFORMED)]
        assert len(found.rows) == 39_999


def test_a_line_that_never_ends_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n")
        for _ in range(100):
            file.write(b"x" * 1_000_000)
    with pytest.raises(NotFitError, match="line"):
        read(path)


def test_a_file_of_nothing_but_refused_records_does_not_fill_the_memory_with_them(tmp_path: Path) -> None:
    with pytest.raises(NotFitError, match=r"could not be split|cannot be split"):
        read_csv(tmp_path, f"{HEADER}\n" + "no record\n" * 300_000)


def test_a_statement_of_the_delimiter_wins(tmp_path: Path) -> None:
    found = read_csv(tmp_path, CALLS.replace(",", "^"), delimiter="^")
    assert found.keys == ALL


def test_the_force_of_a_source_is_filled_in_where_the_file_has_none(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("call_id,line,kind,received_at\nc1,999,public,2026-03-01 10:00:00\n")
    assert read(path, Source("calls", "calls", force="norfolk")).rows[0]["force"] == "norfolk"
