"""The words a description may use: what cannot be read is never empty, and seconds are elapsed seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors.sources.file import open_delivery
from tests.connectors.sources.reading import description, read, staged

Told = Callable[..., list[Any]]
CALL = "row_number, id as call_id, '999' as line, 'public' as kind, '2026-01-01 00:00:00' as received_at"


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """The text an expression over the columns a, b and c has for each record."""

    def told(expression: str, *records: str, grouped: bool = False, **front: str) -> list[Any]:
        path = tmp_path / "export.csv"
        path.write_text("id,a,b,c\n" + "".join(f"{n},{record}\n" for n, record in enumerate(records, 1)))
        one = CALL.replace("row_number, id", "1 as row_number, '1'") if grouped else CALL
        source = description(tmp_path, f"select {one}, {expression} as area from raw", **front)
        return [row.get("area") for row in read(path, source).rows]

    return told


def unreadable(text: str | None) -> bool:
    return text is not None and text.startswith("!")


class TestMoment:
    US = "moment(a, '%m/%d/%Y %I:%M:%S %p')"

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("04/07/2020 11:53:08 PM", "2020-04-07 23:53:08"),
            ("04/07/2020 12:00:00 AM", "2020-04-07 00:00:00"),
            ("04/07/2020 12:00:00 PM", "2020-04-07 12:00:00"),
            ("4/7/2020 1:05:09 am", "2020-04-07 01:05:09"),
            ("  04/07/2020 11:53:08 PM ", "2020-04-07 23:53:08"),
        ],
    )
    def test_a_local_time_becomes_iso(self, told: Told, written: str, meant: str) -> None:
        assert [each.removesuffix(".000000") for each in told(self.US, f"{written},,")] == [meant]

    @pytest.mark.parametrize(
        "written",
        [
            "04/07/2020 13:05:00 PM", "04/07/2020 00:05:00 AM", "13/07/2020 01:05:00 AM", "02/30/2020 01:05:00 AM",
            "04/07/2020", "04/07/2020 01:05:00", "2020-04-07 01:05:00", "9999", "2400", "#VALUE!", "NULL", "0", "-",
            "04/07/2020 01:05:00 AM extra",
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_is_not_empty(self, told: Told, written: str) -> None:
        (text,) = told(self.US, f"{written},,")
        assert unreadable(text)

    def test_empty_stays_empty(self, told: Told) -> None:
        assert told(self.US, ",,", "  ,,") == [None, None]

    def test_day_first_beside_month_first_is_read_by_the_order_stated(self, told: Told) -> None:
        several = "moment(a, ['%Y-%m-%d %H:%M', '%d/%m/%Y %H:%M'])"
        texts = told(several, "2026-03-01 09:05,,", "01/03/2026 09:05,,", "03/13/2026 09:05,,")
        assert [text[:16] for text in texts[:2]] == ["2026-03-01 09:05"] * 2 and unreadable(texts[2])

    def test_an_offset_that_is_really_local_time_is_read_as_local(self, told: Told) -> None:
        (text,) = told("moment(a, '%Y-%m-%d %H:%M:%S+00')", "2026-07-01 09:05:00+00,,")
        assert text.removesuffix(".000000") == "2026-07-01 09:05:00"


class TestClockWithoutADate:
    NEAR = "clock_near(moment(a, '%Y-%m-%d %H:%M:%S'), b)"

    @pytest.mark.parametrize(
        ("began", "clock", "meant"),
        [
            ("2026-03-01 23:59:50", "0:00:20", "2026-03-02 00:00:20"),
            ("2026-03-01 23:59:50", "23:59:55", "2026-03-01 23:59:55"),
            ("2026-02-28 22:00:00", "2:30:00", "2026-03-01 02:30:00"),
            ("2026-12-31 23:59:59", "00:00", "2027-01-01 00:00:00"),
            ("2026-03-01 0:00:05", "23:59:58", "2026-02-28 23:59:58"),
            ("2026-03-01 09:00:00", "9:00:00", "2026-03-01 09:00:00"),
            ("2026-03-01 09:00:00", "20:59:59", "2026-03-01 20:59:59"),
        ],
    )
    def test_it_is_the_nearest_such_time(self, told: Told, began: str, clock: str, meant: str) -> None:
        (text,) = told(self.NEAR, f"{began},{clock},")
        assert text.removesuffix(".000000") == meant

    @pytest.mark.parametrize("clock", ["24:00:00", "2400", "9999", "12:60:00", "12:00:60", "noon", "-1:00:00", "1:2:3"])
    def test_what_is_no_time_of_day_cannot_be_read(self, told: Told, clock: str) -> None:
        assert unreadable(told(self.NEAR, f"2026-03-01 09:00:00,{clock},")[0])

    def test_nor_can_one_beside_a_beginning_that_cannot(self, told: Told) -> None:
        assert unreadable(told(self.NEAR, "yesterday,10:00:00,")[0])

    def test_empty_stays_empty(self, told: Told) -> None:
        assert told(self.NEAR, "2026-03-01 09:00:00,,", "yesterday,,") == [None, None]


class TestFirstAndLast:
    def test_one_that_cannot_be_read_might_have_been_it(self, told: Told) -> None:
        for word in ("earliest", "latest"):
            expression = f"{word}(moment(a, '%Y-%m-%d'))"
            (text,) = told(expression, "2026-03-01,,", "soon,,", "2026-03-03,,", grouped=True)
            assert unreadable(text)

    def test_empty_ones_do_not_count(self, told: Told) -> None:
        records = ("2026-03-02,,", ",,", "2026-03-01,,", "2026-03-03,,")
        assert told("earliest(moment(a, '%Y-%m-%d'))", *records, grouped=True)[0].startswith("2026-03-01")
        assert told("latest(moment(a, '%Y-%m-%d'))", *records, grouped=True)[0].startswith("2026-03-03")
        assert told("latest(moment(b, '%Y-%m-%d'))", *records, grouped=True) == [None]

    def test_of_several_columns_of_a_record_too(self, told: Told) -> None:
        several = "[moment(a, '%Y-%m-%d'), moment(b, '%Y-%m-%d'), moment(c, '%Y-%m-%d')]"
        records = ("2026-03-02,,2026-03-01", "2026-03-02,soon,2026-03-01", ",,")
        first, spoilt, empty = told(f"earliest_of({several})", *records)
        assert first.startswith("2026-03-01") and unreadable(spoilt) and empty is None
        last, spoilt, empty = told(f"latest_of({several})", *records)
        assert last.startswith("2026-03-02") and unreadable(spoilt) and empty is None


class TestElapsedSeconds:
    """In London the clocks went forward on 29 March 2026 at 01:00 UTC and back on 25 October 2026 at 01:00 UTC."""

    LATER = "plus_seconds(moment(a, '%Y-%m-%d %H:%M:%S'), b)"

    @pytest.mark.parametrize(
        ("began", "seconds", "instant"),
        [
            ("2026-03-01 10:00:00", "8", "2026-03-01 10:00:08"),
            ("2026-07-01 10:00:00", "8", "2026-07-01 09:00:08"),
            ("2026-03-29 00:59:50", "20", "2026-03-29 01:00:10"),  # reads 02:00:10 on the clock
            ("2026-10-25 00:59:50", "20", "2026-10-25 00:00:10"),  # reads 01:00:10, for the first time
            ("2026-10-25 00:59:50", "3620", "2026-10-25 01:00:10"),  # reads 01:00:10 again
            ("2026-03-01 10:00:00", "0.25", "2026-03-01 10:00:00.25"),
            ("2026-03-01 10:00:00", "-2", "2026-03-01 09:59:58"),
        ],
    )
    def test_a_clock_change_does_not_stretch_them(self, tmp_path: Path, began: str, seconds: str, instant: str) -> None:
        path = tmp_path / "export.csv"
        path.write_text(f"id,a,b,c\n1,{began},{seconds},\n")
        select = f"select {CALL}, {self.LATER} as answered_at from raw"
        typed = staged(path, description(tmp_path, select, zone="Europe/London"), tmp_path / "typed")
        assert str(typed.loc[1, "answered_at"].tz_localize(None)).rstrip("0") == instant.rstrip("0")

    def test_empty_and_unreadable(self, told: Told) -> None:
        empty = told(self.LATER, "2026-03-01 10:00:00,,", ",8,")
        assert empty == [None, None]
        began = "2026-03-01 10:00:00"
        for record in ("soon,8,", f"{began},some,", f"{began},1e400,", f"{began},nan,"):
            assert unreadable(told(self.LATER, record)[0]), record

    @pytest.mark.parametrize(
        ("front", "moment", "received", "answered"),
        [
            ({}, "2026-10-25 01:30:00", None, None),
            ({"ambiguous": "earlier"}, "2026-10-25 01:30:00", "2026-10-25 00:30:00", "2026-10-25 00:30:08"),
            ({"ambiguous": "later"}, "2026-10-25 01:30:00", "2026-10-25 01:30:00", "2026-10-25 01:30:08"),
            ({}, "2026-03-29 01:30:00", None, None),
            ({"nonexistent": "later"}, "2026-03-29 01:30:00", "2026-03-29 01:30:00", "2026-03-29 01:30:08"),
        ],
    )
    def test_they_are_counted_from_the_instant_the_sources_rule_gives(
        self, tmp_path: Path, front: dict[str, str], moment: str, received: str | None, answered: str | None
    ) -> None:
        path = tmp_path / "export.csv"
        path.write_text(f"id,a,b,c\n1,{moment},8,\n")
        call = CALL.replace("'2026-01-01 00:00:00'", "moment(a, '%Y-%m-%d %H:%M:%S')")
        source = description(tmp_path, f"select {call}, {self.LATER} as answered_at from raw", **front)
        row = staged(path, source, tmp_path / "typed").loc[1]
        if received is None:
            assert isinstance(row["received_at__trouble"], str)
            assert isinstance(row["answered_at__trouble"], str)
        else:
            assert str(row["received_at"].tz_localize(None)) == received
            assert str(row["answered_at"].tz_localize(None)) == answered

    def test_the_zone_is_the_descriptions(self, tmp_path: Path) -> None:
        path = tmp_path / "export.csv"
        path.write_text("id,a,b,c\n1,2026-11-01 00:59:50,20,\n")
        source = description(tmp_path, f"select {CALL}, {self.LATER} as answered_at from raw", zone="America/New_York")
        typed = staged(path, source, tmp_path / "typed")
        assert str(typed.loc[1, "answered_at"]) == "2026-11-01 05:00:10+00:00"


def test_a_known_text_has_its_meaning_and_any_other_cannot_be_read(told: Told) -> None:
    texts = told("known(a, map {'AGENT': 'public', 'PHANTOM': 'phantom'})", "AGENT,,", " PHANTOM ,,", "agent,,", ",,")
    assert texts[:2] == ["public", "phantom"] and unreadable(texts[2]) and texts[3] is None


def test_a_row_with_an_unreadable_value_is_troubled_and_one_with_an_empty_value_is_not(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("id,a\n1,2026-03-01\n2,soon\n3,\n")
    source = description(tmp_path, f"select {CALL}, moment(a, '%Y-%m-%d') as answered_at from raw")
    assert "answered_at" in open_delivery(source, path).columns
    typed = staged(path, source, tmp_path / "typed")
    assert [str(each) == "unreadable" for each in typed["answered_at__trouble"]] == [False, True, False]
    assert typed["answered_at"].isna().to_list() == [False, True, True]
