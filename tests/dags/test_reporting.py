"""The step that builds the site, and its command."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from checks.errors import UsageError
from connectors.settings import Settings
from connectors.store.engine import open_store
from dags.cli import application
from dags.reporting import folder, report
from tests.connectors.site import recorded
from tests.connectors.site.html_of import Html, dead_links
from tests.connectors.site.recorded import figure


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    return Settings(lake=str(tmp_path / "lake"), store=store_url)


def test_both_databases_make_the_same_site(settings: Settings, tmp_path: Path) -> None:
    recorded.record(settings.store, [figure(), figure("meeting_held", met=13, of=14, unknown=1)])
    built = report(settings, tmp_path / "site")
    assert "periods/2026-04/norfolk.html" in built.written
    assert dead_links(tmp_path / "site") == []
    assert report(settings, tmp_path / "site").written == []
    said = Html(tmp_path / "site" / "periods" / "2026-04" / "norfolk.html").text
    assert "kept one of the two promises that could be judged, and missed one" in said


def test_without_a_finished_run_there_is_no_site(settings: Settings, tmp_path: Path) -> None:
    open_store(settings.store).dispose()
    with pytest.raises(UsageError, match="no run has finished"):
        report(settings, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_outside_the_house_no_small_number_of_persons_is_shown(settings: Settings, tmp_path: Path) -> None:
    small = figure("victim_updated", met=40, of=43, missed=3)
    of_place = figure("meeting_held", met=13, of=14)
    reason = "row 7 names 07700900123"
    recorded.record(
        settings.store, [small, of_place], deliveries=[{"force": "norfolk", "fitness": "unfit", "reason": reason}]
    )
    report(settings, tmp_path / "inside")
    report(settings, tmp_path / "outside", published=True)
    page = Html(tmp_path / "outside" / "periods" / "2026-04" / "norfolk.html").text
    assert "too small a number to be published" in page
    assert "13 of 14" in page
    for path in (tmp_path / "outside").rglob("*.html"):
        text = Html(path).text
        assert "40 of 43" not in text and "93.0 %" not in text and "07700900123" not in text, path
        assert "Published Small numbers about persons are suppressed." in text
    assert "40 of 43" in Html(tmp_path / "inside" / "periods" / "2026-04" / "norfolk.html").text
    with pytest.raises(UsageError, match="never mixed"):
        report(settings, tmp_path / "inside", published=True)


def test_the_site_lies_where_it_is_told_to_or_beside_the_lake(settings: Settings) -> None:
    assert folder(settings) == Path(settings.lake).parent / "site"
    assert folder(replace(settings, site="/srv/pledge")) == Path("/srv/pledge")
    assert folder(replace(settings, lake="s3://bucket/lake")) == Path(".pledge/site")


def test_the_command_says_what_it_did_and_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/pledge.sqlite"
    recorded.record(url, [figure(start=date(2026, 4, 1))])
    monkeypatch.setenv("PLEDGE_SITE", str(tmp_path / "pages"))
    done = CliRunner().invoke(application(), ["report", "--store", url, "--lake", str(tmp_path / "lake")])
    assert done.exit_code == 0
    assert done.stdout == f"{tmp_path}/pages/index.html\n"
    assert "written, 0 unchanged, 0 removed." in done.stderr


def test_a_run_builds_the_site_where_it_is_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = "call_id,force,line,kind,received_at,answered_at,abandoned_at\n"
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "calls.csv").write_text(f"{call}1,norfolk,999,public,2026-04-01T10:00:00Z,2026-04-01T10:00:05Z,\n")
    places = ["--lake", str(tmp_path / "lake"), "--store", f"sqlite:///{tmp_path}/pledge.sqlite"]
    night = ["run", "--input", str(logs), "--as-at", "2026-05-01T05:00:00Z", *places]
    assert CliRunner().invoke(application(), night).exit_code == 0
    assert not (tmp_path / "site").exists()
    monkeypatch.setenv("PLEDGE_SITE", str(tmp_path / "pages"))
    assert CliRunner().invoke(application(), night).exit_code == 0
    assert "Too few cases" in Html(tmp_path / "pages" / "periods" / "2026-04" / "norfolk.html").text


def test_figures_of_another_standard_stand_beside(settings: Settings, tmp_path: Path) -> None:
    other = figure("message_answered", met=30, of=31, standard="neighbourhood_policing_guarantee_2025")
    recorded.record(settings.store, [figure("message_answered", met=20, of=31), other])
    report(settings, tmp_path / "site")
    page = Html(tmp_path / "site" / "periods" / "2026-04" / "norfolk.html").text
    assert "The same cases by other standards" in page
    assert "Neighbourhood Policing Guarantee" in page and "96.8 % of 31" in page


def test_a_store_judged_by_another_standard_shows_that_one(settings: Settings, tmp_path: Path) -> None:
    other = "neighbourhood_policing_guarantee_2025"
    recorded.record(settings.store, [figure("message_answered", met=31, of=31, standard=other)], standards=[other])
    report(settings, tmp_path / "site")
    page = Html(tmp_path / "site" / "periods" / "2026-04" / "norfolk.html").text
    assert "Norfolk Constabulary kept the one promise that could be judged" in page
    assert "Judged by Neighbourhood Policing Guarantee" in page
