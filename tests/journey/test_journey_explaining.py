"""`pledge explain`, `acknowledge` and `explanations`: what is taken, what is refused, and what nobody may read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.journey.logs import incident, write
from tests.journey.pledge import Pledge, one

PRIVATE = "Mrs Planted of 4 Planted Street"
DAY = ("--measure", "attend_emergency", "--force", "norfolk", "--day", "2026-03-02")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Pledge:
    """One night with three misses; each test works on a copy of its store."""
    pledge = Pledge(tmp_path_factory.mktemp("night"))
    late = [incident(f"i{n}", f"2026-03-02 1{n}:00:00", 20) for n in range(2)]
    write(pledge.input, "incidents", [*late, incident("i9", "2026-03-01 12:00:00", 30, area="south")])
    assert pledge.run("2026-03-03T06:00:00Z").code == 0
    return pledge


@pytest.fixture
def missed(night: Pledge, tmp_path: Path) -> Pledge:
    mine = Pledge(tmp_path)
    with sqlite3.connect(night.folder / "pledge.sqlite") as old, sqlite3.connect(tmp_path / "pledge.sqlite") as new:
        old.backup(new)
    return mine


def breaches(pledge: Pledge) -> dict[str, str]:
    return {row["case_id"]: row["breach_id"] for row in pledge.rows("breaches")}


def status(pledge: Pledge) -> dict[str, str]:
    return {row["case_id"]: row["status"] for row in pledge.rows("breaches")}


def test_one_breach(missed: Pledge) -> None:
    breach = breaches(missed)["i0"]
    assert missed("acknowledge", breach, "--by", "Sgt 1234").code == 0
    assert status(missed)["i0"] == "acknowledged"
    asked = ("explain", breach, "--reason", "no_unit_free", "--text", PRIVATE, "--by", "Sgt 1234")
    assert one(missed.rows(*asked))["new"] is True
    assert one(missed.rows(*asked))["new"] is False
    assert status(missed) == {"i0": "explained", "i1": "open", "i9": "open"}
    told = one(missed.rows("explanations"))
    assert (told["reason"], told["text"], told["recorded_by"], told["via"]) == (
        "no_unit_free",
        PRIVATE,
        "Sgt 1234",
        "command",
    )


def test_a_day_and_an_area(missed: Pledge) -> None:
    assert one(missed.rows("explain", *DAY, "--reason", "it_failure", "--by", "x"))["breaches"] == 2
    assert missed("explain", *DAY, "--area", "south", "--reason", "it_failure", "--by", "x").code == 2
    assert status(missed) == {"i0": "explained", "i1": "explained", "i9": "open"}
    assert len(missed.rows("explanations", "--area", "north")) == 2
    assert missed.rows("explanations", "--force", "suffolk") == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "scope: neither one breach nor a whole measure, force and day"),
        (("--measure", "attend_emergency"), "scope: neither"),
        (("0123456789abcdef", *DAY), "scope: neither"),
        (("0123456789abcdef",), "there is no such breach"),
        ((*DAY[:-1], "02/03/2026"), "a date in another notation; YYYY-MM-DD"),
        ((*DAY[:-1], "2026-03-08"), "nothing was missed"),
        (("--file", "x.csv", *DAY), "--file: an explanation beside it"),
        (("--file", "no-such.csv"), "no such file"),
    ],
)
def test_what_is_refused_is_one_sentence(missed: Pledge, arguments: tuple[str, ...], sentence: str) -> None:
    given = ("--text", PRIVATE, "--reason", "it_failure") if "--file" not in arguments else ()
    said = missed("explain", *arguments, *given, "--by", "x")
    assert said.code == 2
    assert sentence in said.sentence
    assert "Planted" not in said.err
    assert missed.rows("explanations") == []


def test_a_reason_misspelt_and_an_author_left_out(missed: Pledge) -> None:
    said = missed("explain", *DAY, "--reason", "it_failur", "--by", "x", "--text", PRIVATE)
    assert (said.code, "Did you mean it_failure?" in said.sentence, "Planted" in said.err) == (2, True, False)
    assert "by: empty" in missed("explain", *DAY, "--reason", "it_failure").sentence


def test_a_file(missed: Pledge) -> None:
    ids = breaches(missed)
    lines = [
        "Breach;Reason;Text;By;Measure;Force;Day",
        f'{ids["i0"].upper()};no_unit_free;"{PRIVATE}\nsecond line";Sgt 1;;;',
        "1,23457E+15;it_failure;;;;;",
        ";weather_or_road;snow;;attend_emergency;norfolk;01/03/2026",
        f"{ids['i1']};{PRIVATE};;;;;",
        f"{ids['i1']};;;;;;",
        ";it_failure;'-line down;;attend_emergency;norfolk;2026-03-01",
        f"{ids['i1']};other;#NAME?;;;;",
        f"{ids['i1']};other",
    ]
    path = missed.folder / "explanations.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    said = missed("explain", "--file", str(path), "--by", "Desk")
    assert said.code == 1
    assert [line.split(": ", 1)[0].rsplit(" ", 1)[-1] for line in said.err.splitlines()[:-1]] == [
        "3",
        "4",
        "5",
        "8",
        "9",
    ]
    rules = ("turned it into a number", "another notation", "not on the list", "took it for a formula", "2 of 7 fields")
    for rule, line in zip(rules, said.err.splitlines(), strict=False):
        assert rule in line, line
    assert said.err.splitlines()[-1].endswith("2 recorded, 0 said before, 1 left alone, 5 refused.")
    assert "Planted" not in said.err
    assert status(missed) == {"i0": "explained", "i1": "open", "i9": "explained"}
    assert (
        missed("explain", "--file", str(path), "--by", "Desk")
        .err.splitlines()[-1]
        .endswith("0 recorded, 2 said before, 1 left alone, 5 refused.")
    )
    texts = {row["text"]: row["recorded_by"] for row in missed.rows("explanations")}
    assert texts == {f"{PRIVATE}\nsecond line": "Sgt 1", "-line down": "Desk"}
    assert "'-line down" in missed("explanations", "--format", "csv").out.decode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_in_another_encoding(missed: Pledge, encoding: str) -> None:
    path = missed.folder / "explanations.csv"
    path.write_text(f"breach,reason,text\n{breaches(missed)['i0']},other,Zoë – “late”\n", encoding)
    assert missed("explain", "--file", str(path), "--by", "x").code == 0
    assert one(missed.rows("explanations"))["text"] == "Zoë – “late”"


def test_a_file_without_reasons(missed: Pledge) -> None:
    path = missed.folder / "explanations.csv"
    path.write_text("breach,reasons,text\n")
    assert "no column is called reason" in missed("explain", "--file", str(path)).sentence
    path.write_text("")
    assert missed("explain", "--file", str(path)).code == 1
