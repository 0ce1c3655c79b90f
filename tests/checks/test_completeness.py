"""A measure is complete when it has a header, a spec test, a published standard and an oracle: who lacks what?"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from checks.commitment import FOLDER, HEADINGS, UNKNOWN, Measure, measures, read_measure
from checks.errors import UsageError
from checks.logs import LOGS, Kind
from expectations.published import SHIPPED, load
from tests.checks.oracle import oracle_of

SPECS = Path(__file__).parent / "commitments"
# A spec test says in words where it shows a clock change; where cases are dated by a moment, it must.
CLOCK_CHANGE = re.compile(r"clocks?[ _](change|go)")


def spec_of(name: str) -> Path:
    return SPECS / f"test_{name}.py"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.sql")), ids=lambda path: path.stem)
def test_every_file_has_a_complete_header(path: Path) -> None:
    measure = read_measure(path)
    assert measure.name == path.stem
    assert measure.commitment in range(11)
    empty = [
        name
        for name in ("title", "promise", "case", "clock", "limit", "leaves_out", "source")
        if not getattr(measure, name)
    ]
    assert not empty, f"{path.name} says nothing under {', '.join(empty)}"


def test_a_header_that_lacks_a_heading_is_named(tmp_path: Path) -> None:
    whole = (FOLDER / "answer_999.sql").read_text("utf-8")
    for heading in HEADINGS:
        lines = [line for line in whole.splitlines() if not line.startswith(f"-- {heading}:")]
        (tmp_path / "answer_999.sql").write_text("\n".join(lines), "utf-8")
        with pytest.raises(Exception, match=heading):
            read_measure(tmp_path / "answer_999.sql")


@pytest.mark.parametrize("measure", measures().values(), ids=lambda measure: measure.name)
def test_every_measure_is_complete(measure: Measure) -> None:
    folders = [SHIPPED, *filter(None, [os.environ.get("PLEDGE_STANDARDS")])]
    missing = _missing(measure, {rule.measure for standard in load(*folders).values() for rule in standard.rules})
    assert not missing, f"{measure.name} lacks {'; '.join(missing)}"


def test_what_is_missing_is_named() -> None:
    one = measures()["answer_999"]
    nobody = Measure(**{**vars(one), "name": "nobody_wrote_it", "commitment": 5})
    assert _missing(nobody, {"answer_999"}) == [
        "a row in a published standard",
        "an oracle in tests/checks/oracle or in its spec test",
        "the spec test tests/checks/commitments/test_nobody_wrote_it.py",
    ]


def test_one_that_nobody_wrote_says_so() -> None:
    with pytest.raises(UsageError, match=r"measure answer_9X9: it is judged by nothing here; .*`pledge verify`"):
        measures()["answer_9X9"]
    assert "answer_9X9" not in measures() and measures().get("answer_9X9") is None


def _missing(measure: Measure, published: set[str]) -> list[str]:
    missing = []
    if measure.name not in published:
        missing.append("a row in a published standard")
    if oracle_of(measure.name) is None:
        missing.append("an oracle in tests/checks/oracle or in its spec test")
    if not spec_of(measure.name).exists():
        return [*missing, f"the spec test tests/checks/commitments/test_{measure.name}.py"]
    said = spec_of(measure.name).read_text("utf-8")
    if "unknown" not in said:
        missing.append("an unknown case in its spec test")
    if _dated_by_moment(measure) and not CLOCK_CHANGE.search(said):
        missing.append("a clock change in its spec test")
    missing += [
        f"its spec test under {switch} = {value}"
        for switch, values in measure.switches.items()
        for value in values[1:]
        if values != UNKNOWN and f'"{value}"' not in said
    ]
    return missing


def _dated_by_moment(measure: Measure) -> bool:
    log = LOGS[measure.needs[0].partition(".")[0]]
    return log.dated_by != "" and log.by_name[log.dated_by].kind is Kind.MOMENT


def test_no_spec_test_without_its_measure() -> None:
    named = {path.stem.removeprefix("test_") for path in SPECS.glob("test_*.py")}
    assert not named - set(measures()), f"no measure of these names: {sorted(named - set(measures()))}"
