"""A fetch is whole or is not there: cut off, resumed, asked for news, and a list that changes meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.errors import NotAnsweringError, NotFitError, UsageError
from connectors.sources import description as descriptions
from connectors.sources.description import described
from connectors.sources.http.client import TRIES, HttpClient
from connectors.sources.http.connection import HttpConnection
from connectors.sources.http.fetch import JOURNAL, fetch
from connectors.sources.http.wanted import HttpWanted
from connectors.sources.whole_fetch import MANIFEST
from tests.police_uk_server import PoliceUkServer
from tests.slack_server import Drops, Fails

SHIPPED = Path(descriptions.__file__).with_name("descriptions")
FIRST = datetime(2026, 11, 21, 5, tzinfo=UTC)
PAGE = {
    "name": "Castle", "contact_details": {"email": "a.person@example.com", "telephone": "020 7946 0000"},
    "locations": [{"address": "1 High Street", "latitude": None}], "population": "1000",
}  # fmt: skip
PLACE: dict[str, Any] = {"page": PAGE, "people": [{"name": "A. Person"}], "events": [], "priorities": []}
MEETING = {"title": "Surgery with A. Person", "type": "meeting", "start_date": "2026-12-01T18:00:00", "address": "x"}
Fetch = Callable[..., HttpWanted]


def places(*names: str) -> dict[str, Any]:
    return {name: dict(PLACE) for name in names}


@pytest.fixture
def api() -> Iterator[PoliceUkServer]:
    with PoliceUkServer({"norfolk": places("N1", "N2", "N3"), "suffolk": places("S1")}) as server:
        yield server


@pytest.fixture
def fetched(api: PoliceUkServer, tmp_path: Path) -> Fetch:
    """Fetch police_uk as the night so many days after the first would."""

    def fetched(day: int = 0, *forces: str) -> HttpWanted:
        sources = described("police_uk", [SHIPPED])
        assert isinstance(sources[0].connection, HttpConnection)
        http = replace(sources[0].connection, requests_per_second=10_000.0)
        quick = tuple(replace(source, connection=http) for source in sources)
        wanted = HttpWanted(quick, api.url, forces, FIRST + timedelta(days=day), tmp_path / "fetched")
        with HttpClient(http, api.url, sleep=lambda _: None) as client:
            fetch(wanted, client, lambda _: None)
        return wanted

    return fetched


def lines(wanted: HttpWanted, log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in wanted.file(log).read_text("utf-8").splitlines()]


def ids(wanted: HttpWanted, log: str = "neighbourhoods") -> list[str]:
    return [line["id"] for line in lines(wanted, log)]


def test_every_force_it_lists_or_those_named(fetched: Fetch) -> None:
    assert ids(fetched(0)) == ["N1", "N2", "N3", "S1"]
    assert ids(fetched(0, "suffolk")) == ["S1"]


def test_nothing_personal_reaches_the_disk(api: PoliceUkServer, fetched: Fetch, tmp_path: Path) -> None:
    api.places["norfolk"]["N1"]["events"] = [MEETING]
    fetched()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".json", ".jsonl"}
    for path in files:
        text = path.read_text("utf-8")
        assert not any(said in text for said in ("Person", "example.com", "7946", "High Street")), path


def test_a_file_has_only_the_answers_its_select_names(fetched: Fetch) -> None:
    wanted = fetched(0, "suffolk")
    given = {log: set(lines(wanted, log)[0]) for log in ("neighbourhoods", "team_pages", "meetings")}
    always = {"id", "name", "force", "first_listed_at", "gone_at", "fetched_at"}
    assert given == {
        "neighbourhoods": {*always, "page"},
        "team_pages": {*always, "page", "people", "priorities"},
        "meetings": {*always, "events"},
    }


def test_meetings_that_differ_in_what_is_left_out_are_two_and_a_repeat_is_one(
    api: PoliceUkServer, fetched: Fetch
) -> None:
    api.places["norfolk"]["N1"]["events"] = [MEETING, {**MEETING, "address": "y"}, dict(MEETING)]
    api.places["norfolk"]["N2"]["events"] = MEETING
    found = [line["id"] for line in lines(fetched(), "meetings") if line["events"]]
    assert found == ["N1", "N1", "N2"], "one object stands for a list of one"


class TestCutOff:
    @pytest.mark.parametrize("behaviour", [Drops(), Fails(503)])
    def test_nothing_is_there_until_everything_is(self, api: PoliceUkServer, fetched: Fetch, behaviour: Any) -> None:
        api.next("norfolk/N3/people", *[behaviour] * TRIES)
        with pytest.raises(NotAnsweringError, match="norfolk/N3/people"):
            fetched()
        before = len(api.asked)
        wanted = fetched()
        assert ids(wanted, "team_pages") == ["N1", "N2", "N3", "S1"]
        again = api.paths()[before:]
        assert not set(again) & {"norfolk/N1", "norfolk/N2/events", "norfolk/N3"}, "what was answered is kept"
        assert again[0] == "norfolk/N3/people"

    def test_its_files_are_not_there(self, api: PoliceUkServer, fetched: Fetch, tmp_path: Path) -> None:
        api.next("suffolk/S1/events", *[Drops()] * TRIES)
        with pytest.raises(NotAnsweringError):
            fetched()
        assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {JOURNAL, ".lock"}

    def test_a_journal_torn_in_the_middle_of_a_line(self, api: PoliceUkServer, fetched: Fetch, tmp_path: Path) -> None:
        api.next("suffolk/S1/events", *[Drops()] * TRIES)
        with pytest.raises(NotAnsweringError):
            fetched()
        journal = next(tmp_path.rglob(JOURNAL))
        journal.write_bytes(journal.read_bytes()[:-40])
        assert ids(fetched()) == ["N1", "N2", "N3", "S1"]
        assert api.paths().count("norfolk/N1") == 1

    def test_a_whole_one_is_not_fetched_again(self, api: PoliceUkServer, fetched: Fetch) -> None:
        first = fetched()
        before, asked = first.file("meetings").read_bytes(), len(api.asked)
        api.places["norfolk"]["N9"] = dict(PLACE)
        assert fetched().file("meetings").read_bytes() == before
        assert len(api.asked) == asked

    def test_one_that_was_changed_since_is_refused(self, fetched: Fetch) -> None:
        fetched().file("meetings").write_text("{}\n")
        with pytest.raises(NotFitError, match=r"meetings\.jsonl: it is not as it was fetched"):
            fetched()


class TestNews:
    def test_the_next_night_asks_only_for_what_is_new(self, api: PoliceUkServer, fetched: Fetch) -> None:
        fetched()
        before = len(api.asked)
        api.places["norfolk"]["N2"]["people"] = []
        wanted = fetched(1)
        assert all(for_news for _, for_news in api.asked[before:])
        manifest = json.loads((wanted.folder / MANIFEST).read_text())
        assert manifest["unchanged"] == manifest["requests"] - 1
        assert [len(line["people"]) for line in lines(wanted, "team_pages")] == [1, 0, 1, 1]

    def test_it_knows_what_was_answered_before_a_fetch_was_cut_off(self, api: PoliceUkServer, fetched: Fetch) -> None:
        api.next("suffolk/S1", *[Fails(500)] * TRIES)
        with pytest.raises(NotAnsweringError):
            fetched()
        before = len(api.asked)
        fetched(1)
        assert ("norfolk/N1", True) in api.asked[before:] and ("suffolk/S1", False) in api.asked[before:]

    def test_journals_that_say_nothing_more_go(self, fetched: Fetch, tmp_path: Path) -> None:
        fetched(0), fetched(0, "suffolk"), fetched(1)
        assert [path.parent.name[:8] for path in tmp_path.rglob(JOURNAL)] == ["20261122"]


class TestTheList:
    def test_one_that_changes_meanwhile_is_followed(self, api: PoliceUkServer, fetched: Fetch) -> None:
        def opened(path: str) -> None:
            if path == "norfolk/N2/people":
                api.places["norfolk"]["N4"] = dict(PLACE)

        api.before = opened
        wanted = fetched()
        assert ids(wanted) == ["N1", "N2", "N3", "N4", "S1"]
        assert api.paths().count("norfolk/N1") == 1

    def test_one_that_never_stands_still_is_not_taken(self, api: PoliceUkServer, fetched: Fetch) -> None:
        def changing(path: str) -> None:
            if path == "norfolk/neighbourhoods":
                api.places["norfolk"][f"new{len(api.asked)}"] = dict(PLACE)

        api.before = changing
        with pytest.raises(NotAnsweringError, match="the list changes while it is read"):
            fetched()

    def test_what_is_new_later_and_what_is_gone(self, api: PoliceUkServer, fetched: Fetch) -> None:
        def states(day: int) -> dict[str, tuple[Any, Any]]:
            found = lines(fetched(day, "norfolk"), "neighbourhoods")
            return {each["id"]: (each["first_listed_at"], each["gone_at"]) for each in found}

        assert set(states(0).values()) == {(None, None)}
        del api.places["norfolk"]["N1"]
        api.places["norfolk"]["N4"] = dict(PLACE)
        second, third = (f"2026-11-{day}T05:00:00+00:00" for day in (22, 23))
        there = {"N2": (None, None), "N3": (None, None), "N4": (second, None)}
        assert states(1) == {**there, "N1": (None, second)}
        assert states(2) == {**there, "N1": (None, second)}, "it stays closed since then"
        del api.places["norfolk"]["N2"]
        api.places["norfolk"]["N1"] = dict(PLACE)
        assert states(2) == {**there, "N1": (None, second)}, "the same night is the same fetch"
        assert states(3)["N1"] == (None, None), "it was there again"
        assert states(3)["N2"][1] == third.replace("23", "24", 1)

    def test_an_empty_one_that_had_records_is_refused(self, api: PoliceUkServer, fetched: Fetch) -> None:
        fetched()
        api.places["norfolk"] = {}
        with pytest.raises(NotFitError, match="the list is empty, which had 3 records"):
            fetched(1)

    def test_a_force_that_lists_nothing_from_the_first_is_taken_so(self, api: PoliceUkServer, fetched: Fetch) -> None:
        api.places["norfolk"] = {}
        assert ids(fetched()) == ["S1"]

    @pytest.mark.parametrize("odd", ["a b", "ä/../ö", "%2e%2e", "N?1#x", "N1/people"])
    def test_an_id_with_signs_of_its_own(self, api: PoliceUkServer, fetched: Fetch, odd: str) -> None:
        api.places["suffolk"] = {odd: dict(PLACE)}
        assert [(line["id"], bool(line["page"])) for line in lines(fetched(0, "suffolk"), "team_pages")] == [
            (odd, True)
        ]

    @pytest.mark.parametrize("odd", ["", "..", ".", " "])
    def test_an_id_that_is_none_is_refused(self, api: PoliceUkServer, fetched: Fetch, odd: str) -> None:
        api.places["suffolk"] = {odd: dict(PLACE)}
        with pytest.raises(NotFitError, match="a record has no id"):
            fetched(0, "suffolk")

    def test_a_page_that_is_not_found_is_no_empty_page(self, api: PoliceUkServer, fetched: Fetch) -> None:
        del api.places["suffolk"]["S1"]["people"], api.places["suffolk"]["S1"]["events"]
        wanted = fetched(0, "suffolk")
        assert lines(wanted, "team_pages")[0]["people"] is None
        assert lines(wanted, "meetings")[0]["events"] == {"not_found": True}

    def test_where_nobody_says_of_which_forces(self, api: PoliceUkServer, fetched: Fetch, tmp_path: Path) -> None:
        wanted = fetched(0, "norfolk")
        http = replace(wanted.connection, forces="")
        nobody = replace(wanted, sources=tuple(replace(each, connection=http) for each in wanted.sources), forces=())
        with pytest.raises(UsageError, match="nobody says"), HttpClient(http, api.url) as client:
            fetch(nobody, client, lambda _: None)

    @pytest.mark.parametrize("forces", [[], [{"id": "All Forces"}], [{"id": "../norfolk"}], [{"slug": "norfolk"}]])
    def test_a_list_of_forces_that_is_none(self, api: PoliceUkServer, fetched: Fetch, forces: Any) -> None:
        api.other["forces"] = forces
        with pytest.raises(NotAnsweringError, match="no list of forces"):
            fetched()
