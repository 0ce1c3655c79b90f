"""Nights of the announcing step on a real store and a local Slack: what is said, edited, kept silent, remembered."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from checks.commitment import measures
from checks.explanation import Scope
from connectors.settings import Settings
from connectors.slack.answering import Answering
from connectors.slack.send import Slack
from connectors.store.decisions import push_edits
from connectors.store.engine import open_store
from connectors.store.explaining import acknowledge
from connectors.store.figures import record_figures
from connectors.store.tables import announcements, explanations, metadata
from connectors.store.write import add_delivery, add_quarantine, finish_run, start_run
from dags.alerting import alert, decide_and_lay_down, mute
from dags.plan import Plan
from tests.slack_server import Drops, Fails, Holds, Refuses, SlackServer

STANDARD, CHANNEL, DATA = "policing_pledge_2008", "C0123456789", "C0000000DATA"
FIRST = date(2026, 3, 2)
MISS, KEPT, FEW, BLIND = (60, 100, "missed"), (95, 100, "kept"), (3, 5, "too_few"), (0, 0, "cannot_judge")
Row = dict[str, Any]


class Nights:
    """A store whose nights are told to a local Slack; night 1 judges 2 March."""

    def __init__(self, store: str, server: SlackServer, data_channel: str = "") -> None:
        self.store, self.server, self.engine = store, server, open_store(store)
        self.settings = Settings(slack_token=server.token, slack_channel=CHANNEL, slack_data_channel=data_channel)

    def record(
        self, night: int, *figures: Row, run: str = "", fit: bool = True, reason: str = "", input_key: str = ""
    ) -> str:
        run_id = f"night-{night}{run}"
        with self.engine.begin() as conn:
            begun = {"run_id": run_id, "as_at": as_at(night), "started_at": as_at(night), "standards": [STANDARD]}
            start_run(conn, begun)
            record_figures(conn, run_id, figures, lambda row: {"signal": row.get("signal", "")})
            if not run:
                add_delivery(conn, delivery(run_id, night, fit, reason))
            finish_run(conn, run_id, input_key=input_key)
        return run_id

    def say(self, night: int, run: str = "", minutes: int = 0) -> str:
        slack = Slack(self.server.token, self.server.url, timeout=5, interval=0.01)
        return alert(self.plan(night, run), self.settings, as_at(night) + timedelta(minutes=minutes), slack)

    def plan(self, night: int, run: str = "") -> Plan:
        return Plan(f"night-{night}{run}", as_at(night).isoformat(), "", self.store, standards=(STANDARD,))

    def night(self, night: int, *figures: Row, **more: Any) -> str:
        self.record(night, *figures, **more)
        return self.say(night, more.get("run", ""))

    def rows(self, **about: Any) -> list[Row]:
        with self.engine.connect() as conn:
            found = conn.execute(select(announcements).order_by(announcements.c.created_at)).mappings().all()
        return [dict(row) for row in found if about.items() <= dict(row).items()]

    def told(self, channel: str = CHANNEL) -> list[str]:
        """The headlines of the channel, without those of reminders."""
        return [m["text"].splitlines()[0] for m in self.server.posted(channel) if "reminder/" not in key_of(m)]

    def reminded(self) -> list[str]:
        return [m["text"].splitlines()[0] for m in self.server.posted() if "reminder/" in key_of(m)]


def key_of(message: Row) -> str:
    return str(message["metadata"]["event_payload"]["key"])


def as_at(night: int) -> datetime:
    return datetime(FIRST.year, FIRST.month, FIRST.day, 3, tzinfo=UTC) + timedelta(days=night)


def figure(night: int, counts: tuple[int, int, str], measure: str = "answer_999", **more: Any) -> Row:
    met, of, verdict = counts
    said = {"cases": of, "met": met, "missed": of - met, "numerator": met, "denominator": of, "verdict": verdict}
    place = {"force": "norfolk", "area": "", "period": "day", "period_start": FIRST + timedelta(days=night - 1)}
    about = {"standard": STANDARD, "measure": measure, "commitment": measures()[measure].commitment}
    return {**about, **place, **said, "target": 0.9, "minimum_n": 30, **more}


def delivery(run_id: str, night: int, fit: bool, reason: str) -> Row:
    day = as_at(night) - timedelta(days=1)
    about = {"run_id": run_id, "source": "calls", "log": "calls", "force": "norfolk", "sha256": run_id}
    fitness = {"fitness": "fit" if fit else "unfit", "reason": reason}
    days = {"received_at": as_at(night), "covers_from": day, "covers_to": day + timedelta(hours=20)}
    return {"delivery_id": run_id, **about, **fitness, **days}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer(channels=(CHANNEL, DATA)) as running:
        yield running


@pytest.fixture
def nights(tmp_path: Path, server: SlackServer) -> Iterator[Nights]:
    made = Nights(f"sqlite:///{tmp_path}/store.sqlite", server)
    yield made
    made.engine.dispose()


@pytest.fixture
def on_either_store(store_url: str, server: SlackServer) -> Iterator[Nights]:
    made = Nights(store_url, server, DATA)
    yield made
    made.engine.dispose()


def everything(engine: Engine) -> dict[str, list[Row]]:
    with engine.connect() as conn:
        return {name: [dict(r) for r in conn.execute(select(t)).mappings()] for name, t in metadata.tables.items()}


def test_a_miss_its_week_and_its_end(on_either_store: Nights) -> None:
    """Said once, edited in place after a week with a reply in its thread, and resolved once with its duration."""
    nights, server = on_either_store, on_either_store.server
    assert nights.night(1, figure(1, MISS)) == "sent"
    for night in range(2, 9):
        nights.night(night, figure(night, MISS, signal="common_cause"))
    nights.night(9, figure(9, KEPT))
    told = nights.told()
    assert len(told) == 9 and told[0].startswith("Newly missed in Norfolk on Monday 2 March 2026")
    assert "1 promise still missed in Norfolk" in told[7] and "1 promise kept again in Norfolk" in told[8]
    assert not any("Newly" in each for each in told[1:])
    standing = server.posted()[0]
    assert "Kept again – " in standing["text"] and "missed since Monday 2 March 2026: 8 days" in standing["text"]
    replies = [reply["text"] for reply in server.replies(standing["ts"]) if "Still missed" in reply["text"]]
    assert len(replies) == 1 and "(7 days)" in replies[0]
    kinds = Counter(row["kind"] for row in nights.rows(state="sent", measure="answer_999"))
    assert kinds == {"first_miss": 1, "still_missed": 1, "kept_again": 1}
    silent = [row["reason"] for row in nights.rows(state="suppressed")]
    assert silent == [f"said_recently: {n} days before" for n in range(1, 7)]
    (first,) = nights.rows(kind="first_miss")
    assert first["resolved_at"] and first["slack_ts"] == standing["ts"] and first["since"] == FIRST


def test_what_waits_too_long_is_reminded_of_once_a_night(nights: Nights) -> None:
    nights.night(1, figure(1, MISS))
    assert nights.reminded() == []
    nights.night(2, figure(2, MISS, signal="common_cause"))
    assert nights.reminded() == ["1 alert without an answer, 1 of them far too long. Oldest: 24 hours"]
    before = everything(nights.engine)["announcements"]
    nights.record(2, run="-again")
    nights.say(2, "-again", minutes=30)
    assert everything(nights.engine)["announcements"] == before and len(nights.reminded()) == 1
    answer(nights, 1)
    nights.night(3, figure(3, MISS, signal="common_cause"))
    assert len(nights.reminded()) == 1


def answer(nights: Nights, night: int) -> None:
    with nights.engine.begin() as conn:
        day = Scope(measure="answer_999", force="norfolk", day=FIRST + timedelta(days=night - 1))
        acknowledge(conn, day, "U0MANAGER", as_at(night) + timedelta(hours=1), "slack")


ANSWERED = "Acknowledged by <@U0MANAGER>"


def test_an_edit_of_the_night_keeps_the_answers(on_either_store: Nights) -> None:
    nights = on_either_store
    nights.night(1, figure(1, MISS))
    answer(nights, 1)
    nights.night(2, figure(2, KEPT))
    standing = nights.server.posted()[0]
    assert "Kept again – " in standing["text"] and "Answered: 1 acknowledged" in standing["text"]
    assert ANSWERED in json.dumps(standing["blocks"])
    assert ANSWERED not in nights.rows(kind="digest")[0]["payload"], "the wording is kept apart from the answers"


def test_an_answer_given_while_the_night_edits_is_not_undone(nights: Nights) -> None:
    """The listener edits after the night has read what stands there and before its edit arrives."""
    nights.night(1, figure(1, MISS))
    nights.record(2, figure(2, KEPT))
    with nights.engine.begin() as conn:
        decide_and_lay_down(conn, nights.plan(2), nights.settings, as_at(2))
    held = Holds()
    nights.server.next("chat.update", held)
    slack = Slack(nights.server.token, nights.server.url, timeout=5, interval=0.01)
    with ThreadPoolExecutor(1) as pool:
        pushing = pool.submit(push_edits, nights.engine, slack)
        assert held.taken.wait(10)
        answer(nights, 1)
        held.release.set()
        pushing.result()
    standing = nights.server.posted()[0]
    assert "Kept again – " in standing["text"] and ANSWERED in json.dumps(standing["blocks"])


def test_the_listener_keeps_what_the_night_says(nights: Nights) -> None:
    """The night revises and pushes while the listener's edit is on its way."""
    nights.night(1, figure(1, MISS))
    answer(nights, 1)
    nights.record(2, figure(2, KEPT))
    slack = Slack(nights.server.token, nights.server.url, timeout=5, interval=0.01)
    ear = Answering(nights.engine, slack, ("S0DESK",), lambda: as_at(2), threading.Event())
    held = Holds()
    nights.server.next("chat.update", held)
    standing = nights.server.posted()[0]
    with ThreadPoolExecutor(1) as pool:
        editing = pool.submit(ear.show, CHANNEL, standing["ts"], {})
        assert held.taken.wait(10)
        with nights.engine.begin() as conn:
            decide_and_lay_down(conn, nights.plan(2), nights.settings, as_at(2))
        held.release.set()
        editing.result()
    assert "Kept again – " in standing["text"] and ANSWERED in json.dumps(standing["blocks"])


def test_the_same_night_again_adds_nothing(nights: Nights) -> None:
    nights.record(1, figure(1, MISS), figure(1, FEW, "attend_emergency"), fit=False, reason="no header")
    nights.say(1)
    before, posted = everything(nights.engine), dict(nights.server.messages)
    nights.record(1, run="-again")
    for _ in range(2):
        assert nights.say(1, "-again", minutes=30) == "sent"
    after = everything(nights.engine)
    assert len(after.pop("runs")) == len(before.pop("runs")) + 1
    assert after == before and nights.server.messages == posted


def test_what_does_not_alarm_is_remembered_with_its_reason_and_stands_in_the_digest(nights: Nights) -> None:
    nights.night(
        1,
        figure(1, MISS, signal="common_cause"),
        figure(1, (85, 100, "missed"), "answer_non_emergency"),
        figure(1, FEW, "attend_emergency"),
        figure(1, KEPT, "attend_priority"),
    )
    assert Counter(row["reason"] for row in nights.rows(state="suppressed")) == {
        "ordinary_variation": 1, "may_be_chance": 1, "below_minimum_n: 5 cases": 1,
    }  # fmt: skip
    (message,) = nights.server.posted()
    assert message["text"].startswith("No new alarm in Norfolk on Monday 2 March 2026: 1 kept, 2 missed")
    for words in ("60.0 % of 100, promised 90 % (within ordinary variation)", "(may be chance)", "(of too few cases)"):
        assert words in message["text"]
    assert "Why nothing else is said" in message["text"] and "1 as promised" in message["text"]


def test_down_for_two_nights_then_everything_in_order(nights: Nights) -> None:
    nights.server.down()
    assert nights.night(1, figure(1, MISS)) == "failed"
    assert nights.night(2, figure(2, KEPT)) != "sent"
    assert {row["state"] for row in nights.rows(kind="first_miss")} == {"failed"}
    nights.server.up()
    assert nights.night(3, figure(3, KEPT)) == "sent"
    assert [headline.split(" on ")[0] for headline in nights.told()] == [
        "Newly missed in Norfolk", "No new miss", "No new alarm in Norfolk",
    ]  # fmt: skip
    # What was not said yet is said as it stands now.
    assert "Kept again" in nights.server.posted()[0]["text"]
    assert {row["state"] for row in nights.rows()} == {"sent"} and not any(row["edit_due"] for row in nights.rows())


def test_a_run_killed_before_it_announced_is_made_good_by_the_next(nights: Nights) -> None:
    nights.night(1, figure(1, KEPT))
    nights.record(2, figure(2, MISS), figure(1, (50, 100, "missed"), restated_why="late rows"))
    nights.night(3, figure(3, MISS))
    assert [row["period_start"].day for row in nights.rows(kind="first_miss")] == [3]
    (restated,) = nights.rows(kind="restated")
    assert restated["period_start"].day == 2
    assert "was 95.0 % of 100 (kept), now 50.0 % of 100 (missed): late rows" in nights.server.posted()[1]["text"]


def test_killed_after_it_decided_nothing_is_lost(nights: Nights) -> None:
    nights.record(1, figure(1, MISS))
    with nights.engine.begin() as conn:
        decide_and_lay_down(conn, nights.plan(1), nights.settings, as_at(1))
    assert nights.server.posted() == []
    nights.night(2, figure(2, MISS))
    assert [("2 March" in each, "3 March" in each) for each in nights.told()] == [(True, False), (False, True)]


def test_a_dead_feed_is_said_once_to_the_data_channel_and_mutes_the_rest(on_either_store: Nights) -> None:
    nights = on_either_store
    nights.night(1, figure(1, KEPT), figure(1, KEPT, "answer_non_emergency"))
    reason = "41 of 400 rows were quarantined"
    for night in (2, 3):
        blind = [figure(night, BLIND, name) for name in ("answer_999", "answer_non_emergency")]
        nights.night(night, *blind, fit=False, reason=reason)
    assert nights.told(DATA) == ["Data missing or unusable on Tuesday 3 March 2026: calls from Norfolk"]
    silent = Counter(row["reason"].split(":")[0] for row in nights.rows(state="suppressed"))
    assert silent == {"muted_by_feed": 4, "still_blind": 1}
    nights.night(4, figure(4, KEPT), figure(4, KEPT, "answer_non_emergency"))
    assert nights.told(DATA)[1:] == ["Data is back on Thursday 5 March 2026: calls from Norfolk"]
    assert "Data is back" in nights.server.posted(DATA)[0]["text"], "the standing message says so too"
    assert "No promise could be judged" in nights.told()[1] and "No new alarm" in nights.told()[3]
    assert nights.rows(kind="cannot_judge", state="sent")[0]["resolved_at"]


def test_without_a_data_channel_it_is_told_beside_the_promises(nights: Nights) -> None:
    nights.night(1, figure(1, MISS), fit=False, reason="no header")
    (message,) = nights.server.posted()
    assert message["text"].startswith("Newly missed") is False, "a miss by unusable data is muted"
    assert "Unusable data – calls from Norfolk" in message["text"]


def test_more_to_say_on_the_same_day_is_a_second_message(nights: Nights) -> None:
    nights.night(1, figure(1, KEPT))
    nights.record(1, figure(1, (50, 100, "missed"), restated_why="late rows"), run="-later")
    assert nights.say(1, "-later", minutes=60) == "sent"
    keys = [message["metadata"]["event_payload"]["key"] for message in nights.server.posted()]
    assert keys == ["digest/2026-03-02", "digest/2026-03-02/2"]


def test_a_miss_that_was_none_is_corrected_where_it_stands(nights: Nights) -> None:
    nights.night(1, figure(1, MISS))
    nights.night(2, figure(1, KEPT, restated_why="late rows"), figure(2, KEPT))
    assert "not missed after all" in nights.server.posted()[0]["text"]
    assert nights.rows(kind="first_miss")[0]["resolved_at"] and not nights.rows(kind="kept_again")


def test_two_runs_at_once_say_everything_once(on_either_store: Nights) -> None:
    nights = on_either_store
    nights.record(1, figure(1, MISS), fit=False, reason="no header")
    nights.record(1, run="-twin")
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(nights.say, 1, run) for run in ("", "-twin")]
        assert {each.result() for each in done} <= {"sent", "claimed"}
    assert len(nights.told()) == len(nights.told(DATA)) == 1
    assert {row["state"] for row in nights.rows()} == {"sent", "suppressed"}
    assert len({row["key"] for row in nights.rows()}) == len(nights.rows())


@pytest.mark.parametrize("trouble", [Fails(500), Drops(), Drops(taken=True)])
def test_an_edit_that_did_not_reach_slack_is_made_later(nights: Nights, trouble: Fails | Drops) -> None:
    nights.night(1, figure(1, MISS))
    nights.server.next("chat.update", *[trouble] * 3)
    assert nights.night(2, figure(2, KEPT)) == "sent"
    assert nights.rows(kind="digest")[0]["edit_due"]
    nights.night(3, figure(3, KEPT))
    assert "Kept again" in nights.server.posted()[0]["text"] and not nights.rows(kind="digest")[0]["edit_due"]


def test_a_message_that_somebody_deleted_is_not_edited_for_ever(nights: Nights) -> None:
    nights.night(1, figure(1, MISS))
    nights.server.next("chat.update", Refuses("message_not_found"))
    nights.night(2, figure(2, KEPT))
    (first, _) = nights.rows(kind="digest")
    assert not first["edit_due"] and "somebody deleted" in first["last_error"]


PLANTED = ("John Smith", "07700 900123", "john.smith@example.org", "NR1 3JX", "12 Acacia Avenue")


def test_no_personal_value_in_any_payload_log_or_error(nights: Nights, caplog: pytest.LogCaptureFixture) -> None:
    """Planted in every free text of the store: none comes out, said or not."""
    caplog.set_level(logging.DEBUG)
    text = "; ".join(f"“{value}”" for value in PLANTED)
    nights.night(1, figure(1, MISS), figure(1, KEPT, "attend_priority"))
    restated, in_an_area = figure(1, KEPT, restated_why=text), figure(2, MISS, "answer_non_emergency", area=text)
    nights.record(2, restated, in_an_area, fit=False, reason=text)
    with nights.engine.begin() as conn:
        row = {"delivery_id": "night-2", "row_number": 1, "rule": "r", "key": text, "sentence": text}
        add_quarantine(conn, [{**row, "kept_values": {"caller": text}}])
        said = {"breach_id": text, "recorded_at": as_at(2), "reason": text, "text": text, "recorded_by": text}
        conn.execute(insert(explanations).values(said))
    nights.server.next("chat.postMessage", Refuses(text))
    nights.say(2)
    nights.night(3, figure(3, MISS, "answer_non_emergency", area=text), figure(3, KEPT, area=PLANTED[0]))
    whole = json.dumps([nights.server.messages[CHANNEL], [body for _, body in nights.server.calls]], default=str)
    kept = json.dumps([{**row, "area": ""} for row in nights.rows()], default=str)
    assert "Unusable data" in whole and "Corrected afterwards" in whole
    for value in PLANTED:
        assert value not in whole and value not in kept and value not in caplog.text, value


def backfilled(nights: Nights, night: int, *figures: Row, run: str = "-backfill") -> None:
    """A backfill that was killed before it came to announcing."""
    about = {"backfill": "abc 1/1", "reason": "a corrected export"}
    nights.record(night, *figures, run=run, input_key=json.dumps(about))


def muted(nights: Nights, night: int, run: str = "-backfill") -> int:
    plan, later = replace(nights.plan(night, run), reason="a corrected export"), as_at(night) + timedelta(hours=1)
    with nights.engine.begin() as conn:
        return mute(conn, plan, nights.settings, later)


@pytest.mark.parametrize("is_killed", [True, False])
def test_what_a_backfill_changed_is_never_told(on_either_store: Nights, is_killed: bool) -> None:
    nights = on_either_store
    for night in (1, 2):
        nights.night(night, figure(night, KEPT))
    backfilled(nights, 2, figure(1, MISS), figure(2, MISS))
    if not is_killed:
        assert muted(nights, 2) == 2
        before = nights.rows()
        muted(nights, 2)
        assert nights.rows() == before, "tried again it adds nothing"
    nights.night(3, figure(3, MISS))
    kinds = [(row["kind"], row["period_start"]) for row in nights.rows(measure="answer_999", state="sent")]
    assert kinds == [("first_miss", FIRST + timedelta(days=2))]
    kept_back = nights.rows(reason="backfill: a corrected export", measure="answer_999")
    assert [row["kind"] for row in kept_back] == ["restated"] * 2
    assert not any("silence" in json.dumps(each) for each in nights.server.posted())


def test_what_a_killed_night_found_outlives_a_backfill(nights: Nights) -> None:
    nights.night(1, figure(1, KEPT))
    nights.record(2, figure(2, MISS))
    backfilled(nights, 2, figure(1, MISS))
    assert muted(nights, 2) == 1
    assert nights.rows(measure="answer_999", state="sent") == []
    nights.night(3)
    told = [(row["kind"], row["period_start"]) for row in nights.rows(measure="answer_999", state="sent")]
    assert told == [("first_miss", FIRST + timedelta(days=1))]


def test_an_episode_that_a_backfill_ends_is_ended_where_it_was_announced(nights: Nights) -> None:
    nights.night(1, figure(1, MISS))
    backfilled(nights, 1, figure(1, KEPT))
    assert muted(nights, 1) == 1 and len(nights.told()) == 1
    (first,) = nights.rows(kind="first_miss")
    assert first["resolved_at"]
    nights.night(2, figure(2, KEPT))
    assert nights.told()[1].startswith("No new")
    assert [row["kind"] for row in nights.rows(measure="answer_999", state="sent")] == ["first_miss"]
    assert nights.server.count("chat.update") == 1
