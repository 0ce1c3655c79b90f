"""Every error this product raises on purpose, in one tree.

    PledgeError            one sentence: <where>: <found>; <expected>. <do>
    ├── UsageError         wrong usage or settings            exit code 2
    ├── NotFitError        a delivery or file cannot be used  exit code 1
    ├── NotAnsweringError  a system did not answer            exit code 3 (a retry may help)
    │   └── DamagedError   something stored is gone or changed
    └── ChainError         the audit chain does not hold      exit code 4

No sentence carries a secret or a personal value: name the place and the shape of what was found.
"""

from __future__ import annotations

from checks.printable import clipped, printable


class PledgeError(Exception):
    """One sentence that says where, what was found, what was expected and what to do.

    Args:
        where: file, table, setting or address (no credentials).
        found: what was there.
        expected: what should have been there.
        do: what the reader can do about it.
    """

    exit_code = 2
    permanent = True

    def __init__(self, where: str, found: str, expected: str, do: str) -> None:
        self.where, self.found, self.expected, self.do = parts = [
            clipped(printable(part)) for part in (where, found, expected, do)
        ]
        super().__init__("{}: {}; {}. {}".format(*parts))


class UsageError(PledgeError):
    """The command, a setting, a standard or a description is wrong; a retry cannot help."""


class NotFitError(PledgeError):
    """A delivery cannot be read or used; a retry with the same file cannot help."""

    exit_code = 1


class NotAnsweringError(PledgeError):
    """A system (store, lake, Slack, source) did not answer; a retry may help."""

    exit_code = 3
    permanent = False


class DamagedError(NotAnsweringError):
    """What was stored is not there or not what it was; restored, it can be read."""


class ChainError(PledgeError):
    """The audit chain does not hold: something stored was changed after it was said."""

    exit_code = 4


THE_STORE = "the store"


def unreadable_value(what: str, row: str = "") -> DamagedError:
    """What is said of a value in the store that nobody can have written there; `row`: its table and key, if known."""
    do = "Restore the store from a copy; `pledge verify` names rows that were changed."
    return DamagedError(
        f"{THE_STORE}, {row}" if row else THE_STORE, f"{what} in it cannot be read", "what was written there", do
    )


def no_room(where: str) -> NotAnsweringError:
    """What is said of a disk that is full."""
    do = "Make room and run again: what is already there stays as it is."
    return NotAnsweringError(where, "its disk is full", "room to write", do)
