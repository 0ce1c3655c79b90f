"""Notices: golden files, inside Slack's limits, without what an error may quote."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from checks.matching import Matcher
from checks.silencing import StandingSilence
from connectors.slack import notices
from connectors.slack.blocks import Line, Message, revised
from connectors.slack.blocks import message as in_blocks
from tests.slack_limits import fault

GOLDEN = Path(__file__).parent / "golden"
SINCE = datetime(2026, 3, 2, 9, tzinfo=UTC)
ABOUT = Matcher({"force": frozenset({"norfolk"}), "area": frozenset({"07700 900123", "North"})})
SILENCE = StandingSilence("51lence0", ABOUT, "new telephones", "A. Author", SINCE, SINCE + timedelta(days=9))
LINE = Line("first_miss", "Newly missed – 999 calls", "60.0 % of 100.", key="k")
NOTICES = {
    "silence_expired": notices.silence_ended("k", SILENCE, 12),
    "silence_ended_early": notices.silence_ended("k", replace(SILENCE, ended_at=SINCE + timedelta(days=1)), 1),
    "silence_muted_nothing": notices.silence_ended("k", SILENCE, 0),
    "failure": notices.failure(
        "k", "Norfolk was not judged", "lake: a file of norfolk cannot be read; whole files. Restore it.", "run-1"
    ),
    "failure_hostile": notices.failure(
        "k", "judge failed for <!channel>", "calls.csv: “John Smith”, 07700 900123 <https://x|y>; a time. Do.", "*run*"
    ),
    "digest_absent": notices.digest_absent("k", date(2026, 3, 2), "06:30", "No run has got as far."),
    "called": in_blocks(
        "night", "k", "Newly missed", [LINE], [], "", [("Duty inspector", "S0123456789"), ("<!here>", "S0<!here>")]
    ),
}


@pytest.mark.parametrize("name", NOTICES)
def test_the_wording_is_the_golden_files(name: str) -> None:
    message, path = NOTICES[name], GOLDEN / f"notice_{name}.txt"
    marked = "\n".join(each["text"]["text"] for each in message.blocks if "text" in each)
    said = f"{message.text}\n---\n{marked}\n"
    if os.environ.get("PLEDGE_WRITE_GOLDEN"):
        path.write_text(said, "utf-8")
    assert said == path.read_text("utf-8")
    assert fault({"text": message.text, "blocks": list(message.blocks), "metadata": message.metadata}) == ""


def test_no_value_and_no_mention_comes_out() -> None:
    """The headline alone is plain text, in which nothing can be a mention."""
    values = ("John Smith", "07700", "A. Author", "new telephones")
    assert not [v for v in values for message in NOTICES.values() if v in message.as_json()]
    of_markdown = json.dumps(NOTICES["failure_hostile"].blocks[1:]) + NOTICES["failure_hostile"].text
    assert "<!channel>" not in of_markdown and "<https" not in of_markdown


def test_an_edited_message_still_calls_and_its_fallback_has_the_words() -> None:
    before = NOTICES["called"]
    after: Message = revised(before, Line("kept_again", "Kept again – 999 calls", "95.0 %.", key="k"))
    assert after.blocks[1] == before.blocks[1] and "<!subteam^S0123456789>" in str(after.blocks[1])
    assert after.text == "Newly missed\nFor Duty inspector\nKept again – 999 calls: 95.0 %."


def test_a_name_that_is_no_plain_word_is_a_hash_in_a_key() -> None:
    assert notices.part("scheduled__2026-03-04T05:00:00+00:00") == "scheduled__2026-03-04T05:00:00+00:00"
    hidden = notices.part("John Smith <!channel>")
    assert len(hidden) == 12 and hidden.isalnum()
