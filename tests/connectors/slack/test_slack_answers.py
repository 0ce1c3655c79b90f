"""What a message shows once it was answered, and the form to answer in: golden, and without anybody's name or words."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from checks.explanation import REASONS, Answer
from connectors.slack.answers import Subject, answered, answered_text, buttons, filled_in, form, subjects
from tests.slack_limits import fault
from tests.slack_socket_server import view_fault

LINE = Subject("attend_emergency", "west-mercia", date(2026, 3, 2), "first_miss/1")
OTHER = Subject("answer_999", "west-mercia", date(2026, 3, 2), "first_miss/1")
AT = datetime(2026, 3, 3, 6, 12, tzinfo=UTC)
SEEN = Answer("U0MANAGER", AT)
TOLD = Answer("U0MANAGER", AT, "no_unit_free", "W0SECOND", AT)


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


MESSAGE = (section("one"), buttons(LINE), section("two"), buttons(OTHER))


def shown(blocks: tuple[dict[str, Any], ...]) -> list[str]:
    """A line per block: its text, or its buttons in brackets."""
    found = []
    for block in blocks:
        elements = block.get("elements", [])
        if block["type"] == "actions":
            found.append(" ".join(f"[{one['text']['text']}]" for one in elements))
        else:
            found.append(block["text"]["text"] if "text" in block else elements[0]["text"])
    return found


def test_an_acknowledged_line_can_still_be_explained() -> None:
    assert shown(answered(MESSAGE, {LINE.place: SEEN})) == [
        "one",
        "[Explain]",
        "Acknowledged by <@U0MANAGER>, 3 March 06:12 UTC.",
        "two",
        "[Acknowledge] [Explain]",
    ]


def test_an_explained_line_has_no_button() -> None:
    assert shown(answered(MESSAGE, {LINE.place: TOLD, OTHER.place: SEEN})) == [
        "one",
        "Explained by <@W0SECOND>, 3 March 06:12 UTC: No unit was free, or the nearest was far away.",
        "two",
        "[Explain]",
        "Acknowledged by <@U0MANAGER>, 3 March 06:12 UTC.",
    ]


def test_names_given_at_the_command_are_not_shown() -> None:
    by_name = Answer("Sgt Planted Name", AT, "it_failure", "Planted <@U1> Name", AT)
    told = answered(MESSAGE, {LINE.place: by_name})
    assert "Explained, 3 March 06:12 UTC: A system or a line failed." in shown(told)
    assert "Planted" not in json.dumps(told)


def test_a_button_beside_the_line_and_blocks_of_others() -> None:
    beside = section("one", accessory=buttons(LINE)["elements"][0])
    foreign = {"type": "actions", "elements": [{"type": "button", "action_id": "other", "value": LINE.value}]}
    told = answered((beside, foreign, {"type": "divider"}), {LINE.place: TOLD})
    assert [block["type"] for block in told] == ["section", "context", "actions", "divider"]
    assert "accessory" not in told[0]
    assert answered((foreign,), {LINE.place: TOLD}) == (foreign,)


def test_nothing_answered_nothing_changed() -> None:
    assert answered(MESSAGE, {}) == MESSAGE
    assert answered_text("x", []) == "x"


def test_limits_hold() -> None:
    many = tuple(block for _ in range(25) for block in MESSAGE[:2])
    assert answered(many, {LINE.place: SEEN}) == many, "no room to show it"
    assert (
        fault({"text": answered_text("x" * 4000, [SEEN]), "blocks": list(answered(MESSAGE, {LINE.place: TOLD}))}) == ""
    )


def test_subjects_are_read_back() -> None:
    assert subjects(MESSAGE) == [LINE, OTHER]
    assert Subject.of(LINE.value) == LINE
    assert LINE.in_words.endswith("West Mercia, Monday 2 March 2026")


@pytest.mark.parametrize("value", ["", "{}", "[]", "null", '{"measure": "m", "force": "f", "day": "2 March"}', None])
def test_values_of_others_are_no_subject(value: object) -> None:
    assert Subject.of(value) is None


def test_the_form() -> None:
    view = form(LINE, "C1", "1.1")
    assert view_fault(view) == ""
    options = view["blocks"][1]["element"]["options"]
    assert [one["value"] for one in options] == list(REASONS)
    values = {"reason": {"reason": {"selected_option": {"value": "other"}}}, "text": {"text": {"value": None}}}
    assert filled_in({**view, "state": {"values": values}}) == (LINE, "other", "", "C1", "1.1")
