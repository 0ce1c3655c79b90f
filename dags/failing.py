"""How `pledge` fails: any exception as one sentence and an exit code."""

from __future__ import annotations

import errno
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from typer.exceptions import Abort, TyperException

from checks.errors import NotAnsweringError, PledgeError, UsageError, no_room, unreadable_value

if TYPE_CHECKING:
    import duckdb
    from sqlalchemy.exc import DBAPIError

_STORE = Path(__file__).parents[1] / "connectors" / "store"
INSUFFICIENT_PRIVILEGE = "42501"
"""PostgreSQL's code, for grants and row-level security alike."""


def failure(error: BaseException) -> tuple[str, int]:
    """The sentence said of an exception, and the exit code; what nobody foresaw leaves its traceback in a file."""
    known = _known(error)
    if known:
        return str(known), known.exit_code
    if isinstance(error, (Abort, KeyboardInterrupt)):
        return "stopped.", 1
    if isinstance(error, TyperException):
        return _wrong_call(error.format_message()), 2
    where = _written_down(error)
    do = "Please report it, unless `pledge verify` finds the store or the lake damaged."
    return f"{type(error).__name__}, which nobody foresaw; the traceback is in {where}. {do}", 1


def _known(error: BaseException) -> PledgeError | None:
    if isinstance(error, PledgeError):
        return error
    if isinstance(error, OSError):
        return _unusable(error)
    # Only where SQLAlchemy is loaded can its errors be raised; loading it takes longer than most commands.
    if "sqlalchemy.exc" in sys.modules:
        raised = sys.modules["sqlalchemy.exc"]
        # Of a damaged file SQLite says no more than the class of all its errors.
        if isinstance(error, raised.OperationalError) or type(error) is raised.DatabaseError:
            from connectors.store.engine import refusal

            return refusal("the store", cast("DBAPIError", error))
    if isinstance(error, ValueError) and _is_of_a_stored_value(error):
        return unreadable_value("a value")
    if "duckdb" in sys.modules and isinstance(error, sys.modules["duckdb"].Error) and _is_unreadable(error):
        do = "Say `pledge verify`, which names it; restore it, then run again."
        return NotAnsweringError("the lake", "a file of it cannot be read", "whole Parquet files", do)
    if getattr(getattr(error, "orig", None), "sqlstate", None) == INSUFFICIENT_PRIVILEGE:
        found, expected = "this login may not do that", "a member of the role that may"
        do = "Ask whoever runs the store: `pledge database logins` lists who may what."
        return UsageError("the store", found, expected, do)
    return None


def _is_of_a_stored_value(error: ValueError) -> bool:
    """Whether it was raised while a value was made of what SQLite holds."""
    raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    is_text = isinstance(error, UnicodeDecodeError) and raised_in.is_relative_to(_STORE)
    return is_text or "sqlalchemy" in raised_in.parts


def _is_unreadable(error: BaseException) -> bool:
    from checks.database import is_unreadable

    return is_unreadable(cast("duckdb.Error", error))


def _unusable(error: OSError) -> PledgeError:
    where = str(error.filename or "the system")
    if error.errno == errno.ENOSPC:
        return no_room(str(error.filename or "a folder this command writes to"))
    if error.filename is None:
        return NotAnsweringError(where, error.strerror or type(error).__name__, "an answer", "Try again.")
    return UsageError(where, error.strerror or "it cannot be used", "a file or folder this user may use", "Correct it.")


def _wrong_call(message: str) -> str:
    """Typer's own sentence; called without a command it hands over the whole help."""
    return message if "\n" in message else f"{message.rstrip('.')}. See `pledge --help`."


def _written_down(error: BaseException) -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="pledge-traceback-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.writelines(_without_words(error))
    return Path(file.name)


def _without_words(error: BaseException) -> Iterator[str]:
    """The traceback as Python writes it, but not what the errors said: that may be a secret or a record's value."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _without_words(before)
        yield "\nwhich led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}\n"
