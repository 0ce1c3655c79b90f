"""Standards as files: what is refused, on which line and in what words; how they read in words."""

from __future__ import annotations

import re
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.commitment import measures
from checks.errors import UsageError
from checks.standard import Limit
from expectations.published import SHIPPED, differences, in_words, load, validate

GOOD = """\
name: test_pledge
title: Test pledge
publisher: Ours
source: A book, 2008
in_force: {from: 2008-12-31, to: 2020-12-31}
measures:
  - measure: answer_999
    limit: 10 seconds
    target: 90 %
    target_source: Ours
    definition: {abandoned: answered_only, limit: under}
    source: Page 5
  - measure: attend_emergency
    force: suffolk
    in_force: {from: 2010-01-01}
    limit: {urban: 15 minutes, rural: 20 minutes}
    target: none
    source: Page 6
"""
SENTENCE = re.compile(r".+:\d+: [^;]+; [^;]+\. .+[.?]")


def write(folder: Path, text: str | bytes, name: str = "2008-12-31_test.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def good(folder: Path, *changes: tuple[str, str]) -> Path:
    """GOOD with parts replaced."""
    text = GOOD.replace("{from: 2010-01-01}", "{from: 2010-01-01, to: 2020-12-31}")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return write(folder, text)


def test_a_good_file_is_read_in_full(tmp_path: Path) -> None:
    path = good(tmp_path)
    assert validate(path) == []
    read = load(path)["test_pledge"]
    assert (read.title, read.publisher, read.source) == ("Test pledge", "Ours", "A book, 2008")
    assert (read.in_force_from, read.in_force_to) == (date(2008, 12, 31), date(2020, 12, 31))
    assert (read.sha256, read.location) == (sha256(path.read_bytes()).hexdigest(), path.name)
    calls, attendance = read.rules
    assert (calls.standard, calls.commitment, calls.force) == ("test_pledge", 5, "")
    assert calls.limits == {"": Limit(10, "seconds")}
    assert (calls.target_numerator, calls.target_denominator, calls.minimum_n) == (90, 100, 30)
    assert (calls.severity, calls.source, calls.target_source) == ("medium", "Page 5", "Ours")
    assert calls.definition == {
        "clock_start": "presented_to_force",
        "limit": "under",
        "abandoned": "answered_only",
        "unknown": "outside_rate",
    }
    assert (attendance.force, attendance.in_force_from) == ("suffolk", date(2010, 1, 1))
    assert attendance.limits == {"urban": Limit(15, "minutes"), "rural": Limit(20, "minutes")}
    assert attendance.target_numerator is attendance.target_denominator is None
    assert attendance.definition == measures()["attend_emergency"].default_definition


@pytest.mark.parametrize(
    ("target", "fraction", "minimum_n"),
    [
        ("90 %", (90, 100), 30),
        ("99.5%", (995, 1000), 30),
        ("100 %", (100, 100), 1),
        ("100.0 %", (1000, 1000), 1),
        ("0 %", (0, 100), 30),
    ],
)
def test_a_target_is_a_fraction_of_integers(
    tmp_path: Path, target: str, fraction: tuple[int, int], minimum_n: int
) -> None:
    rule = load(good(tmp_path, ("90 %", target)))["test_pledge"].rules[0]
    assert (rule.target_numerator, rule.target_denominator) == fraction
    assert rule.minimum_n == minimum_n


def test_a_stated_minimum_wins(tmp_path: Path) -> None:
    path = good(tmp_path, ("90 %", "100 %\n    minimum_n: 5"))
    assert load(path)["test_pledge"].rules[0].minimum_n == 5


def test_comments_anchors_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    text = GOOD.replace("{from: 2010-01-01}", "{from: 2010-01-01, to: 2020-12-31}")
    text = text.replace("source: Page 5", "source: &page Page 5").replace("source: Page 6", "source: *page")
    read = load(write(tmp_path, b"\xef\xbb\xbf# a comment\n" + text.encode()))["test_pledge"]
    assert [rule.source for rule in read.rules] == ["Page 5", "Page 5"]


# (what is replaced, by what, the line, a part of the sentence)
WRONG = [
    ("publisher:", "publischer:", 3, "unknown key in the file: publischer"),
    ("publisher:", "publischer:", 3, "Did you mean publisher?"),
    ("publisher: Ours\n", "", 1, "the file has no publisher"),
    ("publisher: Ours", "publisher:", 3, "publisher is empty"),
    ("publisher: Ours", "publisher: [a, b]", 3, "publisher is a list"),
    ("title: Test pledge", "title: ~", 2, "title is empty"),
    ("source: A book, 2008\n", "", 1, "the file has no source"),
    ("source: A book, 2008", "source: ''", 4, "source is empty"),
    ("    source: Page 5\n", "", 7, "the row has no source"),
    ("    source: Page 6", "    source: ' '", 18, "source is empty"),
    ("    target_source: Ours\n", "", 7, "the target has no target_source"),
    ("target: none", "target: none\n    target_source: Ours", 17, "target is none, yet it has a source"),
    ("name: test_pledge", "name: Test Pledge", 1, "name is Test Pledge"),
    ("source: A book, 2008", "source: A book\nurl: ftp://x", 5, "url is ftp://x"),
    ("measure: answer_999", "measure: answer_99", 7, "unknown measure: answer_99"),
    ("measure: answer_999", "measure: answer_99", 7, "Did you mean answer_999?"),
    ("abandoned: answered_only", "abandonned: answered_only", 11, "unknown key in definition: abandonned"),
    ("abandoned: answered_only", "abandoned: answer_only", 11, "unknown value of abandoned: answer_only"),
    ("abandoned: answered_only", "abandoned: answer_only", 11, "Did you mean answered_only?"),
    ("abandoned: answered_only", "grade: final", 11, "unknown key in definition: grade"),
    ("abandoned: answered_only", "abandoned: {a: b}", 11, "abandoned is a mapping"),
    ("definition: {abandoned", "definition: [abandoned", 11, "YAML cannot be read here"),
    ("definition: {abandoned: answered_only, limit: under}", "definition: under", 11, "is a single value"),
    ("target: 90 %", "target: 101 %", 9, "target is 101 %"),
    ("target: 90 %", "target: 100.1 %", 9, "target is 100.1 %"),
    ("target: 90 %", "target: -1 %", 9, "target is -1 %"),
    ("target: 90 %", "target: 0.9", 9, "a share from 0 % to 100 %, or none"),
    ("target: 90 %", "target: 90", 9, "target is 90;"),
    ("    target: 90 %\n", "", 7, "the row has no target"),
    ("    limit: 10 seconds\n", "", 7, "the row has no limit"),
    ("limit: 10 seconds", "limit: ten seconds", 8, "limit is ten seconds"),
    ("limit: 10 seconds", "limit: 10", 8, "a whole number of seconds, minutes or hours"),
    ("limit: 10 seconds", "limit: 1.5 hours", 8, "limit is 1.5 hours"),
    ("limit: 10 seconds", "limit: 10 sekonds", 8, "limit is 10 sekonds"),
    ("limit: 10 seconds", "limit: 0 seconds", 8, "at least 1"),
    ("limit: 10 seconds", "limit: 10000000 seconds", 8, "limit is 10000000 seconds"),
    ("limit: 10 seconds", "limit: 2 days", 8, "limit of answer_999 is 2 days"),
    ("limit: 10 seconds", "limit: 90 %", 8, "limit of answer_999 is 90 %"),
    ("limit: 10 seconds", "limit: recorded", 8, "a limit or none (its clock is timed)"),
    ("limit: 10 seconds", "limit: [1 second]", 8, "limit is a list"),
    ("limit: 10 seconds", "limit: {urban: 1 second, rural: 2 seconds}", 8, "has several values"),
    (", rural: 20 minutes", "", 16, "limit has no rural"),
    ("rural: 20 minutes", "rurall: 20 minutes", 16, "Did you mean rural?"),
    ("rural: 20 minutes", "rural: soon", 16, "limit is soon"),
    ("rural: 20 minutes", "rural: ", 16, "rural is empty"),
    ("from: 2008-12-31", "from: 31.12.2008", 5, "in_force from of the standard is 31.12.2008"),
    ("from: 2008-12-31", "from: 2008-02-30", 5, "a date that exists"),
    ("from: 2008-12-31", "from: ", 5, "in_force from of the standard is empty"),
    ("from: 2008-12-31, ", "", 5, "in_force of the standard has no from"),
    ("{from: 2008-12-31, to: 2020-12-31}", "2008-12-31", 5, "in_force of the standard is a single value"),
    ("to: 2020-12-31", "to: never", 5, "in_force to of the standard is never"),
    ("to: 2020-12-31", "to: 2008-12-30", 5, "in force from 2008-12-31 to 2008-12-30"),
    ("to: 2020-12-31", "until: 2020-12-31", 5, "unknown key in in_force of the standard: until"),
    ("from: 2008-12-31", "from: 2008-12-30", 5, "but the file's name says 2008-12-31"),
    ("from: 2010-01-01, to: 2020-12-31", "from: 2010-01-01", 15, "a row inside its standard's dates"),
    ("from: 2010-01-01", "from: 2008-01-01", 15, "the row is in force from 2008-01-01 to 2020-12-31"),
    ("from: 2010-01-01", "from: 2021-01-01", 15, "from not after to"),
    ("force: suffolk", "force: Suffolk Police", 14, "force is Suffolk Police"),
    ("force: suffolk", "force: all", 14, "force is all"),
    ("target: 90 %", "target: 90 %\n    minimum_n: 0", 10, "minimum_n is 0"),
    ("target: 90 %", "target: 90 %\n    minimum_n: few", 10, "a whole number from 1"),
    ("target: 90 %", "target: 90 %\n    severity: hihg", 10, "Did you mean high?"),
    ("target: 90 %", "target: 90 %\n    target: 80 %", 10, "target stands twice in the row"),
    ("publisher: Ours", "publisher: Ours\npublisher: Theirs", 4, "publisher stands twice in the file"),
    ("limit: under}", "limit: under, limit: within}", 11, "limit stands twice in definition"),
    ("publisher: Ours", "? [a, b]\n: c\npublisher: Ours", 3, "not a word"),
    ("publisher: Ours", "publisher: Ours\n\t- x", 4, "YAML cannot be read here"),
    ("publisher: Ours", "publisher: Ours\n...\n---\nname: b", 5, "YAML cannot be read here"),
    ("publisher: Ours", "publisher: *nobody", 3, "YAML cannot be read here"),
    ("publisher: Ours", "publisher: \x07", 3, "a control character"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), WRONG, ids=[f"{w[1]!r}: {w[3]}" for w in WRONG])
def test_what_is_wrong_is_refused_on_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    path = good(tmp_path, (old, new))
    problems = validate(path)
    assert any(problem.line == line and words in str(problem) for problem in problems), problems
    assert all(SENTENCE.fullmatch(str(problem)) for problem in problems), problems
    with pytest.raises(UsageError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}:")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ":1: the file is empty"),
        (b"# only a comment\n", ":1: the file is empty"),
        (b"- a\n- b\n", ":1: the file is a list"),
        (b"just text", ":1: the file is a single value"),
        (b"\x00\x01\x02PK\x03\x04", ":1: the file is binary"),
        (GOOD.encode("utf-16"), ":1: the file is in UTF-16"),
        (GOOD.replace("Ours", "Polizeibehörde", 1).encode("latin-1"), ":3: a byte that is not UTF-8"),
        (b"a: " + b"[" * 5000, "nested without end"),
        (b"x" * 1_000_001, "over 1 MB"),
        (GOOD.replace("measures:", "measures: []\nold:").encode(), ":6: measures holds no rows"),
        (GOOD.replace("measures:", "measures: {a: b}\nold:").encode(), ":6: measures holds no rows"),
        (
            GOOD.replace("  - measure: answer_999", "  - answer_999\n  - measure: answer_999").encode(),
            ":7: the row is",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    problems = [str(problem) for problem in validate(write(tmp_path, content))]
    assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize(
    "name",
    [
        "pledge.yaml",
        "2008-12-31.yaml",
        "2008-13-31_pledge.yaml",
        "2008-12-31_Pledge.yaml",
        "2008-12-31_pledge.yml",
    ],
)
def test_a_file_is_named_after_its_date_and_itself(tmp_path: Path, name: str) -> None:
    found = validate(write(tmp_path, good(tmp_path).read_bytes(), name))
    assert f"{name}:1: the file is named {name}" in str(found[0])
    assert str(found[0]) in [str(problem) for problem in validate(tmp_path)]


def test_overlapping_rows_are_refused_even_when_otherwise_wrong(tmp_path: Path) -> None:
    again = "  - measure: answer_999\n    limit: soon\n    target: none\n    source: Page 7\n"
    path = write(tmp_path, good(tmp_path).read_text() + again)
    assert [(p.line, p.found) for p in validate(path)] == [
        (19, "answer_999 overlaps the row on line 7"),
        (20, "limit is soon"),
    ]


@pytest.mark.parametrize(
    ("force", "dates", "overlaps"),
    [
        ("suffolk", "{from: 2009-01-01, to: 2009-12-31}", False),
        ("suffolk", "{from: 2009-01-01, to: 2010-01-01}", True),
        ("suffolk", "{from: 2015-01-01, to: 2015-01-01}", True),
        ("norfolk", "{from: 2010-01-01, to: 2020-12-31}", False),
    ],
)
def test_rows_overlap_when_measure_force_and_a_day_are_the_same(
    tmp_path: Path, force: str, dates: str, overlaps: bool
) -> None:
    more = (
        f"  - measure: attend_emergency\n    force: {force}\n    in_force: {dates}\n"
        "    limit: none\n    target: none\n    source: Page 7\n"
    )
    problems = validate(write(tmp_path, good(tmp_path).read_text() + more))
    assert [problem.line for problem in problems] == ([19] if overlaps else [])


def test_all_problems_of_a_file_are_said_at_once_in_order(tmp_path: Path) -> None:
    path = good(
        tmp_path,
        ("title: Test pledge", "titel: Test pledge"),
        ("from: 2008-12-31", "from: yesterday"),
        ("measure: answer_999", "measure: answer_9"),
        ("target: 90 %", "target: 900 %"),
        ("source: Page 5", "source:"),
        ("15 minutes", "15 miles"),
    )
    assert [problem.line for problem in validate(path)] == [1, 2, 5, 7, 9, 12, 16]


def test_a_folder_with_bad_files_gives_the_first_problem_and_how_many_more(tmp_path: Path) -> None:
    good(tmp_path)
    write(tmp_path, GOOD.replace("target: 90 %", "target: 900 %"), "2008-12-31_second.yaml")
    write(tmp_path, "", "2009-01-01_third.yaml")
    with pytest.raises(UsageError) as refused:
        load(tmp_path)
    problems = validate(tmp_path)
    assert len(problems) == 3  # the bad target, the row without an end, the empty file
    assert refused.value.where == problems[0].where
    assert "(2 more problems: see `pledge standards validate`.)" in str(refused.value)


def test_a_name_belongs_to_one_file_over_all_folders(tmp_path: Path) -> None:
    mine, extra = tmp_path / "mine", tmp_path / "extra"
    mine.mkdir()
    extra.mkdir()
    good(mine)
    text = good(mine).read_text().replace("Test pledge", "Other")
    path = write(extra, text, "2008-12-31_other.yaml")
    problems = validate(mine, extra)
    assert [str(problem) for problem in problems] == [
        f"{path}:1: the name test_pledge is also that of 2008-12-31_test.yaml; "
        "a name of its own. Rename one of the two."
    ]


def test_two_editions_of_one_title_may_not_begin_on_one_day(tmp_path: Path) -> None:
    text = good(tmp_path).read_text().replace("name: test_pledge", "name: second").replace("Test pledge", "TEST pledge")
    write(tmp_path, text, "2008-12-31_zweite.yaml")
    assert [(p.line, p.expected) for p in validate(tmp_path)] == [
        (5, "editions of one title that begin on different days")
    ]


def test_an_extra_folder_stands_beside_the_shipped_one(tmp_path: Path) -> None:
    good(tmp_path)
    assert set(load(SHIPPED, tmp_path)) == {*load(), "test_pledge"}
    assert set(load(SHIPPED, SHIPPED)) == set(load())


def test_other_files_of_a_folder_are_left_alone(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "README.md").write_text("about")
    (tmp_path / ".2008-12-31_test.yaml.swp").write_text("half")
    (tmp_path / ".hidden.yaml").write_text("half")
    assert list(load(tmp_path)) == ["test_pledge"]


def test_places_that_hold_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or directory"):
        load(tmp_path / "2008-12-31_absent.yaml")
    with pytest.raises(UsageError, match="no standard"):
        load(tmp_path)
    folder = tmp_path / "2008-12-31_folder.yaml"
    folder.mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        load(tmp_path)


@pytest.mark.parametrize("old", ["suffolk", "10 seconds", "90 %", "answer_999", "answered_only", "2010-01-01"])
def test_no_sentence_repeats_a_long_value(tmp_path: Path, old: str) -> None:
    (problem,) = validate(good(tmp_path, (old, "Long " * 200)))[:1]
    assert "Long Long" in problem.found and len(problem.found) < 120


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, len(GOOD)),
    length=st.integers(0, 40),
    put=st.one_of(st.binary(max_size=8), st.text(":-[]{}&*!|>'\"%@`,?# \n~<", max_size=8).map(str.encode)),
)
def test_no_damage_to_a_file_ends_in_a_traceback(tmp_path: Path, start: int, length: int, put: bytes) -> None:
    content = GOOD.replace("{from: 2010-01-01}", "{from: 2010-01-01, to: 2020-12-31}").encode()
    path = write(tmp_path, content[:start] + put + content[start + length :])
    problems = validate(path)
    assert all(1 <= problem.line <= content.count(b"\n") + 10 and str(problem) for problem in problems)
    if problems:
        with pytest.raises(UsageError):
            load(path)
    else:
        assert in_words(next(iter(load(path).values())))


# In words


def test_a_standard_in_words(tmp_path: Path) -> None:
    said = in_words(load(good(tmp_path))["test_pledge"])
    assert said == [
        "Test pledge (test_pledge), published by Ours, is in force from 31 December 2008 to 31 December 2020.",
        "Source: A book, 2008.",
        "answer_999: 999 calls answered in time (commitment 5). The limit is 10 seconds. "
        "90 % of cases must be met; a verdict needs 30 cases (target: Ours). "
        "Counted with clock_start = presented_to_force, limit = under, abandoned = answered_only, "
        "unknown = outside_rate. Source: Page 5.",
        "attend_emergency for suffolk: emergencies reached in time (commitment 5). "
        "In force from 1 January 2010 to 31 December 2020. "
        "The limit is 15 minutes (urban), 20 minutes (rural). "
        "No target: the figure is published without a verdict. "
        "Counted with clock_start = received, grade = first_set, setting = first_set, limit = within, "
        "unknown = outside_rate. Source: Page 6.",
    ]


def test_yes_or_no_and_no_limit_in_words() -> None:
    said = {line.split(":")[0]: line for line in in_words(load()["policing_pledge_2008"])}
    assert "Yes or no: it must be recorded. Every case must be met" in said["eta_emergency"]
    assert "No limit: the time is published as it is. No target:" in said["deploy_emergency"]
    assert "Severity of a miss: high." in said["answer_999"]


def test_a_standard_does_not_differ_from_itself(tmp_path: Path) -> None:
    standard = load(good(tmp_path))["test_pledge"]
    assert differences(standard, standard) == []


def differing(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    first = load(good(tmp_path))["test_pledge"]
    text = good(tmp_path).read_text().replace("name: test_pledge", "name: second")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    second = load(write(tmp_path, text, "2008-12-31_second.yaml"))["second"]
    return differences(first, second)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "limit: 10 seconds",
            "limit: 5 seconds",
            "answer_999: limit 10 seconds in test_pledge, 5 seconds in second.",
        ),
        ("limit: 10 seconds", "limit: none", "answer_999: limit 10 seconds in test_pledge, none in second."),
        ("target: 90 %", "target: 99.5 %", "answer_999: target 90 % in test_pledge, 99.5 % in second."),
        (
            "limit: under",
            "limit: within",
            "answer_999: a case exactly at the limit under in test_pledge, within in second.",
        ),
        (
            "abandoned: answered_only",
            "clock_start: dialled, abandoned: answered_only",
            "answer_999: clock_start presented_to_force in test_pledge, dialled in second.",
        ),
        (
            "target: 90 %",
            "minimum_n: 5\n    severity: low\n    target: 90 %",
            "answer_999: minimum number of cases 30 in test_pledge, 5 in second.\n"
            "answer_999: severity medium in test_pledge, low in second.",
        ),
        (
            "{from: 2010-01-01, to: 2020-12-31}",
            "{from: 2011-01-01, to: 2020-12-31}",
            "attend_emergency for suffolk: in force from 1 January 2010 to 31 December 2020 in test_pledge, "
            "from 1 January 2011 to 31 December 2020 in second.",
        ),
        (
            "from: 2008-12-31, to: 2020-12-31",
            "from: 2008-12-31",
            "In force from 31 December 2008 to 31 December 2020 in test_pledge, from 31 December 2008 in second.",
        ),
        (
            "force: suffolk",
            "force: norfolk",
            "attend_emergency for suffolk stands only in test_pledge.\n"
            "attend_emergency for norfolk stands only in second.",
        ),
        (
            "measures:",
            "measures:\n  - {measure: eta_emergency, limit: recorded, target: none, source: Page 1}",
            "eta_emergency stands only in second.",
        ),
        ("source: Page 5", "source: Page 5\n    note: A remark", ""),
    ],
)
def test_differences_in_words(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert "\n".join(differing(tmp_path, (old, new))) == said


def test_rows_that_follow_one_another_are_compared_in_turn(tmp_path: Path) -> None:
    more = (
        "  - measure: attend_emergency\n    force: suffolk\n"
        "    in_force: {from: 2009-01-01, to: 2009-12-31}\n"
        "    limit: none\n    target: none\n    source: Page 7\n"
    )
    said = differing(tmp_path, ("    source: Page 6\n", "    source: Page 6\n" + more))
    assert said[0] == (
        "attend_emergency for suffolk: limit 15 minutes (urban), 20 minutes (rural) in test_pledge, none in second."
    )
    assert said[-1] == ("attend_emergency for suffolk from 1 January 2010 to 31 December 2020 stands only in second.")


def test_a_forces_own_row_is_compared_with_the_national_one() -> None:
    standards = load()
    said = differences(standards["policing_pledge_2008"], standards["force_level_examples"])
    assert said[-1] == (
        "attend_emergency for suffolk: clock_start received in policing_pledge_2008, "
        "dispatched in force_level_examples."
    )
