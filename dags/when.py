"""How a user says when: days, and the moment to judge from."""

from __future__ import annotations

from datetime import UTC, date, datetime

from checks.errors import UsageError

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def days(first: str | None, last: str | None) -> tuple[date | None, date | None]:
    """`--from` and `--to` as days (None = open); raises UsageError when one is no day, or they are the wrong way."""
    read = day(first, "--from"), day(last, "--to")
    if read[0] and read[1] and read[0] > read[1]:
        expected = "a window that begins before it ends"
        raise UsageError("--from/--to", f"{read[0]} is after {read[1]}", expected, "Swap them.")
    return read


def day(text: str | None, option: str) -> date | None:
    """A local day; None where none is given."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(option, f"{text} is not a day", "YYYY-MM-DD", "Correct it.") from None


def month(text: str, option: str = "--month") -> date:
    """The first day of a month, YYYY-MM."""
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise UsageError(option, f"{text or 'nothing'} is not a month", "YYYY-MM", "Correct it.") from None


def moment(text: str | None, option: str = "--as-at") -> datetime:
    """An ISO 8601 moment; without offset it is UTC, a bare day its first moment; None is now."""
    if not text:
        return datetime.now(UTC)
    try:
        read = datetime.fromisoformat(text)
        said = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        found, expected = f"{text} is not a moment", "ISO 8601, such as 2026-03-31T06:00:00Z"
        raise UsageError(option, found, expected, "Correct it.") from None
    if said < EARLIEST:
        raise UsageError(option, f"{text} is before 1990", "a moment the logs can speak of", "Correct it.")
    return said
