"""Three nights, a late row and a corrected one: from the restated figure back to the file's line, and forward again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.journey.logs import call, write
from tests.journey.pledge import Pledge, one, run_here

NIGHTS = ("2026-03-02T06:00:00Z", "2026-03-03T06:00:00Z", "2026-03-04T06:00:00Z")
FIGURE = ("--measure", "answer_999", "--force", "norfolk", "--period", "day", "--start", "2026-03-01")


class Nights:
    """A store of three nights: each one's file, its run, and the moment after it."""

    def __init__(self, pledge: Pledge) -> None:
        self.pledge = pledge
        self.files: list[Path] = []
        self.after: list[str] = []
        calls = [call(f"c{n}", f"2026-03-01 1{n}:00:00", 5) for n in range(4)]
        late = call("late", "2026-03-01 23:59:59", 50)
        corrected = call("c2", "2026-03-01 12:00:00", 11)
        self._night(0, calls)
        self._night(1, [*calls, late])
        self._night(2, [calls[0], calls[1], corrected, calls[3], late])
        self.runs = [row["run_id"] for row in pledge.rows("runs")]

    def _night(self, number: int, calls: list[dict[str, str]]) -> None:
        folder = self.pledge.folder / f"night_{number}"
        folder.mkdir()
        self.files.append(write(folder, "calls", calls))
        said = self.pledge("run", "--input", str(folder), "--as-at", NIGHTS[number], "--format", "json")
        assert said.code == 0, said.err
        self.after.append(datetime.now(UTC).isoformat())


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return Nights(Pledge(tmp_path_factory.mktemp("nights")))


def traced(pledge: Pledge, *options: str) -> dict[str, Any]:
    said = pledge("trace", *options, "--format", "json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_from_the_restated_figure_back_to_the_line_of_the_file(nights: Nights) -> None:
    found = traced(nights.pledge, *FIGURE, "--state", "missed")
    figure = found["figure"]
    assert (figure["numerator"], figure["denominator"], figure["restated"]) == (3, 5, True)
    assert figure["counted_again"]["missed"] == figure["missed"] == 2
    assert {case["case_id"] for case in found["cases"]} == {"c2", "late"}
    for case in found["cases"]:
        row = one(case["rows"])
        path = Path(row["location"])
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
        line = path.read_text("utf-8").splitlines()[row["row_number"]]  # line 0 is the heading
        assert line.split(",")[0] == case["case_id"] == row["key"].split("/")[0]
        assert row["row"]["received_at"] == case["clock_started_at"]
    by_case = {case["case_id"]: one(case["rows"]) for case in found["cases"]}
    assert by_case["late"]["admitted_by_run"] == nights.runs[1], "it said nothing new on the third night"
    assert by_case["c2"]["admitted_by_run"] == nights.runs[2]
    assert Path(by_case["c2"]["location"]).parent.name == "night_2"


def test_every_value_it_had_and_why_it_changed(nights: Nights) -> None:
    found = traced(nights.pledge, *FIGURE)
    history = found["history"]
    assert [(row["numerator"], row["denominator"]) for row in history] == [(4, 4), (4, 5), (3, 5)]
    assert [row["run_id"] for row in history] == nights.runs
    assert [row["as_at"] for row in history] == list(NIGHTS)
    assert [row["days_after_end"] for row in history] == [0, 1, 2]
    assert [row["restated"] for row in history] == [False, True, True]
    assert [[(c["case_id"], c["before"], c["after"]) for c in row["changed"]] for row in history] == [
        [], [("late", "", "missed")], [("c2", "met", "missed")],
    ]  # fmt: skip
    assert all(row["restated_why"] for row in history[1:])
    assert found["later"] == []


def test_forward_from_what_was_said_first(nights: Nights) -> None:
    found = traced(nights.pledge, *FIGURE, "--run", nights.runs[0])
    assert found["figure"]["denominator"] == 4
    assert [row["run_id"] for row in found["later"]] == nights.runs[1:]
    assert {case["state"] for case in found["cases"]} == {"met"}
    assert {one(case["rows"])["admitted_by_run"] for case in found["cases"]} == {nights.runs[0]}
    assert {one(case["rows"])["row"]["answered_at"] for case in found["cases"] if case["case_id"] == "c2"} == {
        "2026-03-01T12:00:05Z"
    }


def test_a_corrected_row_under_every_version(nights: Nights) -> None:
    found = traced(nights.pledge, *FIGURE, "--case", "c2", "--history")
    versions = one(one(found["cases"])["rows"])["versions"]
    assert [each["row"]["answered_at"] for each in versions] == ["2026-03-01T12:00:05Z", "2026-03-01T12:00:11Z"]
    assert [each["admitted_by_run"] for each in versions] == [nights.runs[0], nights.runs[2]]
    assert [Path(each["location"]) for each in versions] == [nights.files[0], nights.files[2]]
    assert versions[0]["version"] < versions[1]["version"]
    assert all(each["written_at"] for each in versions)


def test_all_forces_an_area_and_what_cannot_be_judged(nights: Nights) -> None:
    everywhere = (*FIGURE[:3], "all", *FIGURE[4:])
    keys = [case["case_id"] for case in traced(nights.pledge, *FIGURE)["cases"]]
    for options in (everywhere, (*FIGURE, "--area", "north")):
        found = traced(nights.pledge, *options)
        assert [case["case_id"] for case in found["cases"]] == keys
        assert all(case["rows"] for case in found["cases"])
    row = next(row for row in nights.pledge.rows("verdicts") if row["verdict"] == "cannot_judge")
    named = ("--measure", row["measure"], "--force", row["force"], "--period", row["period"])
    blind = traced(nights.pledge, *named, "--start", row["period_start"])
    assert (blind["cases"], set(blind["figure"]["counted_again"].values()), blind["amiss"]) == ([], {0}, "")


def test_rows_that_were_erased_leave_the_figure_and_say_so(nights: Nights, tmp_path: Path) -> None:
    shutil.copytree(nights.pledge.lake, tmp_path / "lake")
    erased = tmp_path / "lake" / "calls" / "force=norfolk"
    shutil.rmtree(erased)
    said = run_here(
        "trace", *FIGURE, "--lake", str(tmp_path / "lake"), "--store", nights.pledge.store, "--format", "json"
    )
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert "erased" in found["amiss"]
    assert [case["rows"] for case in found["cases"]] == [[]] * 5
    assert found["figure"]["counted_again"]["missed"] == 2


def test_the_standard_and_the_definition(nights: Nights) -> None:
    found = traced(nights.pledge, *FIGURE)
    standard = found["standard"]
    assert standard["name"] == "policing_pledge_2008"
    assert standard["sha256"] == standard["sealed_sha256"]
    assert standard["location"].endswith(".yaml")
    rule = one(standard["rules"])
    assert (rule["limit"], rule["target"]) == ("10 seconds", "90 %")
    assert "National Call Handling Standards" in rule["target_source"]
    assert found["definition"]["switches"]["clock_start"] == "presented_to_force"
    assert nights.runs[2] in found["sql"]
    assert traced(nights.pledge, *FIGURE, "--sql")["sql"].startswith("-- answer_999 as at 2026-03-04")


def test_the_other_forms(nights: Nights) -> None:
    told = nights.pledge("trace", *FIGURE, "--history").out.decode()
    for heading in ("Figure", "Standard", "Definition", "Every value it had", "Cases and their rows (5 cases)", "SQL"):
        assert f"\n{heading}\n" in told
    assert "late none -> missed" in told
    rows = list(csv.DictReader(io.StringIO(nights.pledge("trace", *FIGURE, "--format", "csv").out.decode())))
    assert {row["case_id"] for row in rows} == {"c0", "c1", "c2", "c3", "late"}
    assert all(row["delivery_id"] and row["row_number"] and json.loads(row["row"]) for row in rows)
    for form, begins in (("parquet", b"PAR1"), ("xlsx", b"PK")):
        assert nights.pledge("trace", *FIGURE, "--format", form).out.startswith(begins)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((*FIGURE[:-1], "2020-01-01"), "there is none"),
        ((*FIGURE, "--area", "nowhere"), "there is none"),
        ((*FIGURE[:-1], "March"), "March is not a day"),
        ((*FIGURE, "--state", "late"), "one of met, missed"),
        ((*FIGURE[:4], "--period", "week", *FIGURE[6:]), "one of day, month"),
        ((*FIGURE, "--run", "none"), "there is no such run"),
        ((*FIGURE, "--as-known-at", "2020-01-01"), "no run had finished by 2020-01-01"),
        ((*FIGURE, "--as-known-at", "2099-01-01", "--run", "x"), "one of the two"),
        ((*FIGURE, "--as-known-at", "soon"), "soon is not a moment"),
    ],
)
def test_what_cannot_be_traced_is_one_sentence(nights: Nights, options: tuple[str, ...], says: str) -> None:
    said = nights.pledge("trace", *options)
    assert (said.code, said.out) == (2, b"")
    assert says in said.sentence


def test_known_at_a_moment_is_what_the_run_before_it_left(nights: Nights) -> None:
    pledge = nights.pledge
    commands: tuple[tuple[str, ...], ...] = (
        ("verdicts",), ("commitments",), ("breaches",), ("cases", "--measure", "answer_999"), ("exclusions",),
        ("series", "--measure", "answer_999", "--period", "day"), ("comparisons",), ("funnels",), ("integrity",),
        ("delays",), ("budget",), ("sensitivity", "--measure", "answer_999"), ("revisions",),
    )  # fmt: skip
    for command in commands:
        for run, moment in zip(nights.runs, nights.after, strict=True):
            assert pledge.rows(*command, "--as-known-at", moment) == pledge.rows(*command, "--run", run), command
        assert pledge.rows(*command, "--as-known-at", nights.after[2]) == pledge.rows(*command), command
    first = {(r["state"], r["case_id"]) for r in pledge.rows(*commands[3], "--as-known-at", nights.after[0])}
    assert first == {("met", f"c{n}") for n in range(4)}
    assert [len(pledge.rows("breaches", "--as-known-at", moment)) for moment in nights.after] == [0, 1, 2]


def test_runs_and_quarantine_as_known_at_a_moment(nights: Nights, tmp_path: Path) -> None:
    for number, moment in enumerate(nights.after, 1):
        assert [row["run_id"] for row in nights.pledge.rows("runs", "--as-known-at", moment)] == nights.runs[:number]
    assert [row["run_id"] for row in nights.pledge.rows("runs", "--run", nights.runs[1])] == [nights.runs[1]]
    pledge = Pledge(tmp_path)
    after = []
    for number in (1, 2):
        write(pledge.input, "calls", [call(f"bad{n}", "2026-03-01 10:00:00", line="9") for n in range(number)])
        assert pledge.run(NIGHTS[number]).code == 0
        after.append(datetime.now(UTC).isoformat())
    assert [len(pledge.rows("quarantine", "--as-known-at", moment)) for moment in after] == [1, 3]
    assert len(pledge.rows("quarantine", "--run", pledge.rows("runs")[1]["run_id"])) == 2
    refused = pledge("quarantine", "--as-known-at", "2020-01-01")
    assert (refused.code, "no run had finished by" in refused.sentence) == (2, True)


def test_provisional_until_the_look_back_has_passed(nights: Nights) -> None:
    assert {row["provisional"] for row in nights.pledge.rows("verdicts")} == {True}


def test_the_revision_triangle(nights: Nights) -> None:
    rows = nights.pledge.rows("revisions", "--measure", "answer_999", "--force", "norfolk", "--period", "day")
    first = [row for row in rows if row["period_start"] == "2026-03-01"]
    assert [(row["days_after_end"], row["numerator"], row["denominator"]) for row in first] == [
        (0, 4, 4), (1, 4, 5), (2, 3, 5),
    ]  # fmt: skip
    assert {row["area"] for row in rows} == {""}
    assert {row["area"] for row in nights.pledge.rows("revisions", "--area", "north")} == {"north"}
