"""Names made to be run, obeyed or followed: areas, neighbourhoods, references, words of officers, a standard's title.

One night with them; then every form in which the product hands them on. What is looked at closer, with more of the
same, stands beside what it concerns:

    HTML       tests/connectors/site/{test_site_pages,test_registers,test_charts,test_building}.py, and in a browser
               tests/journey/test_journey_pages.py
    Slack      tests/connectors/slack/{test_slack_message,test_slack_night_message,test_slack_notices}.py
    formulas   tests/connectors/site/test_measure_pages.py, tests/journey/test_journey_pack.py
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest

from checks.printable import printable
from dags.tables import Format
from tests.journey.logs import call, incident, write
from tests.journey.pledge import Pledge
from tests.slack_limits import fault
from tests.slack_server import SlackServer

NIGHT = "2026-03-03T06:00:00Z"
HOSTILE = (
    "../../../escaped", "/etc/passwd", "..\\..\\escaped", "%2e%2e%2fescaped", "con", ".",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "{{ 7*7 }}", "{% raw %}",
    '=HYPERLINK("https://evil.example")', "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2+3",
    "<!channel>", "<@U0123456>", "<https://evil.example|all is well>", "*bold* `code` ~x~", "[a](https://evil.example)",
    "\x1b[31mred\x1b]0;title\x07", "\x9b2J", "\u202eevil", "a\rb", "x" * 200,
)  # fmt: skip
FORMULA = re.compile(r"^[=+\-@\t\r\n]")
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
LISTED = ("verdicts", "commitments", "breaches", "quarantine", "explanations", "integrity",
          "cases --measure answer_999", "series --measure answer_999", "delays", "exclusions", "revisions")  # fmt: skip


class Night:
    """The product after one night of hostile names."""

    def __init__(self, pledge: Pledge, slack: SlackServer) -> None:
        self.pledge, self.slack, self.site = pledge, slack, pledge.folder / "site"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    pledge = Pledge(tmp_path_factory.mktemp("hostile") / "inner")
    calls = [call(f"{name}{n}", f"2026-03-0{1 + n} 10:{i:02}:00", 40, area=name)
             for i, name in enumerate(HOSTILE) for n in range(2)]  # fmt: skip
    calls += [call(f"bad{name}", "2026-03-01 10:00:00", 40, area=name, line=name) for name in HOSTILE[:18]]
    incidents = [incident(name, f"2026-03-01 11:{i:02}:00", 90, area=name, neighbourhood=name)
                 for i, name in enumerate(HOSTILE)]  # fmt: skip
    write(pledge.input, "calls", calls)
    write(pledge.input, "incidents", incidents)
    with SlackServer() as slack, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("PLEDGE_SLACK_TOKEN", slack.token)
        monkeypatch.setenv("PLEDGE_SLACK_CHANNEL", "C0123456789")
        monkeypatch.setenv("PLEDGE_SLACK_URL", slack.url)
        said = pledge.run(NIGHT)
        assert said.code == 0, said.err
        for name in ("<script>alert(1)</script>", "=1+1", "<!channel>"):
            told = ("--reason", "other", "--text", name, "--by", name)
            said = pledge("explain", "--measure", "answer_999", "--force", "norfolk", "--day", "2026-03-01", *told)
            assert said.code == 0, said.err
        said = pledge("report", "--out", str(pledge.folder / "site"))
        assert said.code == 0, said.err
        yield Night(pledge, slack)


def test_no_file_is_written_elsewhere(night: Night) -> None:
    inside = night.pledge.folder
    assert [path.name for path in inside.parent.iterdir()] == ["inner"]
    for path in inside.rglob("*"):
        assert path.resolve().is_relative_to(inside)
        assert "escaped" not in path.relative_to(inside).as_posix() or "/" not in path.name
    names = {path.name for path in inside.iterdir()}
    assert names <= {"logs", "lake", "published", "site", "pledge.sqlite", "pledge.sqlite-shm", "pledge.sqlite-wal",
                     "signing-key.pem", "signing-key.pem.pub", "chain-head.txt",
                     "suppression-solved.json", "published-left.json"}, names  # fmt: skip


class _Tags(HTMLParser):
    """What a browser would make of a page: its tags, and whatever could run."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").endswith(".js"):
            self.running.append(tag)
        links = " ".join(given.get(name) or "" for name in ("href", "src"))
        if any(name.startswith("on") for name in given) or re.search(r"javascript:|//", links):
            self.running.append(f"{tag} {given}")


def test_no_page_runs_or_fetches_anything(night: Night) -> None:
    pages = list(night.site.rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        text, tags = page.read_text("utf-8"), _Tags()
        tags.feed(text)
        assert [each for each in tags.running if "https://www." not in each and "gov.uk" not in each] == [], page
    assert any("{{ 7*7 }}" in page.read_text("utf-8") for page in pages), "no template made a sum of it"
    assert any("&lt;script&gt;alert(1)" in page.read_text("utf-8") for page in pages), "it is there, as text"


@pytest.mark.parametrize("words", LISTED)
def test_no_csv_or_workbook_runs_a_formula(night: Night, words: str) -> None:
    said = night.pledge(*words.split(), "--format", "csv")
    assert said.code == 0, said.err
    text = said.out.decode()
    assert [cell for row in csv.reader(io.StringIO(text)) for cell in row if _is_run(cell)] == []
    book = openpyxl.load_workbook(io.BytesIO(night.pledge(*words.split(), "--format", "xlsx").out))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f" or _is_run(cell.value)] == []


def _is_run(value: Any) -> bool:
    """Whether a spreadsheet would take it for a formula; a number is none."""
    return isinstance(value, str) and bool(FORMULA.match(value)) and not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value)


def test_no_file_the_product_publishes_runs_a_formula(night: Night) -> None:
    files = [*night.site.rglob("*.csv"), *(night.pledge.folder / "published").glob("*.csv")]
    assert len(files) > 5
    for path in files:
        with path.open(newline="", encoding="utf-8-sig") as file:
            assert [cell for row in csv.reader(file) for cell in row if _is_run(cell)] == [], path
    for path in night.site.rglob("*.xlsx"):
        cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink] == [], path


def test_a_pack_holds_no_formula_and_no_path_that_leads_out(night: Night) -> None:
    out = night.pledge.folder / "logs" / "pack.zip"
    for area in HOSTILE[:4]:
        said = night.pledge("pack", "--measure", "answer_999", "--force", "norfolk", "--area", area,
                            "--period", "2026-03-01", "--out", str(out))  # fmt: skip
        assert said.code == 0, said.err
        with zipfile.ZipFile(out) as pack:
            assert all(not name.startswith("/") and ".." not in name.split("/") for name in pack.namelist())
            for name in (each for each in pack.namelist() if each.endswith(".csv")):
                rows = csv.reader(io.StringIO(pack.read(name).decode("utf-8-sig")))
                assert [cell for row in rows for cell in row if _is_run(cell)] == [], name
    out.unlink()


@pytest.mark.parametrize("words", LISTED)
@pytest.mark.parametrize("form", [Format.TABLE, Format.JSON])
def test_no_terminal_obeys_what_is_printed(night: Night, words: str, form: Format) -> None:
    said = night.pledge(*words.split(), "--format", form)
    text = said.out.decode()
    assert OBEYED.findall(text + said.err) == []
    if form is Format.JSON:
        json.loads(text)


def test_no_terminal_obeys_a_trace(night: Night) -> None:
    where = ("--measure", "answer_999", "--force", "norfolk", "--period", "day", "--start", "2026-03-01")
    assert OBEYED.findall(night.pledge("trace", *where).out.decode()) == []
    wrong = night.pledge("verdicts", "--measure", "\x1b[31m")
    assert wrong.code == 2 and OBEYED.findall(wrong.err) == []


def test_what_is_shown_for_it() -> None:
    assert printable("\x1b[31m\x9b\u202e\n ä–😀") == "\\x1b[31m\\x9b\\u202e\\n ä–😀"


def test_slack_is_sent_no_call_no_link_and_nothing_too_long(night: Night) -> None:
    messages = [message for channel in night.slack.messages.values() for message in channel]
    assert messages and not any(fault(message) for message in messages)
    said = json.dumps(messages)
    assert "<!channel>" not in said and "<@U0123456>" not in said and "<https://evil" not in said
    assert not re.search(r"<script|<img", said)
