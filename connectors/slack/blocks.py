"""A message as Slack takes it: blocks inside its limits, a plain-text fallback, and a key to find it by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, MarkdownTextObject, SectionBlock

EVENT_TYPE = "policing_pledge_announcement"
HEADER_LIMIT, LINE_LIMIT, TEXT_LIMIT = 150, 320, 4000


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
    """One line: `lead` is shown bold, `rest` follows it; `kind` groups lines that are left out."""

    kind: str
    lead: str
    rest: str

    @property
    def plain(self) -> str:
        return clipped(f"{self.lead}: {self.rest}", LINE_LIMIT)

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


def message(kind: str, key: str, headline: str, lines: Sequence[Line], below: Sequence[str], link: str) -> Message:
    """Headline, lines, and small print below; a `link` that is no http(s) address is left out."""
    linked = [(f"See every figure: {link}", f"<{escaped(link)}|See every figure on the page>")] if _safe(link) else []
    blocks: list[Block] = [HeaderBlock(text=clipped(headline, HEADER_LIMIT))]
    blocks += [_section(line.marked) for line in lines]
    blocks += [_section(marked) for _, marked in linked]
    small = [MarkdownTextObject(text=escaped(clipped(text, 3 * LINE_LIMIT)), verbatim=True) for text in below]
    blocks.append(ContextBlock(elements=small))
    for block in blocks:
        block.validate_json()
    spoken = [headline, *(line.plain for line in lines), *(plain for plain, _ in linked), *below]
    return Message(kind, key, _fallback(spoken), tuple(block.to_dict() for block in blocks))


def _section(marked: str) -> SectionBlock:
    return SectionBlock(text=MarkdownTextObject(text=marked, verbatim=True))


def _safe(link: str) -> bool:
    return link.startswith(("https://", "http://")) and not set(link) & set("<>| \n") and len(link) < 1000


def _fallback(sentences: Sequence[str]) -> str:
    """What a screen reader or a notification reads; the last sentences give way to Slack's limit."""
    text = ""
    for sentence in sentences:
        longer = f"{text}\n{escaped(sentence)}" if text else escaped(clipped(sentence, HEADER_LIMIT * 3))
        if len(longer) > TEXT_LIMIT:
            break
        text = longer
    return text
