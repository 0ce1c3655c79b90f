"""The wording of answers: buttons read, the form to explain in, and a message that shows who answered. Pure.

Nobody's words go into any of it: a reason of the closed list, a Slack mention and a time are all that is shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from checks.commitment import measures
from checks.explanation import REASONS, TEXT_LIMIT, Answer, Scope
from connectors.slack.blocks import ACKNOWLEDGE, EXPLAIN, Message, escaped
from connectors.slack.blocks import TEXT_LIMIT as FALLBACK_LIMIT
from connectors.slack.blocks import buttons as buttons_block
from connectors.slack.phrases import day as day_in_words
from connectors.slack.phrases import place

REASON, TEXT = "reason", "text"
MOST_BLOCKS = 50
Block = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """What a line of a message is about, and so what its answer covers; `key` is that of the announcement."""

    measure: str
    force: str
    day: date
    key: str = ""

    @property
    def scope(self) -> Scope:
        return Scope(measure=self.measure, force=self.force, day=self.day)

    @property
    def in_words(self) -> str:
        known = measures().get(self.measure)
        return f"{known.title if known else self.measure}, {place(self.force, 60)}, {day_in_words(self.day)}"

    @property
    def value(self) -> str:
        """As the buttons carry it."""
        said = {"measure": self.measure, "force": self.force, "day": self.day.isoformat(), "key": self.key}
        return json.dumps(said, sort_keys=True)

    @classmethod
    def of(cls, value: object) -> Subject | None:
        """The subject in a button's value, None where it is none of ours."""
        try:
            said = json.loads(str(value))
            subject = cls(said["measure"], said["force"], date.fromisoformat(said["day"]), str(said.get("key", "")))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return subject if isinstance(subject.measure, str) and isinstance(subject.force, str) else None

    @property
    def place(self) -> tuple[str, str, date]:
        return self.measure, self.force, self.day


def subjects(blocks: Iterable[Block]) -> list[Subject]:
    """What the lines of a message with buttons are about, each once."""
    found = (Subject.of(button.get("value")) for block in blocks for button in _buttons(block))
    return list(dict.fromkeys(subject for subject in found if subject))


def answered(blocks: Sequence[Block], answers: Mapping[tuple[str, str, date], Answer]) -> tuple[Block, ...]:
    """The blocks of a message as first said, with what was answered since: a line under it, buttons gone.

    An acknowledged line keeps *Explain*; an explained one has no button. Applying it twice shows nothing twice, as
    long as it starts from what was first said.
    """
    shown: list[Block] = []
    for block in blocks:
        buttons = _buttons(block)
        subject = next((one for button in buttons if (one := Subject.of(button.get("value")))), None)
        answer = answers.get(subject.place) if subject else None
        if answer is None:
            shown.append(block)
            continue
        shown += _without(block, {ACKNOWLEDGE, EXPLAIN} if answer.explained_at else {ACKNOWLEDGE})
        shown.append(_context(_said(answer)))
    return tuple(shown) if len(shown) <= MOST_BLOCKS else tuple(blocks)


def with_answers(message: Message, answers: Mapping[tuple[str, str, date], Answer]) -> Message:
    """The message as it has to stand in its channel; starts from one that shows no answers yet."""
    text = answered_text(message.text, answers.values())
    return replace(message, text=text, blocks=answered(message.blocks, answers))


def answered_text(text: str, answers: Iterable[Answer]) -> str:
    """The fallback with the count of what was answered, for a screen reader."""
    known = list(answers)
    explained = sum(answer.explained_at is not None for answer in known)
    if not known:
        return text
    said = f"\nAnswered: {len(known) - explained} acknowledged, {explained} explained."
    return text[: FALLBACK_LIMIT - len(said)] + said


def buttons(subject: Subject, unseen: bool = True) -> Block:
    """*Acknowledge* (unless seen already) and *Explain* for a line, as a block to stand below it."""
    actions = (ACKNOWLEDGE, EXPLAIN) if unseen else (EXPLAIN,)
    return dict(buttons_block(subject.value, subject.in_words, actions=actions).to_dict())


def form(subject: Subject, channel: str, ts: str) -> Block:
    """The modal in which a line is explained."""
    options = [{"text": _plain(words), "value": code} for code, words in REASONS.items()]
    select = {"type": "static_select", "action_id": REASON, "placeholder": _plain("Choose one"), "options": options}
    words = {"type": "plain_text_input", "action_id": TEXT, "multiline": True, "max_length": TEXT_LIMIT}
    return {
        "type": "modal",
        "callback_id": EXPLAIN,
        "title": _plain("Explain a miss"),
        "submit": _plain("Record"),
        "close": _plain("Cancel"),
        "private_metadata": json.dumps({"value": subject.value, "channel": channel, "ts": ts}),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": f"*{escaped(subject.in_words)}*", "verbatim": True}},
            {"type": "input", "block_id": REASON, "label": _plain("Why was the promise not kept?"), "element": select},
            {
                "type": "input",
                "block_id": TEXT,
                "optional": True,
                "label": _plain("What happened?"),
                "hint": _plain("Kept in the force's own store, never shown in Slack. Name no member of the public."),
                "element": words,
            },
        ],
    }


def filled_in(view: Mapping[str, Any]) -> tuple[Subject | None, str, str, str, str]:
    """(subject, reason, text, channel, ts) of a form that was submitted."""
    about = json.loads(view.get("private_metadata") or "{}")
    values = view.get("state", {}).get("values", {})
    chosen = values.get(REASON, {}).get(REASON, {}).get("selected_option") or {}
    words = values.get(TEXT, {}).get(TEXT, {}).get("value") or ""
    return Subject.of(about.get("value")), str(chosen.get("value", "")), str(words), about["channel"], about["ts"]


def _said(answer: Answer) -> str:
    if answer.explained_at:
        words = REASONS.get(answer.reason, answer.reason)
        return f"Explained{_by(answer.explained_by)}, {_when(answer.explained_at)}: {words}."
    return f"Acknowledged{_by(answer.seen_by)}, {_when(answer.seen_at)}." if answer.seen_at else "Acknowledged."


def _by(who: str) -> str:
    """A Slack user as a mention; anybody else's name is nobody's business here."""
    return f" by <@{who}>" if re.fullmatch(r"[UW][A-Z0-9]{2,30}", who) else ""


def _when(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %H:%M} UTC"


def _buttons(block: Mapping[str, Any]) -> list[Block]:
    elements = [*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else ())]
    return [one for one in elements if isinstance(one, dict) and one.get("action_id") in (ACKNOWLEDGE, EXPLAIN)]


def _without(block: Block, actions: set[str]) -> list[Block]:
    """The block without these buttons; nothing where nothing is left of it."""
    if block.get("accessory", {}).get("action_id") in actions:
        return [{name: value for name, value in block.items() if name != "accessory"}]
    if block.get("type") != "actions":
        return [block]
    left = [one for one in block["elements"] if one.get("action_id") not in actions]
    return [{**block, "elements": left}] if left else []


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}
