"""A message as Slack takes it: blocks inside its limits, a plain-text fallback, and a key to find it by."""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
    SectionBlock,
)

EVENT_TYPE = "policing_pledge_announcement"
HEADER_LIMIT, LINE_LIMIT, TEXT_LIMIT = 150, 320, 4000
CALLS = 5
CUT = "… and more: the message itself shows the rest."
ACKNOWLEDGE, EXPLAIN = "acknowledge", "explain"
BUTTONS = {ACKNOWLEDGE: "Acknowledge", EXPLAIN: "Explain"}
"""Action id → label of the buttons under a line; their `value` is the line's."""


@dataclass(frozen=True)
class Message:
    """What is posted. `key` names the announcement: within a channel it is said once. `text` is the fallback.

    The key travels as message metadata, so that a post can be found again after a crash.
    """

    kind: str
    key: str
    text: str
    blocks: tuple[dict[str, Any], ...]

    @property
    def metadata(self) -> dict[str, Any]:
        return {"event_type": EVENT_TYPE, "event_payload": {"key": self.key}}

    def as_json(self) -> str:
        return json.dumps({"text": self.text, "blocks": self.blocks}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, kind: str, key: str, payload: str) -> Message:
        stored = json.loads(payload)
        return cls(kind, key, stored["text"], tuple(stored["blocks"]))


@dataclass(frozen=True)
class Line:
    """One line: `lead` is shown bold, `rest` follows it; `kind` groups lines that are left out.

    With a `key` the line can be found again in its message and revised; with a `value` it has buttons, which send it.
    """

    kind: str
    lead: str
    rest: str
    key: str = ""
    value: str = ""
    limit: int = LINE_LIMIT

    @property
    def plain(self) -> str:
        return clipped(f"{self.lead}: {self.rest}", self.limit)

    @property
    def marked(self) -> str:
        whole = self.plain
        return f"*{escaped(whole[: len(self.lead) + 1])}*{escaped(whole[len(self.lead) + 1 :])}"


def escaped(text: str) -> str:
    """Slack's three control characters made harmless, so that no name can become a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clipped(text: str, limit: int) -> str:
    """One line of at most `limit` characters, the cut shown."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def message(
    kind: str,
    key: str,
    headline: str,
    lines: Sequence[Line],
    below: Sequence[str],
    link: str,
    calls: Sequence[tuple[str, str]] = (),
) -> Message:
    """Headline, who is called, lines, and small print below; a `link` that is no http(s) address is left out.

    `calls` are (owner in words, ID of the user group to mention); the fallback has the words only.
    """
    linked = [(f"See every figure: {link}", f"<{escaped(link)}|See every figure on the page>")] if _safe(link) else []
    blocks: list[Block] = [HeaderBlock(text=clipped(headline, HEADER_LIMIT))]
    called = [f"For {escaped(clipped(owner, 60))} <!subteam^{group}>" for owner, group in calls if group.isalnum()]
    blocks += [_section(marked) for marked in called[:CALLS]]
    blocks += [block for line in lines for block in _blocks_of(line)]
    blocks += [_section(marked) for _, marked in linked]
    small = [MarkdownTextObject(text=escaped(clipped(text, 3 * LINE_LIMIT)), verbatim=True) for text in below]
    if small:
        blocks.append(ContextBlock(elements=small[:10]))
    for block in blocks:
        block.validate_json()
    spoken = [
        headline,
        *(html.unescape(_unmarked(each)) for each in called[:CALLS]),
        *(line.plain for line in lines),
        *(plain for plain, _ in linked),
        *below,
    ]
    return Message(kind, key, _fallback(spoken), tuple(block.to_dict() for block in blocks))


def _blocks_of(line: Line) -> list[Block]:
    named = block_id(line.key) if line.key else None
    section = SectionBlock(text=MarkdownTextObject(text=line.marked, verbatim=True), block_id=named)
    if not line.value:
        return [section]
    return [section, buttons(line.value, line.lead, f"{named}-buttons" if named else None)]


def buttons(value: str, about: str, named: str | None = None, actions: Sequence[str] = tuple(BUTTONS)) -> ActionsBlock:
    """The buttons of one line, each of which sends `value`; `about` says in words what they are for."""
    # A screen reader meets every button by itself: its label says what it is about.
    elements = [
        ButtonElement(
            text=BUTTONS[action],
            action_id=action,
            value=value,
            accessibility_label=clipped(f"{BUTTONS[action]}: {about}", 75),
        )
        for action in actions
    ]
    return ActionsBlock(elements=[*elements], block_id=named)


def block_id(key: str) -> str:
    """By what a line is found again in its message."""
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def revised(message: Message, line: Line) -> Message:
    """The message with the line of that key saying something else; the same message if it does not show the line."""
    wanted = block_id(line.key)
    blocks = tuple(
        {**block, "text": {**block["text"], "text": line.marked}} if block.get("block_id") == wanted else block
        for block in message.blocks
    )
    if blocks == message.blocks:
        return message
    return replace(message, blocks=blocks, text=_fallback_of(blocks))


def _fallback_of(blocks: Sequence[dict[str, Any]]) -> str:
    said = []
    for block in blocks:
        texts = block["elements"] if block["type"] == "context" else [block["text"]] if "text" in block else []
        said += [html.unescape(_unmarked(each["text"])) for each in texts]
    return _fallback(said)


def _unmarked(text: str) -> str:
    text = re.sub(r" <!subteam\^\w+>$", "", text)
    linked = re.fullmatch(r"<([^|>]*)\|[^>]*>", text)
    return f"See every figure: {linked[1]}" if linked else re.sub(r"^\*(.*?:)\*", r"\1", text)


def _section(marked: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=marked, verbatim=True))


def _safe(link: str) -> bool:
    return link.startswith(("https://", "http://")) and not set(link) & set("<>| \n") and len(link) < 1000


def _fallback(sentences: Sequence[str]) -> str:
    """What a screen reader or a notification reads; the last sentences give way to Slack's limit."""
    text = ""
    for sentence in sentences:
        longer = f"{text}\n{escaped(sentence)}" if text else escaped(clipped(sentence, HEADER_LIMIT * 3))
        if len(longer) > TEXT_LIMIT - len(CUT) - 1:
            return f"{text}\n{CUT}"
        text = longer
    return text
