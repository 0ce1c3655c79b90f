"""Deliveries that are unfit, absent or incomplete: what cannot be judged is said so, and nothing else is touched."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge, one

THURSDAY, FRIDAY, SATURDAY, SUNDAY = (f"2026-03-0{day}T06:00:00Z" for day in (5, 6, 7, 8))


def day_of_calls(day: str, *, spoilt: int = 0) -> list[dict[str, str]]:
    good = [call(f"{day}-{n}", f"2026-03-{day} 10:{n:02}:00", 5) for n in range(30)]
    bad = [call(f"{day}-bad{n}", f"2026-03-{day} 11:{n:02}:00", 5, answered_at="soon") for n in range(spoilt)]
    return good + bad


def verdict(pledge: Pledge, measure: str, day: str) -> str:
    return str(pledge.figure(measure, "day", f"2026-03-{day}")["verdict"])


def test_an_unfit_delivery_and_how_it_is_made_good(pledge: Pledge) -> None:
    write(pledge.input, "calls", day_of_calls("04"))
    write(pledge.input, "incidents", [incident(f"i{n}", f"2026-03-04 1{n % 10}:00:00", 9) for n in range(30)])
    assert pledge.run(THURSDAY).code == 0
    assert verdict(pledge, "answer_999", "04") == "kept"

    # 21 of 51 rows cannot be read: more than 20, and more than 5 %.
    write(pledge.input, "calls", day_of_calls("05", spoilt=21))
    write(pledge.input, "incidents", [incident(f"k{n}", f"2026-03-05 1{n % 10}:00:00", 9) for n in range(30)])
    held = pledge.versions()["calls"]
    said = pledge.run(FRIDAY)
    assert said.code == 1, said.err
    assert "21 of 51 rows were quarantined" in said.err
    assert pledge.versions()["calls"] == held, "nothing of it is in the lake"
    unfit = [row for row in pledge.tables()["deliveries"] if row["fitness"] == "unfit"]
    assert (one(unfit)["rows_admitted"], one(unfit)["rows_quarantined"]) == (0, 21)
    assert verdict(pledge, "answer_999", "05") == "cannot_judge"
    assert verdict(pledge, "answer_999", "04") == "kept", "that day came fit"
    assert verdict(pledge, "attend_emergency", "05") == "kept", "its log came fit"
    decided = one(
        row
        for row in pledge.rows("commitments", "--commitment", "5", "--force", "norfolk", "--from", "2026-03-05")
        if (row["period"], row["period_start"], row["area"]) == ("day", "2026-03-05", "")
    )
    assert (decided["verdict"], decided["decided_by"]) == ("cannot_judge", "answer_999")

    before = pledge.tables()
    again = pledge.run(FRIDAY)
    assert again.code == 1, "it is as unfit as before"
    after = pledge.tables()
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert after == before

    # The next day alone does not make good the day that is lost.
    write(pledge.input, "calls", day_of_calls("06"))
    assert pledge.run(SATURDAY).code == 0
    assert [verdict(pledge, "answer_999", day) for day in ("04", "05", "06")] == ["kept", "cannot_judge", "kept"]

    write(pledge.input, "calls", [*day_of_calls("05"), *day_of_calls("06")])
    assert pledge.run(SUNDAY).code == 0
    assert [verdict(pledge, "answer_999", day) for day in ("04", "05", "06")] == ["kept"] * 3
    assert pledge.figure("answer_999", "day", "2026-03-05")["restated"]


def test_twenty_bad_rows_do_not_make_a_delivery_unfit(pledge: Pledge) -> None:
    write(pledge.input, "calls", day_of_calls("04", spoilt=20))
    assert pledge.run(THURSDAY).code == 0
    assert len(pledge.rows("quarantine")) == 20
    assert verdict(pledge, "answer_999", "04") == "kept"


def test_the_very_first_delivery_is_unfit(pledge: Pledge) -> None:
    write(pledge.input, "calls", day_of_calls("04", spoilt=21))
    said = pledge.run(THURSDAY)
    assert said.code == 1, said.err
    assert verdict(pledge, "answer_999", "04") == "cannot_judge"
    assert {row["verdict"] for row in said.rows} == {"cannot_judge"}
    assert pledge.run(THURSDAY).code == 1, "a lake that holds nothing yet is the store's own all the same"


def test_a_log_that_never_came_is_not_a_promise_missed(pledge: Pledge) -> None:
    write(pledge.input, "calls", day_of_calls("04"))
    assert pledge.run(THURSDAY).code == 0
    rows = pledge.rows("verdicts", "--measure", "attend_emergency")
    assert {row["verdict"] for row in rows} == {"cannot_judge"}
    assert {row["period"] for row in rows} == {"day", "month", "year"}
    assert pledge.rows("breaches") == []


def test_a_column_that_is_not_delivered_and_one_that_is_empty(pledge: Pledge) -> None:
    rows = [incident(f"i{n}", f"2026-03-04 1{n % 10}:00:00", 9, eta_given="") for n in range(3)]
    write(pledge.input, "incidents", rows, without=("eta_given",))
    empty = pd.DataFrame([{**row, "force": "suffolk"} for row in rows])
    empty.to_parquet(pledge.input / "incidents.parquet")
    said = pledge.run(THURSDAY)
    assert said.code == 0, said.err
    figure = pledge.figure("eta_emergency", "day", "2026-03-04")
    assert (figure["verdict"], figure["missed"]) == ("cannot_judge", 0)
    assert pledge.figure("attend_emergency", "day", "2026-03-04")["met"] == 3
    figure = pledge.figure("eta_emergency", "day", "2026-03-04", force="suffolk")
    assert (figure["verdict"], figure["missed"]) == ("missed", 3)
    assert {row["force"] for row in pledge.rows("breaches", "--measure", "eta_emergency")} == {"suffolk"}


def test_an_empty_log_was_delivered_all_the_same(pledge: Pledge) -> None:
    write(pledge.input, "calls", day_of_calls("04"))
    write(pledge.input, "incidents", [])
    assert pledge.run(THURSDAY).code == 0
    assert pledge.rows("verdicts", "--measure", "attend_emergency") == []


UNREADABLE = {
    "empty": b"",
    "binary": bytes(range(256)) * 20,
    "cut short": "call_id,force\nä,norfolk\n".encode("utf-16")[:-1],
    "renamed": b"call_ref,force,line,kind,received_at\na,norfolk,999,public,2026-03-04 10:00:00\n",
    "no workbook": b"PK\x03\x04 no workbook",
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_cannot_be_read_is_unfit(pledge: Pledge, kind: str) -> None:
    (pledge.input / "calls.csv").write_bytes(UNREADABLE[kind])
    said = pledge("check", "calls", str(pledge.input / "calls.csv"), "--as-at", THURSDAY)
    assert said.code == 1, said.err
    assert "unfit: " in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize("kind", ["binary", "renamed"])
def test_one_of_two_logs_cannot_be_read(pledge: Pledge, kind: str) -> None:
    (pledge.input / "calls.csv").write_bytes(UNREADABLE[kind])
    write(pledge.input, "incidents", [incident(f"i{n}", f"2026-03-04 1{n % 10}:00:00", 9) for n in range(30)])
    said = pledge.run(THURSDAY)
    assert said.code == 1, said.err
    assert "Traceback" not in said.err
    bad = one(row for row in pledge.tables()["deliveries"] if row["fitness"] == "unfit")
    assert (bad["log"], bad["rows_admitted"]) == ("calls", 0)
    assert str(pledge.input / "calls.csv") in bad["reason"] or "header" in bad["reason"].lower()
    assert sorted(pledge.versions()) == ["cases", "incidents", "seals"]
    assert verdict(pledge, "attend_emergency", "04") == "kept"
    assert verdict(pledge, "answer_999", "04") == "cannot_judge"


def test_rows_whose_time_has_come_are_taken_from_the_same_file(pledge: Pledge) -> None:
    rows = [*day_of_calls("04"), call("tomorrow", "2026-03-05 10:00:00", 5), call("typo", "2062-03-04 10:00:00", 5)]
    write(pledge.input, "calls", rows)
    assert pledge.run(THURSDAY).code == 0
    assert {row["key"] for row in pledge.rows("quarantine")} == {"tomorrow", "typo"}
    assert pledge.run(FRIDAY).code == 0
    assert pledge.states("answer_999")["tomorrow"] == "met"
    deliveries = len(pledge.tables()["deliveries"])
    assert deliveries == 2
    assert pledge.run(SATURDAY).code == 0
    assert len(pledge.tables()["deliveries"]) == deliveries, "the typo will not come true tonight"
