"""Slack's limits on a message, as its Web API enforces them; used by `slack_server.py`."""

from __future__ import annotations

import json
from typing import Any

Body = dict[str, Any]
BLOCK_TYPES = {"header", "section", "divider", "context", "actions", "image"}


def fault(body: Body) -> str:
    """The error Slack answers for this `chat.postMessage` or `chat.update`, or ''."""
    blocks, text = body.get("blocks") or [], body.get("text") or ""
    if isinstance(blocks, str):
        blocks = json.loads(blocks)
    if not blocks and not text:
        return "no_text"
    if len(text) > 4000:
        return "msg_too_long"
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(blocks) > 50 or len(ids) != len(set(ids)) or any(not _fits(block) for block in blocks):
        return "invalid_blocks"
    metadata = body.get("metadata")
    if metadata is not None and not (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    ):
        return "invalid_metadata_format"
    return ""


def _fits(block: Body) -> bool:
    text = block.get("text")
    if len(block.get("block_id", "")) > 255:
        return False
    match block.get("type"):
        case "actions":
            return 0 < len(block.get("elements", [])) <= 25 and all(_is_button(each) for each in block["elements"])
        case "header":
            return isinstance(text, dict) and text.get("type") == "plain_text" and 0 < len(text["text"]) <= 150
        case "section" if text is not None:
            return text.get("type") in ("mrkdwn", "plain_text") and 0 < len(text["text"]) <= 3000
        case "section":
            return 0 < len(block.get("fields", [])) <= 10
        case "context":
            return 0 < len(block.get("elements", [])) <= 10
        case other:
            return other in BLOCK_TYPES


def _is_button(element: Body) -> bool:
    label = element.get("text", {})
    return (
        element.get("type") == "button"
        and label.get("type") == "plain_text"
        and 0 < len(label.get("text", "")) <= 75
        and 0 < len(element.get("action_id", "")) <= 255
        and len(element.get("value", "")) <= 2000
        and len(element.get("accessibility_label", "")) <= 75
    )
