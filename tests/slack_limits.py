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
    if len(blocks) > 50 or any(not _fits(block) for block in blocks):
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
    match block.get("type"):
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
