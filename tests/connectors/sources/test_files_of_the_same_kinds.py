"""Invented files of the same kinds as the public ones: other content, counts worked out by hand beside each row."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from connectors.sources import description as descriptions
from connectors.sources.description import described
from tests.connectors.sources.reading import read, staged

SHIPPED = Path(descriptions.__file__).with_name("descriptions")


def admitted(folder: Path, name: str, text: str, encoding: str = "utf-8") -> pd.DataFrame:
    path = folder / f"{name}.csv"
    path.write_bytes(text.strip().replace("\n", "\r\n").encode(encoding) + b"\r\n")
    return staged(path, described(name, [SHIPPED])[0], folder / "typed")


def local(rows: pd.DataFrame, column: str, zone: str) -> list[str]:
    """The moments of a column as that zone's clocks showed them, '' where there is none."""
    return [f"{m.tz_convert(zone):%Y-%m-%d %H:%M:%S}" if not pd.isna(m) else "" for m in rows[column]]


def troubled(rows: pd.DataFrame) -> dict[int, set[str]]:
    """Row number → the columns whose value could not be used."""
    columns = [name.removesuffix("__trouble") for name in rows.columns if name.endswith("__trouble")]
    found = {n: {c for c in columns if isinstance(row[f"{c}__trouble"], str)} for n, row in rows.iterrows()}
    return {int(str(number)): names for number, names in found.items() if names}


class TestBankCalls:
    HEADER = (
        "vru+line,call_id,priority,type,date,vru_entry,vru_exit,vru_time,q_start,q_exit,q_time,outcome,"
        "ser_start,ser_exit,ser_time"
    )

    def rows(self, folder: Path, *rows: str) -> pd.DataFrame:
        return admitted(folder, "bank_calls", "\n".join([self.HEADER, *rows]))

    def test_calls_that_run_past_midnight(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            # entered, queued, answered and ended on the same evening
            "AA01,1,0,PS,2010-03-05,23:50:00,23:50:10,10,23:50:10,23:50:20,10,AGENT,23:50:20,23:59:59,579",
            # queued before midnight, answered after it
            "AA01,2,0,PS,2010-03-05,23:59:40,23:59:50,10,23:59:50,0:00:05,15,AGENT,0:00:05,0:04:00,235",
            # queued after midnight: received on the next day
            "AA01,3,0,PS,2010-03-05,23:59:55,0:00:02,7,0:00:02,0:00:09,7,AGENT,0:00:09,0:01:00,51",
            # never queued: received when the menu was left, which is the next day
            "AA01,4,0,PS,2010-03-05,23:59:58,0:00:03,5,0:00:00,0:00:00,0,AGENT,0:00:03,0:02:00,117",
            # gave up in the queue after midnight
            "AA01,5,0,PS,2010-03-31,23:59:30,23:59:35,5,23:59:35,0:00:35,60,HANG,0:00:00,0:00:00,0",
        )
        zone = "Asia/Jerusalem"
        assert troubled(rows) == {}
        assert local(rows, "received_at", zone) == [
            "2010-03-05 23:50:10", "2010-03-05 23:59:50", "2010-03-06 00:00:02", "2010-03-06 00:00:03",
            "2010-03-31 23:59:35",
        ]  # fmt: skip
        assert local(rows, "answered_at", zone) == [
            "2010-03-05 23:50:20", "2010-03-06 00:00:05", "2010-03-06 00:00:09", "2010-03-06 00:00:03", "",
        ]  # fmt: skip
        assert local(rows, "abandoned_at", zone) == ["", "", "", "", "2010-04-01 00:00:35"]
        assert local(rows, "ended_at", zone) == [
            "2010-03-05 23:59:59", "2010-03-06 00:04:00", "2010-03-06 00:01:00", "2010-03-06 00:02:00",
            "2010-04-01 00:00:35",
        ]  # fmt: skip

    def test_what_became_of_a_call(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            "AA02,1,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:19,9:05:00,281",
            "AA02,2,0,PS,2010-03-05,9:00:00,9:00:10,10,0:00:00,0:00:00,0,HANG,0:00:00,0:00:00,0",
            "AA02,3,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:10,0,HANG,0:00:00,0:00:00,0",
            "AA02,4,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:21,11,HANG,0:00:00,0:00:00,0",
            "AA02,5,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:20,10,PHANTOM,0:00:00,0:00:00,0",
            "AA03,1,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,0:00:00,0:00:00,0",
        )
        assert rows["kind"].to_list() == ["public", "dropped", "dropped", "public", "phantom", "public"]
        assert set(rows["line"]) == {"999"} and set(rows["force"]) == {"bank"}
        assert rows["call_id"].is_unique  # number 1 comes again on another line
        assert (rows["answered_at"].count(), rows["abandoned_at"].count()) == (2, 1)
        # the queue's own clock decides, not the agent's, which shows a second less
        assert (rows["answered_at"] - rows["received_at"]).dt.total_seconds().dropna().to_list() == [10, 10]

    @pytest.mark.parametrize(
        ("row", "columns"),
        [
            ("AA,1,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:20,10,TRANSFER,9:00:20,9:05:00,280", {"kind"}),
            ("AA,1,0,PS,05/03/2010,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,9:05:00,280", {"received_at"}),
            ("AA,1,0,PS,2010-03-05,9:00:00,9:00:10,10,9999,9:00:20,10,AGENT,9:00:20,9:05:00,280", {"received_at"}),
            ("AA,1,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:20,ten,AGENT,9:00:20,9:05:00,280", {"answered_at"}),
            ("AA,1,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:20,10,AGENT,9:00:20,#VALUE!,280", {"ended_at"}),
            ("AA,1,0,PS,2010-03-05,9:00:00,9:00:10,10,9:00:10,9:00:20,,AGENT,9:00:20,9:05:00,280", {"answered_at"}),
        ],
    )
    def test_a_value_that_cannot_be_read_makes_its_row_unusable(
        self, tmp_path: Path, row: str, columns: set[str]
    ) -> None:
        rows = self.rows(tmp_path, row)
        found = troubled(rows).get(1, set())
        unknown_kind = {"kind"} if rows.loc[1, "kind"] not in ("public", "phantom", "dropped") else set()
        assert columns <= found | unknown_kind


class TestDispatchExport:
    HEADER = (
        "Call Number,Unit ID,Incident Number,Call Type,Call Date,Watch Date,Received DtTm,Entry DtTm,Dispatch DtTm,"
        "Response DtTm,On Scene DtTm,Transport DtTm,Hospital DtTm,Call Final Disposition,Available DtTm,Address,City,"
        "Zipcode of Incident,Battalion,Station Area,Box,Original Priority,Priority,Final Priority,ALS Unit,"
        "Call Type Group,Number of Alarms,Unit Type,Unit sequence in call dispatch,Fire Prevention District,"
        "Supervisor District,Neighborhooods - Analysis Boundaries,Location,RowID"
    )

    def unit(self, incident: str, unit: str, first: str = "3", final: str = "3", how: str = "Fire", **at: str) -> str:
        moments = {
            "Received DtTm": at.get("received", "06/15/2021 08:00:00 PM"),
            "Entry DtTm": at.get("entry", "06/15/2021 08:01:00 PM"),
            "Dispatch DtTm": at.get("dispatch", "06/15/2021 08:02:00 PM"),
            "Response DtTm": at.get("response", ""),
            "On Scene DtTm": at.get("scene", ""),
            "Available DtTm": at.get("available", ""),
        }
        told = {
            "Call Number": incident, "Unit ID": unit, "Incident Number": incident, "Call Final Disposition": how,
            "Original Priority": first, "Final Priority": final, "Location": '"(37.7, -122.4)"', "Address": "A ST",
            **moments,
        }  # fmt: skip
        return ",".join(told.get(name, "") for name in self.HEADER.split(","))

    def rows(self, folder: Path, *units: str) -> pd.DataFrame:
        rows = admitted(folder, "sffd_cad", "\n".join([self.HEADER, *units]))
        return rows.reset_index().set_index("incident_id")

    def test_the_first_unit_there_counts_whichever_stands_first(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            self.unit("I1", "E3", scene="06/15/2021 08:20:00 PM", available="06/15/2021 09:10:00 PM"),
            self.unit("I2", "E9", dispatch="06/15/2021 11:58:00 PM", scene="06/16/2021 12:03:00 AM"),
            self.unit("I1", "E1", dispatch="06/15/2021 08:05:00 PM", scene="06/15/2021 08:11:00 PM"),
            self.unit("I1", "T2", received="06/15/2021 07:59:30 PM", available="06/15/2021 09:30:00 PM"),
        )
        zone = "America/Los_Angeles"
        assert local(rows.loc[["I1"]], "received_at", zone) == ["2021-06-15 19:59:30"]
        assert local(rows.loc[["I1"]], "dispatched_at", zone) == ["2021-06-15 20:02:00"]
        assert local(rows.loc[["I1"]], "arrived_at", zone) == ["2021-06-15 20:11:00"]
        assert local(rows.loc[["I1"]], "closed_at", zone) == ["2021-06-15 21:30:00"]
        assert local(rows.loc[["I2"]], "arrived_at", zone) == ["2021-06-16 00:03:00"]
        assert rows["row_number"].to_dict() == {"I1": 1, "I2": 2}

    def test_cancelled_only_where_every_unit_was(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            self.unit("all", "E1", how="Cancelled", available="06/15/2021 08:06:00 PM"),
            self.unit("all", "E2", how="Cancelled", available="06/15/2021 08:09:00 PM"),
            self.unit("some", "E1", how="Cancelled", available="06/15/2021 08:06:00 PM"),
            self.unit("some", "E2", how="Fire", available="06/15/2021 08:40:00 PM"),
            self.unit("blank", "E1", how="", available="06/15/2021 08:40:00 PM"),
        )
        cancelled = dict(zip(rows.index, local(rows, "cancelled_at", "America/Los_Angeles"), strict=True))
        assert cancelled == {"all": "2021-06-15 20:09:00", "some": "", "blank": ""}

    def test_the_grade_is_that_of_the_unit_first_in_the_file(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            self.unit("I1", "E1", first="A", final="3"),
            self.unit("I1", "E2", first="3", final="2"),
            self.unit("I2", "E1", first="3", final="2"),
            self.unit("I3", "E1", first="2", final="E"),
        )
        assert rows["grade_first"].to_dict() == {"I1": "priority", "I2": "emergency", "I3": "priority"}
        assert rows["grade_final"].to_dict() == {"I1": "emergency", "I2": "priority", "I3": "priority"}
        assert set(rows["setting_first"]) == {"urban"} and set(rows["origin"]) == {"public"}

    def test_an_incident_nobody_was_freed_from_closes_with_its_latest_time(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            self.unit("I1", "E1", response="06/15/2021 08:04:00 PM", scene="06/15/2021 08:09:00 PM"),
            self.unit("I1", "E2", response="06/15/2021 08:12:00 PM"),
        )
        assert local(rows, "closed_at", "America/Los_Angeles") == ["2021-06-15 20:12:00"]

    def test_one_unreadable_time_of_one_unit_spoils_its_incident_only(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            self.unit("I1", "E1", scene="06/15/2021 08:09:00 PM"),
            self.unit("I1", "E2", scene="06/15/2021 20:05:00 PM"),  # a 24-hour time with PM: earlier than the other
            self.unit("I2", "E1", scene="06/15/2021 08:09:00 PM"),
        )
        found = troubled(rows.reset_index().set_index("row_number"))
        assert set(found) == {1} and "arrived_at" in found[1]

    def test_the_nights_of_the_clock_changes(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            # 14 March 2021: 01:59:50 PST to 03:00:10 PDT is twenty seconds
            self.unit("spring", "E1", received="03/14/2021 01:59:50 AM", scene="03/14/2021 03:00:10 AM"),
            # 7 November 2021: 01:30 comes twice and is not guessed
            self.unit("autumn", "E1", received="11/07/2021 12:59:50 AM", scene="11/07/2021 01:30:00 AM"),
            # 02:30 never was on 14 March
            self.unit("gap", "E1", received="03/14/2021 02:30:00 AM", scene="03/14/2021 03:00:10 AM"),
        )
        elapsed = (rows["arrived_at"] - rows["received_at"]).dt.total_seconds()
        assert elapsed["spring"] == 20
        assert rows.loc["autumn", "arrived_at__trouble"] == "ambiguous_local_time"
        assert rows.loc["gap", "received_at__trouble"] == "nonexistent_local_time"

    def test_addresses_never_leave_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "sffd.csv"
        path.write_text("\n".join([self.HEADER, self.unit("I1", "E1")]) + "\n")
        found = read(path, described("sffd_cad", [SHIPPED])[0])
        assert "A ST" not in str(found.rows) and "area" not in found.columns and "neighbourhood" not in found.columns


class TestBrigadeIncidents:
    HEADER = (
        "incident_number,date_of_call,cal_year,time_of_call,hour_of_call,timestamp_of_call,incident_group,"
        "first_pump_arriving_attendance_time,second_pump_arriving_attendance_time"
    )

    def rows(self, folder: Path, *calls: tuple[str, str]) -> pd.DataFrame:
        rows = [f"{n},,,,,{called},Fire,{seconds}," for n, (called, seconds) in enumerate(calls, 1)]
        return admitted(folder, "lfb_incidents", "\n".join([self.HEADER, *rows]))

    def test_attendance_is_elapsed_seconds_after_the_call(self, tmp_path: Path) -> None:
        rows = self.rows(
            tmp_path,
            ("2019-03-31 00:55:00", "600"),  # the clocks went forward at 01:00: there at 02:05 by the clock
            ("2019-06-01 12:00:00", "900"),
            ("2019-06-01 12:00:00", "901"),
            ("2019-06-01 12:00:00", ""),
            ("2019-10-27 00:55:00", "600"),  # the clocks went back at 02:00: there at 01:05, for the first time
        )
        elapsed = (rows["arrived_at"] - rows["received_at"]).dt.total_seconds()
        assert elapsed.dropna().to_list() == [600, 900, 901, 600]
        assert troubled(rows) == {}
        assert local(rows, "closed_at", "Europe/London") == ["2019-10-27 00:55:00"] * 5

    def test_hours_of_the_clock_change_are_not_guessed(self, tmp_path: Path) -> None:
        calls = ["2019-03-31 01:30:00", "2019-10-27 01:30:00", "2019-06-01 12:00:00"]
        rows = self.rows(tmp_path, *((called, "60") for called in calls))
        assert "received_at" in troubled(rows)[1] and "received_at" in troubled(rows)[2]
        assert rows.loc[1, "received_at__trouble"] == "nonexistent_local_time"
        assert rows.loc[2, "received_at__trouble"] == "ambiguous_local_time"

    @pytest.mark.parametrize("seconds", ["NULL", "#VALUE!", "5 min", "1e9999"])
    def test_an_attendance_that_cannot_be_read_is_not_an_absent_one(self, tmp_path: Path, seconds: str) -> None:
        rows = self.rows(tmp_path, ("2019-06-01 12:00:00", seconds), ("2019-06-01 12:00:00", ""))
        assert troubled(rows) == {1: {"arrived_at"}}


class TestServiceRequests:
    HEADER = "case_enquiry_id,open_dt,target_dt,closed_dt,ontime,case_status,neighborhood,source"

    def test_a_request_is_a_message(self, tmp_path: Path) -> None:
        rows = admitted(
            tmp_path,
            "boston_311",
            "\n".join(
                [
                    self.HEADER,
                    "1,2024-07-01 09:00:00,2024-07-03 09:00:00,2024-07-02 08:59:59,ONTIME,Closed,Roxbury,"
                    "Citizens Connect App",
                    "2,2024-07-01 09:00:00,,,ONTIME,Open,,Constituent Call",
                ]
            ),
        )
        assert local(rows, "responded_at", "America/New_York") == ["2024-07-02 08:59:59", ""]
        assert local(rows, "detail_promised_for", "America/New_York") == ["2024-07-03 09:00:00", ""]
        assert rows["channel"].to_list() == ["web", "phone"]
        assert rows["neighbourhood"].notna().all() and rows["neighbourhood"].iloc[0] == "Roxbury"
        assert troubled(rows) == {}
