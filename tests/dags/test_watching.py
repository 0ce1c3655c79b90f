"""The watch on a real lake, store and local Slack: what is listed, edited, settled; once, whatever crashes or races."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from checks.errors import UsageError
from connectors.settings import Settings
from connectors.slack.send import Slack
from connectors.store.engine import open_store
from connectors.store.tables import announcements, at_risk, runs, verdicts
from connectors.store.write import add_delivery
from dags import steps
from dags.plan import new_plan
from dags.watching import Seen, watch, within_hours
from tests.journey.logs import write
from tests.slack_server import Drops, SlackServer

CHANNEL = "C0123456789"
NIGHT = datetime(2026, 3, 3, 6, tzinfo=UTC)
Row = dict[str, str]


def message(message_id: str, at: str, responded_at: str = "", **more: str) -> Row:
    row = {"message_id": message_id, "force": "norfolk", "area": "north", "neighbourhood": "N1", "channel": "email"}
    row |= {"kind": "public", "received_at": at, "opened_at": "", "reply_needed": "true", "auto_reply_at": ""}
    row |= {"responded_at": responded_at, "detail_promised_for": "", "detail_sent_at": "", "duplicate_of": ""}
    return row | more


class Watched:
    """A lake whose newest messages are those last delivered, and the watch over it."""

    def __init__(self, folder: Path, server: SlackServer) -> None:
        self.folder, self.server, self.nights = folder, server, 0
        self.settings = Settings(
            lake=str(folder / "lake"),
            store=f"sqlite:///{folder / 'store.sqlite'}",
            slack_token=server.token,
            slack_channel=CHANNEL,
        )

    def deliver(self, *messages: Row, at: str = "06:00", **others: list[Row]) -> None:
        """What an admission leaves, without judging or recording."""
        self.nights += 1
        delivered = self.folder / f"in-{self.nights}"
        delivered.mkdir()
        for log, rows in {**({"messages": list(messages)} if messages else {}), **others}.items():
            write(delivered, log, rows)
        now = datetime.fromisoformat(f"2026-03-03T{at}:00+00:00") + timedelta(seconds=self.nights)
        plan = steps.start(new_plan(self.settings, now, now, input=str(delivered)), self.settings)
        steps.admit(plan, self.settings)
        steps.fail(plan)

    def look(self, at: str, **more: Any) -> Seen:
        as_at = datetime.fromisoformat(f"2026-03-03T{at}:00+00:00")
        slack = Slack(self.server.token, self.server.url, timeout=5, interval=0.01)
        seen = watch(self.settings, as_at, more.pop("now", as_at), slack=slack, **more)
        assert seen is not None
        return seen

    def rows(self, table: Any = at_risk) -> list[dict[str, Any]]:
        with open_store(self.settings.store).connect() as conn:
            return [dict(row) for row in conn.execute(select(table)).mappings()]

    def outcomes(self) -> dict[str, str]:
        return {row["case_id"]: row["outcome"] for row in self.rows()}

    def text(self, number: int = -1) -> str:
        return str(self.server.posted()[number]["text"])


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with SlackServer() as server:
        yield Watched(tmp_path, server)


DISSATISFIED = dict.fromkeys(
    (
        "neighbourhood", "became_aware_at", "acknowledged_at", "handling_discussed_at", "in_person_offered_at",
        "plan_agreed_at", "plan_due_at", "plan_done_at", "duplicate_of", "closed_at",
    ),
    "",
)  # fmt: skip
SOON, LATER, ANSWERED = (
    message("m1", "2026-03-02T10:00:00Z"),
    message("m2", "2026-03-02T13:00:00Z"),
    message("m3", "2026-03-02T09:00:00Z", "2026-03-02T09:30:00Z"),
)


def test_a_case_comes_on_the_list_is_saved_and_leaves_it_in_one_message(watched: Watched) -> None:
    watched.deliver(SOON, LATER, ANSWERED)
    seen = watched.look("06:30")
    assert [clock.case_id for clock in seen.clocks] == ["m1"]  # m2 is due in more than four hours
    assert "1 open case runs out soon, the first by 10:00 (Norfolk)" in watched.text()
    watched.look("09:15")
    assert "2 open – m1 by 10:00, m2 by 13:00" in watched.text()
    watched.deliver({**SOON, "responded_at": "2026-03-03T09:20:00Z"}, at="09:25")
    watched.look("09:30")
    assert "1 open – m2 by 13:00" in watched.text() and "Saved in time: 1 today, 0 yesterday" in watched.text()
    watched.deliver({**LATER, "responded_at": "2026-03-03T13:00:00Z"}, at="13:05")  # at the exact limit
    watched.look("13:15")
    assert "Nothing is at risk" in watched.text() and "Saved in time: 2 today" in watched.text()
    assert watched.outcomes() == {"m1": "saved", "m2": "saved"}
    assert len(watched.server.posted()) == 1 and watched.server.count("chat.postMessage") == 1


def test_what_runs_out_counts_as_missed_until_a_late_record_says_otherwise(watched: Watched) -> None:
    watched.deliver(SOON)
    watched.look("06:30")
    watched.look("10:15")
    assert watched.outcomes() == {"m1": "missed"}
    assert "Ran out all the same: 1 today" in watched.text()
    watched.deliver({**SOON, "responded_at": "2026-03-03T09:59:59Z"}, at="10:20")
    watched.look("10:30")
    assert watched.outcomes() == {"m1": "saved"}
    assert "Saved in time: 1 today" in watched.text() and "Ran out" not in watched.text()


def test_met_before_it_was_listed_is_not_saved_and_what_is_withdrawn_is_gone(watched: Watched) -> None:
    watched.deliver(SOON, message("m4", "2026-03-02T08:00:00Z"))
    watched.look("06:30")
    watched.deliver(
        {**SOON, "responded_at": "2026-03-02T11:00:00Z"}, message("m4", "2026-03-02T08:00:00Z", kind="test")
    )
    watched.look("06:45")
    assert watched.outcomes() == {"m1": "gone", "m4": "gone"}
    assert "Saved in time: 0 today" in watched.text()


def test_nothing_is_recorded_but_the_list_and_twice_is_once(watched: Watched) -> None:
    watched.deliver(SOON)
    before = watched.rows(runs), watched.rows(verdicts)
    watched.look("06:30")
    listed, said = watched.rows(), watched.rows(announcements)
    calls = watched.server.count("chat.update")
    watched.look("06:30")
    assert (watched.rows(runs), watched.rows(verdicts)) == before
    assert watched.rows() == listed and watched.rows(announcements) == said
    assert watched.server.count("chat.update") == calls


def test_nothing_at_risk_says_nothing_at_all(watched: Watched) -> None:
    watched.deliver(ANSWERED)
    assert watched.look("06:30").clocks == ()
    assert watched.server.posted() == [] and watched.rows(announcements) == []


def test_a_new_message_only_when_the_old_one_is_old(watched: Watched) -> None:
    watched.deliver(SOON, message("m5", "2026-03-02T23:00:00Z"))
    watched.look("06:30")
    watched.look("18:29")
    assert len(watched.server.posted()) == 1
    watched.look("18:30")  # twelve hours later, but nothing to say: no new message
    assert len(watched.server.posted()) == 1 and "Nothing is at risk" in watched.text()
    watched.look("19:00")
    assert len(watched.server.posted()) == 2
    assert "this list has ended" in watched.text(0) and "m5 by 23:00" in watched.text(1)


def test_a_list_somebody_deleted_is_begun_anew(watched: Watched) -> None:
    watched.deliver(SOON, LATER)
    watched.look("06:30")
    watched.server.messages[CHANNEL].clear()
    watched.look("06:45")
    watched.look("07:00")
    assert len(watched.server.posted()) == 1 and "m1 by 10:00" in watched.text()


def test_two_watches_at_once_and_a_lost_answer_leave_one_message(watched: Watched) -> None:
    watched.deliver(SOON, LATER)
    watched.server.next("chat.postMessage", Drops(taken=True))
    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(watched.look, "06:30") for _ in range(2)]:
            each.result()
    assert len(watched.server.posted()) == 1
    assert [row["state"] for row in watched.rows(announcements)] == ["sent"]
    assert len(watched.rows()) == 1


def test_killed_between_post_and_mark_the_next_watch_finds_the_message_and_edits_it(watched: Watched) -> None:
    watched.deliver(SOON, LATER)
    watched.look("06:30")
    with open_store(watched.settings.store).begin() as conn:  # what such a kill leaves
        conn.execute(update(announcements).values(state="claimed", slack_ts="", sent_at=None))
    watched.look("06:40")  # the claim may still be somebody's
    assert len(watched.server.posted()) == 1 and "m2" not in watched.text()
    watched.look("09:15")
    assert len(watched.server.posted()) == 1 and "m1 by 10:00, m2 by 13:00" in watched.text()
    (row,) = watched.rows(announcements)
    assert row["state"] == "sent" and row["slack_ts"] == watched.server.posted()[0]["ts"]


def test_slack_down_loses_nothing_and_the_newest_list_is_what_is_said(watched: Watched) -> None:
    watched.deliver(SOON, LATER)
    watched.server.down()
    watched.look("06:30")
    assert watched.server.posted() == [] and watched.outcomes() == {"m1": ""}
    watched.server.up()
    watched.look("09:15")
    assert len(watched.server.posted()) == 1 and "m1 by 10:00, m2 by 13:00" in watched.text()
    assert not any(row["edit_due"] for row in watched.rows(announcements)) or watched.look("09:15")


def test_a_dead_or_unfit_feed_is_no_risk(watched: Watched) -> None:
    watched.deliver(SOON)
    watched.look("06:30")
    run_id = max(row["run_id"] for row in watched.rows(runs))
    with open_store(watched.settings.store).begin() as conn:
        told = {"run_id": run_id, "sha256": "x", "rows_read": 9}
        about = {"delivery_id": "d", "source": "messages", "log": "messages", "force": "norfolk", "fitness": "unfit"}
        add_delivery(conn, {**told, **about, "received_at": NIGHT + timedelta(hours=1), "reason": "too many refused"})
    seen = watched.look("10:15")
    assert seen.clocks == () and seen.blind == (("norfolk", "messages"),)
    assert watched.outcomes() == {"m1": ""}  # nobody can know
    assert "Not watched, because the data is absent or unfit: messages of Norfolk." in watched.text()


@pytest.mark.parametrize("damage", ["cut", "gone", "spoilt inside", "its table"])
def test_a_damaged_file_blinds_its_log_and_force_only(watched: Watched, damage: str) -> None:
    elsewhere = message("m9", "2026-03-02T10:30:00Z", force="suffolk")
    watched.deliver(SOON, elsewhere)
    with_case = {"complaint_id": "d1", "force": "norfolk", "area": "north", "reported_at": "2026-03-02T10:20:00Z"}
    watched.deliver(at="06:10", dissatisfactions=[DISSATISFIED | with_case])
    assert {clock.case_id for clock in watched.look("09:00").clocks} == {"m1", "m9", "d1"}
    [file] = (Path(watched.settings.lake) / "messages").glob("force=norfolk/**/*.parquet")
    spoil(file, damage)
    seen = watched.look("10:45")
    about = ("all" if damage == "its table" else "norfolk", "messages")
    assert seen.damaged == (about,) and seen.blind == ()
    assert watched.outcomes()["m1"] == ""  # nobody can know
    assert watched.outcomes()["d1"] == "missed"
    assert watched.outcomes()["m9"] == ("" if damage == "its table" else "missed")
    assert "Not watched, because files of the lake cannot be read: messages of" in watched.text()


def spoil(file: Path, damage: str) -> None:
    if damage == "gone":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-20])
    elif damage == "spoilt inside":
        content = file.read_bytes()
        file.write_bytes(content[:4] + b"\xff" * 200 + content[204:])
    else:
        next((file.parents[2] / "_delta_log").glob("*.json")).write_text("{", "utf-8")


def test_out_of_time_changes_nothing(watched: Watched) -> None:
    watched.deliver(SOON)
    slack = Slack(watched.server.token, watched.server.url)
    assert watch(watched.settings, NIGHT, NIGHT, seconds=0, slack=slack) is None
    assert watched.rows() == [] and watched.server.calls == []


def test_without_slack_the_list_is_kept_all_the_same(watched: Watched) -> None:
    watched.deliver(SOON)
    watched.settings = replace(watched.settings, slack_token="")
    watched.look("06:30")
    assert watched.outcomes() == {"m1": ""} and watched.rows(announcements) == []


def test_one_horizon_for_all_by_hand(watched: Watched) -> None:
    watched.deliver(SOON, LATER)
    assert len(watched.look("06:30", within=within_hours("24")).clocks) == 2
    assert within_hours("") is None and within_hours("1.5") == timedelta(hours=1.5)


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan", "inf", "10000"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no number of hours"):
        within_hours(text)
