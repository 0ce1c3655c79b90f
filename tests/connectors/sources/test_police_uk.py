"""`police_uk` over the sample answers of data.police.uk: as much as Python's json module counts in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from connectors.sources import description as descriptions
from connectors.sources.description import described
from connectors.sources.http.client import HttpClient
from connectors.sources.http.connection import HttpConnection
from connectors.sources.http.fetch import fetch
from connectors.sources.http.wanted import HttpWanted
from tests.connectors.sources.reading import SHARED, staged
from tests.police_uk_server import PoliceUkServer, sample

SHIPPED = Path(descriptions.__file__).with_name("descriptions")
AS_AT = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the public files of ../shared/data are not here")


class Logs:
    """The three logs as the lake would get them."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._tries = folder, 0

    def read(self, server: PoliceUkServer) -> dict[str, pd.DataFrame]:
        self._tries += 1
        folder = self._folder / str(self._tries)
        sources = described("police_uk", [SHIPPED])
        assert isinstance(sources[0].connection, HttpConnection)
        quick = tuple(
            replace(each, connection=replace(sources[0].connection, requests_per_second=10_000.0)) for each in sources
        )
        wanted = HttpWanted(quick, server.url, (), AS_AT, folder)
        with HttpClient(wanted.connection, server.url, sleep=lambda _: None) as client:
            fetch(wanted, client, lambda _: None)
        return {each.log: staged(wanted.file(each.log), each, folder / each.log) for each in quick}


@pytest.fixture
def server() -> Iterator[PoliceUkServer]:
    with PoliceUkServer() as server:
        yield server


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


def published(server: PoliceUkServer) -> dict[tuple[str, str], dict[str, Any]]:
    """Everything the server publishes, by force and neighbourhood: what is counted with nothing but json."""
    found = json.loads(json.dumps(server.places))
    return {(force, name): place for force, own in found.items() for name, place in own.items()}


def by_place(frame: pd.DataFrame, column: str) -> dict[tuple[str, str], Any]:
    return {(row.force, row.neighbourhood): getattr(row, column) for row in frame.itertuples()}


def test_as_many_of_everything_as_are_published(server: PoliceUkServer, logs: Logs) -> None:
    places, found = published(server), logs.read(server)
    assert len(found["neighbourhoods"]) == len(places) == 5
    assert len(found["team_pages"]) == len(places)
    assert len(found["meetings"]) == sum(len(place["events"]) for place in places.values()) == 3
    assert by_place(found["team_pages"], "officers_named") == {
        where: sum(bool(person["name"]) for person in place["people"]) for where, place in places.items()
    }
    assert by_place(found["team_pages"], "contact_methods") == {
        where: sum(bool(way) for way in place["page"]["contact_details"].values()) for where, place in places.items()
    }
    assert by_place(found["team_pages"], "base_given") == {
        where: any(each["address"] or each["postcode"] for each in place["page"]["locations"])
        for where, place in places.items()
    }
    troubles = [column for frame in found.values() for column in frame if column.endswith("__trouble")]
    assert not any(frame[c].notna().any() for frame in found.values() for c in troubles if c in frame)


def test_the_newest_change_is_that_of_the_priorities(server: PoliceUkServer, logs: Logs) -> None:
    def newest(place: dict[str, Any]) -> str:
        dates = [each[key] for each in place["priorities"] for key in ("issue-date", "action-date") if each[key]]
        return max(dates, default="")

    wanted = {where: newest(place) for where, place in published(server).items()}
    changed = by_place(logs.read(server)["team_pages"], "last_changed_at")
    told = {
        where: "" if pd.isna(each) else each.tz_convert("Europe/London").strftime("%Y-%m-%dT%H:%M:%S")
        for where, each in changed.items()
    }
    assert told == wanted
    assert set(wanted.values()) >= {"", "2019-01-14T00:00:00", "2015-12-22T00:00:00", "2016-04-14T00:00:00"}


def test_neighbourhoods_by_their_names_as_one_reads_them(server: PoliceUkServer, logs: Logs) -> None:
    found = logs.read(server)["neighbourhoods"]
    assert by_place(found, "name") == {
        ("leicestershire", "NC04"): "City Centre",
        ("leicestershire", "NC05"): "Leake & Keyworth",
        ("leicestershire", "NC06"): "City Centre",
        ("metropolitan", "00ABGA"): "Chadwell Heath",
        ("metropolitan", "00BKX6"): "Chadwell Heath",
    }
    assert set(found["active_from"]) == {pd.Timestamp("1990-01-01", tz="UTC")}
    assert found["active_to"].isna().all()


def test_meetings_start_by_the_local_clock(server: PoliceUkServer, logs: Logs) -> None:
    server.places["leicestershire"]["NC04"]["events"] = [
        {"type": kind, "title": title, "start_date": start}
        for kind, title, start in [
            ("meeting", "Beat meeting", "2026-07-02T19:00:00"),
            ("meeting", "Beat meeting", "2026-07-02T19:00:00+00:00"),
            ("event", "Street briefing, High Street", "2026-12-02T19:00:00"),
            ("event", "Mobile police station", "2026-12-03T10:00:00"),
            (None, "Drop-in surgeries", "2026-12-03T10:00:00"),
        ]
    ]
    found = logs.read(server)["meetings"]
    own = found[found["neighbourhood"] == "NC04"]
    assert [(row.kind, row.starts_at.isoformat()) for row in own.itertuples()] == [
        ("meeting", "2026-07-02T18:00:00+00:00"),
        ("meeting", "2026-07-02T19:00:00+00:00"),
        ("street_briefing", "2026-12-02T19:00:00+00:00"),
        ("mobile_station", "2026-12-03T10:00:00+00:00"),
        ("surgery", "2026-12-03T10:00:00+00:00"),
    ]
    assert "held" not in found and own["meeting_id"].is_unique


def test_two_meetings_alike_are_two(server: PoliceUkServer, logs: Logs) -> None:
    one = sample("PoliceUK.NET_NeighbourhoodEvents.Multiple")[0]
    server.places = {"leicestershire": {"NC04": server.places["leicestershire"]["NC04"]}}
    server.places["leicestershire"]["NC04"]["events"] = [one, {**one, "address": "elsewhere"}]
    assert list(logs.read(server)["meetings"]["meeting_id"]) == [
        "NC04/2011-11-02T10:00:00/surgery", "NC04/2011-11-02T10:00:00/surgery/2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "answer", "log", "column"),
    [
        ("events", [{"type": "meeting", "title": "Beat meeting", "start_date": "after tea"}], "meetings", "starts_at"),
        ("events", [{"type": "fair", "title": "Tea", "start_date": "2026-12-01T10:00:00"}], "meetings", "kind"),
        ("events", None, "meetings", "kind"),
        ("people", None, "team_pages", "officers_named"),
        ("page", None, "team_pages", "contact_methods"),
        ("priorities", None, "team_pages", "last_changed_at"),
        ("priorities", [{"issue-date": "soon", "action-date": None}], "team_pages", "last_changed_at"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_taken_for_nothing(
    server: PoliceUkServer, logs: Logs, part: str, answer: Any, log: str, column: str
) -> None:
    name = "NC04"
    server.places = {"leicestershire": {name: server.places["leicestershire"][name]}}
    server.other["leicestershire/neighbourhoods"] = [{"id": name, "name": "Castle"}]
    server.places["leicestershire"][name][part] = answer
    row = logs.read(server)[log].iloc[0]
    # A kind that is not in its set is refused by the fitness suite; everything else at the typing door.
    assert str(row[column]).startswith("!unreadable") or isinstance(row[f"{column}__trouble"], str)


def test_a_page_without_a_date_or_a_team_is_told_so(server: PoliceUkServer, logs: Logs) -> None:
    place = server.places["leicestershire"]["NC04"]
    place["people"] = [{"name": None, "rank": "PC"}, {"name": " ", "rank": None}]
    place["priorities"] = [{"issue-date": None, "action-date": "2026-11-22T00:00:00"}]
    place["page"] = {"name": None, "contact_details": None}
    found = logs.read(server)["team_pages"]
    row = found[found["neighbourhood"] == "NC04"].iloc[0]
    assert (row["officers_named"], row["contact_methods"], bool(row["base_given"])) == (0, 0, False)
    assert pd.isna(row["last_changed_at"]), "a date ahead of the check is a plan, no change"
    assert row["checked_at"] == pd.Timestamp(AS_AT)
