"""The digest read as Slack gets it: golden files for the wording, properties for what must never happen.

`PLEDGE_WRITE_GOLDEN=1 pytest tests/connectors/slack/test_slack_message.py` writes the files anew: read them.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from checks.statistics import wilson
from connectors.slack.blocks import Message
from connectors.slack.message import figures_of_the_day as digest
from connectors.slack.night import BadDelivery, CommitmentVerdict, Figure, Night
from connectors.slack.phrases import percent

GOLDEN = Path(__file__).parent / "golden"
DAY, EVE = date(2026, 11, 2), date(2026, 11, 1)
AS_AT = datetime(2026, 11, 3, 3, 10, tzinfo=UTC)

TITLES = {
    "answer_999": ("999 calls answered in time", 5, 0.9, "10 seconds"),
    "eta_emergency": ("Arrival time given to emergency callers", 5, 1.0, ""),
    "attend_emergency": ("Emergencies reached in time", 5, 0.9, "15 minutes, 20 rural"),
    "attend_priority": ("Priorities reached in time", 6, 0.9, "60 minutes"),
    "answer_non_emergency": ("Other calls answered in time", 6, 0.9, "30 seconds"),
    "appointment_kept": ("Appointments kept in time", 6, 0.9, "15 minutes"),
    "advice_given": ("Advice or answer given", 6, 1.0, ""),
}


def figure(measure: str, verdict: str, met: int, of: int, unknown: int = 0, **rest: Any) -> Figure:
    title, commitment, target, limit = TITLES[measure]
    low, high = wilson(met, of)
    counts = {"numerator": met, "denominator": of, "unknown": unknown, "rate_low": low, "rate_high": high}
    said = {"force": "norfolk", "period": "day", "period_start": DAY, "target": target, "limit": limit}
    return Figure(**{**said, **counts, **rest}, measure=measure, title=title, commitment=commitment, verdict=verdict)


def night(*figures: Figure, **rest: Any) -> Night:
    return Night("run-0042", AS_AT, DAY, figures, **rest)


ANSWER_999 = figure("answer_999", "missed", 1049, 1204, 18)
ATTEND = figure("attend_emergency", "missed", 57, 65)
ETA = figure("eta_emergency", "kept", 70, 70)
PRIORITY = figure("attend_priority", "too_few", 8, 9)

BAD = night(
    ANSWER_999,
    figure("answer_999", "missed", 149, 210, area="King's Lynn"),
    figure("answer_999", "missed", 440, 500, area="Norwich"),
    figure("answer_999", "kept", 460, 494, area="Breckland"),
    ATTEND,
    figure("eta_emergency", "missed", 67, 70),
    PRIORITY,
    figure("answer_non_emergency", "kept", 912, 1000, 40, depends_on_unknown=True),
    figure("appointment_kept", "cannot_judge", 0, 0),
    figure("advice_given", "in_progress", 20, 20),
    commitments=(CommitmentVerdict("norfolk", 6, "cannot_judge"), CommitmentVerdict("norfolk", 5, "missed")),
    deliveries=(BadDelivery("norfolk", "incidents", "unfit", "41 of 400 rows were quarantined"),),
    link="https://pledge.example/norfolk?day=2026-11-02&level=force",
)
QUIET = night(figure("answer_999", "kept", 1130, 1204), ETA, PRIORITY)
BLIND = night(figure("answer_999", "cannot_judge", 0, 0), deliveries=(BadDelivery("norfolk", "calls", "absent"),))
LATE = {
    "avon-and-somerset": 155,
    "kent": 165,
    "norfolk": 175,
    "suffolk": 185,
    "surrey": 195,
    "west-mercia": 205,
}
COUNTRY = night(
    *(figure("answer_999", "missed", 1204 - late, 1204, 5, force=force) for force, late in LATE.items()),
    *(replace(ATTEND, force=force) for force in ["kent", "norfolk", "surrey", "sussex", "suffolk"]),
    *(figure("eta_emergency", "cannot_judge", 0, 0, force=force) for force in ["essex", "kent"]),
    *(replace(ETA, force=force) for force in ["dorset", "all"]),
    *(figure("answer_999", "missed", 90, 110, force="sussex", area=f"District {n}") for n in range(3)),
    figure("answer_999", "kept", 1100, 1204, force="sussex"),
    deliveries=(
        BadDelivery("essex", "incidents", "absent"),
        BadDelivery("kent", "incidents", "unfit", "no header"),
    ),
    link="https://pledge.example/",
)
NIGHTS = {"bad": BAD, "quiet": QUIET, "blind": BLIND, "country": COUNTRY}


@pytest.mark.parametrize("name", NIGHTS)
def test_the_wording_is_the_golden_files(name: str) -> None:
    said = digest(NIGHTS[name])
    for path, text in (
        (GOLDEN / f"{name}.txt", said.text + "\n"),
        (GOLDEN / f"{name}.json", json.dumps(said.blocks, indent=1, ensure_ascii=False) + "\n"),
    ):
        if os.environ.get("PLEDGE_WRITE_GOLDEN"):
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8")


def lines(message: Message) -> list[str]:
    return [
        b["text"]["text"] for b in message.blocks if b["type"] == "section" and "|See every" not in b["text"]["text"]
    ]


def headline(message: Message) -> str:
    return str(message.blocks[0]["text"]["text"])


def test_at_most_ten_lines_and_the_omitted_are_counted() -> None:
    said = lines(digest(COUNTRY))
    assert len(said) == 10
    # 14 misses, 2 deliveries, 2 forces that cannot be judged: 18 things, 9 lines of them
    assert said[-1].startswith("*… and 9 more on the page:*")
    assert sum(line.startswith("*Missed") for line in said) == 7
    assert "7 missed" in said[-1] and "1 about data" in said[-1] and "1 about what cannot be judged" in said[-1]


def test_worst_first_and_chance_last() -> None:
    said = lines(digest(night(ATTEND, ANSWER_999, replace(ANSWER_999, force="kent", numerator=1000))))
    assert ["Kent" in said[0], "Norfolk" in said[1], "may be chance" in said[2]] == [True, True, True]


def test_a_kept_promise_that_hangs_on_unknown_cases_is_never_plainly_kept() -> None:
    shaky = replace(ETA, numerator=95, denominator=100, unknown=10, target=0.9, depends_on_unknown=True)
    said = digest(night(shaky))
    assert "0 kept, 1 kept only if unknown cases are left out" in headline(said)
    assert "were they missed, it would be 86.4 %: broken" in lines(said)[0]


def test_a_night_without_a_judged_figure_never_reads_as_kept() -> None:
    for figures in (
        (),
        (PRIORITY,),
        (replace(ANSWER_999, verdict="cannot_judge"),),
        (replace(ETA, verdict="in_progress"),),
    ):
        assert headline(digest(night(*figures))).startswith("No promise could be judged")


def test_every_sentence_stands_in_the_plain_text_too() -> None:
    said = digest(BAD)
    for line in lines(said):
        assert line.replace("*", "") in said.text
    assert headline(said).replace("&", "&amp;") in said.text and "*" not in said.text


def test_the_key_is_the_day_whatever_run_says_it() -> None:
    again = digest(replace(BAD, run_id="run-0043"))
    assert again.key == digest(BAD).key == "figures/2026-11-02"
    assert again.metadata["event_payload"] == {"key": "figures/2026-11-02"}


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    for link in ("file:///srv/pledge", "javascript:alert(1)", "https://x|<!channel>", "/srv/site/index.html"):
        assert link not in json.dumps(digest(replace(BAD, link=link)).blocks)


NASTY = st.text(max_size=400) | st.sampled_from(
    ["<!channel>", "&" * 300, "<@U012345>", "a\nb", "*" * 50, "", "<http://x|y>"]
)
VERDICTS = st.sampled_from(["kept", "missed", "too_few", "cannot_judge", "no_target", "in_progress"])


@st.composite
def figures(draw: st.DrawFn) -> Figure:
    of = draw(st.integers(0, 10**9))
    return Figure(
        *(draw(NASTY), draw(NASTY), draw(NASTY), draw(st.integers(0, 10)), draw(VERDICTS), "day", DAY),
        *(draw(st.integers(0, of)), of, draw(NASTY), draw(st.integers(0, 10**9))),
        target=draw(st.none() | st.sampled_from([0.9, 1.0, 0.995, 0.0])),
        depends_on_unknown=draw(st.booleans()),
        limit=draw(NASTY),
    )


@given(
    st.lists(figures(), max_size=25),
    NASTY,
    st.lists(st.builds(BadDelivery, NASTY, NASTY, NASTY, NASTY), max_size=12),
)
def test_any_night_fits_slack_and_mentions_nobody(given: list[Figure], link: str, bad: list[BadDelivery]) -> None:
    said = digest(night(*given, link=link, deliveries=tuple(bad)))
    blocks = Block.parse_all(said.blocks)
    for block in blocks:
        block.validate_json()
    assert len(blocks) <= 50 and 0 < len(said.text) <= 4000 and len(lines(said)) <= 10
    texts = [said.text, *(b["text"]["text"] for b in said.blocks if b["type"] == "section")]
    for text in texts:
        assert not any(mention in text for mention in ("<!", "<@", "<#"))
        assert "<" not in text.replace("|See every figure on the page>", "").replace("<http", "")


@given(st.integers(1, 10**7), st.data(), st.sampled_from([Fraction(9, 10), Fraction(1), Fraction(995, 1000)]))
def test_no_rounding_contradicts_the_verdict(of: int, data: st.DataObject, target: Fraction) -> None:
    met = data.draw(st.integers(max(0, int(of * target) - 3), of))
    shown = Fraction(percent(met, of, target).removesuffix(" %")) / 100
    assert (shown >= target) == (Fraction(met, of) >= target)


def test_a_stored_message_is_the_message() -> None:
    said = digest(BAD)
    assert Message.from_json(said.kind, said.key, said.as_json()) == said
