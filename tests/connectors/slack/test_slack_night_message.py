"""The night's message as a channel gets it: golden files for every kind, for few and many, and for hostile names.

`PLEDGE_WRITE_GOLDEN=1 pytest tests/connectors/slack/test_slack_night_message.py` writes the files anew: read them.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from checks.changes import Change, Judged, Kind, Promise, Reason
from checks.statistics import wilson
from connectors.slack.blocks import Message, revised
from connectors.slack.lines import line_of, revised_line
from connectors.slack.night import Item, Night, Told
from connectors.slack.night_message import headline, night_message, replies, thread_reply
from tests.connectors.slack.test_slack_message import AS_AT, BAD, BLIND, DAY, QUIET, TITLES
from tests.slack_limits import fault

GOLDEN = Path(__file__).parent / "golden"
CHANNEL = "C0123456789"


def judged(met: int, of: int, verdict: str = "missed", start: date = DAY, **more: Any) -> Judged:
    low, high = wilson(met, of) if of else (None, None)
    said = {"target": 0.9, "rate_low": low, "rate_high": high, "signal": "special_cause_concerning"}
    return Judged(start, verdict, met, of, **{**said, **more})


def item(kind: Kind, figure: Judged, measure: str = "answer_999", **more: Any) -> Item:
    title, commitment, _, limit = TITLES[measure]
    change = {name: more.pop(name) for name in ("since", "before", "closes") if name in more}
    item = {name: more.pop(name) for name in ("owner", "standard", "title", "limit") if name in more}
    place = {"force": "norfolk", "severity": "high", "logs": ("calls",), **more}
    promise = Promise("policing_pledge_2008", measure, commitment=commitment, **place)
    told = Change(kind, promise, figure, **{"since": figure.period_start, **change})
    area = f"/{promise.area}" if promise.area else ""
    key = f"{CHANNEL}/{kind}/{measure}/{promise.force}{area}/{promise.period}/{figure.period_start}"
    return Item(key, told, **{"title": title, "limit": limit, **item})


def feed(kind: Kind, state: str, why: str = "", force: str = "norfolk", log: str = "calls", **more: Any) -> Item:
    promise = Promise("", "", force, severity="high", log=log)
    change = Change(kind, promise, Judged(DAY, "cannot_judge", signal=state, why=why), date(2026, 10, 31), **more)
    titles = tuple(title for title, *_ in TITLES.values())
    return Item(f"{CHANNEL}/{kind}/{force}/{log}", change, log, mutes=titles[:5])


NEW = item(Kind.FIRST_MISS, judged(1049, 1204, unknown=18), owner="Control room")
LYNN = item(Kind.FIRST_MISS, judged(149, 210), area="King's Lynn")
ALONE = item(Kind.FIRST_MISS, judged(60, 90), "attend_priority", area="Breckland")
NO_CHART = item(Kind.FIRST_MISS, judged(50, 80, signal="no_limits"), "attend_emergency")
EVERY = item(Kind.FIRST_MISS, judged(67, 70, target=1.0), "eta_emergency")
MONTH = item(Kind.FIRST_MISS, judged(27_000, 31_000, start=date(2026, 10, 1)), period="month")
STILL = item(Kind.STILL_MISSED, judged(1000, 1180), since=date(2026, 10, 26))
KEPT = item(Kind.KEPT_AGAIN, judged(1130, 1204, "kept"), "answer_non_emergency", since=date(2026, 10, 29), closes=True)
BLINDED = item(Kind.CANNOT_JUDGE, judged(0, 0, "cannot_judge"), "appointment_kept", severity="medium")
RESTATED = item(
    Kind.RESTATED,
    judged(1000, 1130, start=date(2026, 11, 1), why="late or corrected rows were delivered"),
    before=judged(1000, 1100, "kept", date(2026, 11, 1)),
)
AT_RISK = item(Kind.AT_RISK, judged(0, 7), "advice_given")
UNFIT = feed(Kind.CANNOT_JUDGE, "unfit", "41 of 400 rows were quarantined")
SILENT = feed(Kind.CANNOT_JUDGE, "silent", force="kent", log="incidents")
BACK = feed(Kind.KEPT_AGAIN, "fit", closes=True)
SILENCES = {
    Reason.AS_PROMISED: 41, Reason.MAY_BE_CHANCE: 1, Reason.BELOW_MINIMUM_N: 1, Reason.SAID_RECENTLY: 2,
    Reason.NEVER_JUDGED: 6,
}  # fmt: skip
QUIET_MISSES = tuple((figure, Reason.MAY_BE_CHANCE) for figure in BAD.figures if figure.measure == "attend_emergency")
FEW = Told(BAD, (NEW, LYNN, KEPT, RESTATED), (STILL,), QUIET_MISSES, SILENCES)


def of_force(each: Item, force: str) -> Item:
    change = replace(each.change, promise=replace(each.change.promise, force=force))
    return replace(each, key=f"{each.key}/{force}", change=change)


FORCES = ("norfolk", "kent", "west-mercia", "avon-and-somerset")
EACH = tuple(of_force(each, force) for force in FORCES for each in (NEW, NO_CHART, EVERY, KEPT, RESTATED))
MANY = Told(BAD, EACH, (STILL,), QUIET_MISSES, SILENCES)
NASTY_NAMES = ("<!channel>", "<b onmouseover=alert(1)>R&D</b>", "x" * 300, "a *b* _c_ `d` |e|\n<@U0123456>")
BAD_NAMES = [
    item(Kind.FIRST_MISS, judged(1, 90), force=name, area=name, owner=name, title=name, limit=name)
    for name in NASTY_NAMES
]
BAD_FEED = feed(Kind.CANNOT_JUDGE, "unfit", *NASTY_NAMES[:3])
HOSTILE = Told(replace(BAD, link="https://pledge.example/|<!channel>"), (*BAD_NAMES, BAD_FEED))
ALONE_IN = {"night": Night("run-0042", AS_AT, DAY, ()), "is_digest": False}
TOLD = {
    "first_miss": Told(items=(NEW,), **ALONE_IN),
    "first_miss_in_an_area": Told(items=(ALONE,), **ALONE_IN),
    "first_miss_without_a_chart": Told(items=(NO_CHART, EVERY), **ALONE_IN),
    "first_miss_of_a_month": Told(items=(MONTH,), **ALONE_IN),
    "kept_again": Told(items=(KEPT,), **ALONE_IN),
    "kept_again_before_it_was_said": Told(
        items=(replace(KEPT, change=replace(KEPT.change, was_unsaid=True)),), **ALONE_IN
    ),
    "cannot_judge": Told(items=(BLINDED,), **ALONE_IN),
    "restated": Told(items=(RESTATED,), **ALONE_IN),
    "at_risk": Told(items=(AT_RISK,), **ALONE_IN),
    "feeds_down": Told(items=(UNFIT, SILENT), **ALONE_IN),
    "feed_back": Told(items=(BACK,), **ALONE_IN),
    "few": FEW,
    "many": MANY,
    "hostile": HOSTILE,
    "quiet_night": Told(QUIET, silences={Reason.AS_PROMISED: 44}),
    "quiet_night_with_misses": Told(BAD, quiet=QUIET_MISSES, silences=SILENCES),
    "blind_night": Told(BLIND, silences={Reason.MUTED_BY_FEED: 2}),
    "said_later_that_day": replace(FEW, items=(RESTATED,), still=(), number=2),
}


def messages() -> dict[str, Message]:
    found = {name: night_message(told) for name, told in TOLD.items()}
    found["still_missed_in_the_thread"] = thread_reply("still_missed/1", STILL)
    found["many_in_the_thread"] = replies(MANY)[0]
    opened = night_message(TOLD["first_miss"])
    kept = item(Kind.KEPT_AGAIN, judged(1130, 1204, "kept", date(2026, 11, 6)), since=DAY, closes=True)
    later = item(Kind.STILL_MISSED, judged(1000, 1180, start=date(2026, 11, 9)), since=DAY)
    found["first_miss_edited_when_kept_again"] = revised(opened, revised_line(NEW.key, kept))
    found["first_miss_edited_when_still_missed"] = revised(opened, revised_line(NEW.key, later))
    return found


@pytest.mark.parametrize("name", list(messages()))
def test_the_wording_is_the_golden_files(name: str) -> None:
    said = messages()[name]
    for path, text in (
        (GOLDEN / f"night_{name}.txt", said.text + "\n"),
        (GOLDEN / f"night_{name}.json", json.dumps(said.blocks, indent=1, ensure_ascii=False) + "\n"),
    ):
        if os.environ.get("PLEDGE_WRITE_GOLDEN"):
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8")
    assert fits(said)


def fits(said: Message) -> bool:
    for block in Block.parse_all(said.blocks):
        block.validate_json()
    body = {"text": said.text, "blocks": list(said.blocks), "metadata": said.metadata}
    assert fault(body) == ""
    return True


def lines(said: Message) -> list[str]:
    return [b["text"]["text"] for b in said.blocks if b["type"] == "section"]


def test_at_most_ten_lines_and_what_is_left_out_is_said_and_in_the_thread() -> None:
    said = lines(night_message(MANY))
    assert len([line for line in said if "|See every" not in line]) == 10
    assert any(line.startswith("*… and 13 more in the thread:*") for line in said)
    rest = lines(replies(MANY)[0])
    assert len(rest) == 13 and not set(rest) & set(said)


def test_a_miss_says_all_a_reader_needs() -> None:
    (said,) = lines(night_message(TOLD["first_miss"]))
    for part in (
        "Norfolk", "Monday 2 November 2026", "87.1 % of 1,204", "within 10 seconds", "promised 90 %", "95 % interval",
        "155 missed", "signal", "Severity high", "Owner: Control room", "Next:", "pledge cases --measure answer_999",
    ):  # fmt: skip
        assert part in said


def test_an_area_is_told_in_the_line_of_its_force() -> None:
    assert "Worst areas: King's Lynn 71.0 % of 210." in line_of(NEW, [LYNN]).rest
    told = night_message(Told(items=(LYNN, NEW), **ALONE_IN))
    assert len(lines(told)) == 1 and headline(Told(items=(LYNN, NEW), **ALONE_IN)).startswith("Newly missed in Norfolk")


def test_the_buttons_carry_what_an_explanation_covers() -> None:
    (buttons,) = [b for b in night_message(TOLD["first_miss"]).blocks if b["type"] == "actions"]
    assert [each["action_id"] for each in buttons["elements"]] == ["acknowledge", "explain"]
    value = json.loads(buttons["elements"][0]["value"])
    assert (value["key"], value["measure"], value["force"], value["day"]) == (
        NEW.key,
        "answer_999",
        "norfolk",
        "2026-11-02",
    )
    for name in ("kept_again", "restated", "feeds_down", "cannot_judge"):
        assert not [b for b in night_message(TOLD[name]).blocks if b["type"] == "actions"]


def test_an_edited_message_keeps_its_other_lines_and_its_key() -> None:
    told = night_message(FEW)
    kept = item(Kind.KEPT_AGAIN, judged(1130, 1204, "kept", DAY + timedelta(days=4)), since=DAY, closes=True)
    edited = revised(told, revised_line(NEW.key, kept))
    assert edited.key == told.key and len(edited.blocks) == len(told.blocks)
    assert lines(edited)[0].startswith("*Kept again – 999 calls") and lines(edited)[1:] == lines(told)[1:]
    assert edited.text.splitlines()[2:] == told.text.splitlines()[2:]
    assert revised(told, revised_line("another key", kept)) is told


def test_every_sentence_stands_in_the_plain_text_too() -> None:
    said = night_message(FEW)
    for line in lines(said):
        assert line.startswith("<https") or line.replace("*", "") in said.text


PLANTED = ("John Smith", "07700 900123", "john.smith@example.org", "NR1 3JX", "12 Acacia Avenue")


def test_what_was_quoted_from_a_delivery_is_not_repeated() -> None:
    why = "column “John Smith, 12 Acacia Avenue” and '07700 900123' of john.smith@example.org, NR1 3JX, +44 7700 900123"
    quoting = replace(RESTATED.change, figure=replace(RESTATED.change.figure, why=why))
    told = Told(items=(feed(Kind.CANNOT_JUDGE, "unfit", why), replace(RESTATED, change=quoting)), **ALONE_IN)
    said = night_message(told)
    for personal in (*PLANTED, "900123"):
        assert personal not in said.text + said.as_json()


NASTY = st.text(max_size=400) | st.sampled_from(NASTY_NAMES) | st.sampled_from(["", "norfolk", "&" * 300, "*" * 60])


@st.composite
def items(draw: st.DrawFn) -> Item:
    of = draw(st.integers(0, 10**9))
    figure = judged(0, 0, draw(st.sampled_from(["kept", "missed", "cannot_judge"])), why=draw(NASTY))
    figure = replace(figure, numerator=draw(st.integers(0, of)), denominator=of, unknown=draw(st.integers(0, 10**9)))
    names = {name: draw(NASTY) for name in ("force", "area", "owner", "standard", "title", "limit", "severity")}
    kind = draw(st.sampled_from(list(Kind)))
    if draw(st.integers(0, 4)) == 0:
        kind = draw(st.sampled_from([Kind.CANNOT_JUDGE, Kind.KEPT_AGAIN]))
        return feed(
            kind, draw(st.sampled_from(["unfit", "silent"])), draw(NASTY), draw(NASTY), draw(st.text(min_size=1))
        )
    made = item(kind, figure, before=draw(st.none() | st.just(figure)), **names)
    return replace(made, key=f"{made.key}/{draw(st.integers(0, 10**9))}")


@settings(max_examples=60, deadline=None)
@given(st.lists(items(), max_size=25, unique_by=lambda each: each.key), st.lists(items(), max_size=3), NASTY)
def test_any_night_fits_slack_and_mentions_nobody(some: list[Item], still: list[Item], link: str) -> None:
    told = Told(replace(BAD, link=link), tuple(some), tuple(still), QUIET_MISSES, SILENCES)
    for said in (night_message(told), *replies(told), *(thread_reply("k", each) for each in some)):
        assert fits(said)
        for text in (said.text, *lines(said)):
            assert not any(mention in text for mention in ("<!", "<@", "<#"))
            assert "<" not in text.replace("|See every figure on the page>", "").replace("<http", "")
