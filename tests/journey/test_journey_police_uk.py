"""`--source police_uk` as its users run it, against a local server with the sample answers of data.police.uk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.lake.tables import Lake
from connectors.sources import description as descriptions
from tests.journey.pledge import Pledge, Said, one
from tests.police_uk_server import SAMPLES, PoliceUkServer
from tests.slack_server import Fails, Limits

SHIPPED = Path(descriptions.__file__).with_name("descriptions") / "police_uk"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the public files of ../shared/data are not here")
# Only what is there now can be fetched: the nights of these tests are ten hours apart, the third is now.
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=30)


def night(number: int) -> str:
    return (BEGAN + timedelta(hours=10 * number)).isoformat()


@pytest.fixture
def server() -> Iterator[PoliceUkServer]:
    with PoliceUkServer() as server:
        for own in server.places.values():
            for place in own.values():  # of this month, so that no month since 2011 is judged
                place["events"] = [{**each, "start_date": f"{BEGAN:%Y-%m-%d}T18:30:00"} for each in place["events"]]
        yield server


@pytest.fixture
def desk(pledge: Pledge, server: PoliceUkServer, monkeypatch: pytest.MonkeyPatch) -> Pledge:
    """A copy of the shipped description that asks the local server, as fast as it can."""
    shutil.copytree(SHIPPED, pledge.folder / "sources" / "police_uk")
    shared = pledge.folder / "sources" / "police_uk" / "connection.yaml"
    stated = shared.read_text("utf-8").replace("https://data.police.uk/api/", server.url)
    shared.write_text(stated.replace("requests_per_second: 10 ", "requests_per_second: 10000 "), "utf-8")
    monkeypatch.setenv("PLEDGE_SOURCES", str(pledge.folder / "sources"))
    return pledge


def run(desk: Pledge, number: int, *more: str, source: str = "police_uk") -> Said:
    return desk("run", "--source", source, "--as-at", night(number), "--format", "json", *more)


def held(desk: Pledge, log: str, columns: str = "count(*)") -> list[tuple[Any, ...]]:
    lake = Lake(str(desk.lake))
    files = lake.files(log, lake.versions()[log])
    query = f"select {columns} from read_parquet({files}, hive_partitioning = true, union_by_name = true) order by 1"
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        return con.execute(query).fetchall()


def test_a_night_brings_what_is_published_and_a_second_says_nothing_new(desk: Pledge, server: PoliceUkServer) -> None:
    said = run(desk, 3)
    assert said.code == 0, said.err
    places = [place for own in server.places.values() for place in own.values()]
    counts = {
        "neighbourhoods": len(places),
        "team_pages": len(places),
        "meetings": sum(len(p["events"]) for p in places),
    }
    assert {row["log"]: row["rows_admitted"] for row in desk.tables()["deliveries"]} == counts
    assert {log: held(desk, log)[0][0] for log in counts} == counts
    assert set(desk.states("team_page_current").values()) == {"timed", "unknown"}
    assert set(desk.states("meeting_held").values()) <= {"unknown", "pending"}, "advertised is not held, nor missed"

    before, versions, asked = desk.tables(), desk.versions(), len(server.asked)
    server.places["leicestershire"].clear()
    assert run(desk, 3).code == 0
    after = desk.tables()
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert (after, desk.versions(), len(server.asked)) == (before, versions, asked)

    path = next((desk.folder / "fetched").rglob("team_pages.jsonl"))
    said = desk("check", "team_pages", str(path), "--source", "police_uk", "--as-at", night(3))
    assert (said.code, "5 rows read, 0 would be quarantined; fit" in said.err) == (0, True), said.err
    again = Pledge(desk.folder / "again")
    assert run(again, 3, source=f"police_uk={path.parent}").code == 0
    assert {log: held(again, log)[0][0] for log in counts} == counts, "a fetch kept can be read again without the API"


def test_a_dry_run_reads_all_of_it_and_stores_nothing(desk: Pledge, server: PoliceUkServer) -> None:
    server.places["metropolitan"]["00ABGA"]["events"] += [{"title": "Tea", "type": "fair", "start_date": None}]
    said = desk("check", "--source", "police_uk", "--force", "metropolitan", "--format", "json")
    assert said.code == 0, said.err
    assert {(row["log"], row["rule"]) for row in said.rows} == {
        ("meetings", "value_set:kind"), ("meetings", "required:starts_at"),
    }  # fmt: skip
    assert "2 rows read, 0 would be quarantined; fit" in said.err
    assert not any(path.startswith("leicestershire") for path in server.paths())
    assert {path.name for path in desk.folder.iterdir()} == {"logs", "sources"}


def test_one_that_does_not_answer_withdraws_nothing_and_one_that_changes_is_followed(
    desk: Pledge, server: PoliceUkServer
) -> None:
    assert run(desk, 1).code == 0
    before = {log: held(desk, log) for log in ("neighbourhoods", "team_pages", "meetings")}
    server.next("metropolitan/00BKX6/people", Limits(3600))
    said = run(desk, 2)
    assert said.code == 1, said.err
    assert "police_uk: not fetched." in said.err and "3600 seconds" in said.err
    unfit = [row for row in desk.tables()["deliveries"] if row["fitness"] == "unfit"]
    assert {row["log"] for row in unfit} == set(before) and not any(row["rows_read"] for row in unfit)
    assert {log: held(desk, log) for log in before} == before

    del server.places["leicestershire"]["NC05"]
    server.places["leicestershire"]["NC07"] = server.places["leicestershire"]["NC06"]
    assert run(desk, 3).code == 0
    found = held(desk, "neighbourhoods", "neighbourhood, name, active_from::varchar, active_to::varchar")
    closed = one(row for row in found if row[0] == "NC05")
    opened = one(row for row in found if row[0] == "NC07")
    assert closed[1:3] == ("Leake & Keyworth", "1990-01-01 00:00:00+00") and closed[3].startswith(night(3)[:10])
    assert opened[2].startswith(night(3)[:10]) and opened[3] is None
    assert len(found) == 6
    assert held(desk, "team_pages")[0][0] == 10, "no page of a closed one is checked"


def test_one_that_was_never_reached_is_for_whoever_connects_it(desk: Pledge, server: PoliceUkServer) -> None:
    server.next("forces", Fails(401), Limits(3600))
    refused = run(desk, 3)
    assert (refused.code, "HTTP 401" in refused.sentence, desk.tables()["deliveries"]) == (2, True, [])
    late = run(desk, 3)
    assert (late.code, "3600 seconds" in late.sentence) == (3, True)
    asked = len(server.asked)
    said = run(desk, -30)
    assert (said.code, len(server.asked)) == (0, asked), "a night of long ago is not made up from today"
    assert "it would answer of today" in said.err


def test_another_address_and_places_that_are_none(desk: Pledge, server: PoliceUkServer) -> None:
    with PoliceUkServer() as other:
        del other.places["leicestershire"]
        assert run(desk, 3, source=f"police_uk={other.url}").code == 0
    assert held(desk, "neighbourhoods", 'distinct "force"') == [("metropolitan",)]
    for place, said in {
        "http://example.com/api": "http:// to example.com",
        "https://user:s3cret@example.com/": "user or password",
        str(desk.folder / "nowhere"): "no such folder",
        str(desk.folder / "sources"): "no file of police_uk is in it",
    }.items():
        refused = run(desk, 3, source=f"police_uk={place}")
        assert (refused.code, said in refused.sentence, "s3cret" in refused.err) == (2, True, False), refused.err
    refused = run(desk, 3, source="boston_311=https://example.com/")
    assert (refused.code, "no connection" in refused.sentence) == (2, True)
