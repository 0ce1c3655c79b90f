"""Reading that can be left: a line that went silent never says so, and no driver alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")
_AHEAD = 2


class SilentError(Exception):
    """Nothing came for too long, or everything together took too long."""


class Watched(Generic[T]):
    """What a generator yields, read in a thread of its own, at most a few parts ahead.

    Args:
        silent: seconds without anything after which it is left.
        until: the moment (`time.monotonic`) by which all of it must have come.
    """

    def __init__(self, read: Callable[[], Iterator[T]], silent: float, until: float) -> None:
        self._read, self._silent, self._until = read, silent, until
        self._queue: Queue[tuple[bool, T | Exception | None]] = Queue(_AHEAD)
        self._left = Event()
        Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        reading = self._read()
        try:
            for part in reading:
                if not self._put((True, part)):
                    return
            self._put((False, None))
        except Exception as error:
            self._put((False, error))
        finally:
            with suppress(Exception):  # a connection that is lost cannot be closed well; why it was left is told
                reading.close()  # type: ignore[attr-defined]

    def _put(self, item: tuple[bool, T | Exception | None]) -> bool:
        while not self._left.is_set():
            try:
                self._queue.put(item, timeout=0.5)
                return True
            except Full:
                continue
        return False

    def __iter__(self) -> Iterator[T]:
        """Raises SilentError, or what the generator raised."""
        try:
            while True:
                wait = min(self._silent, self._until - time.monotonic())
                try:
                    more, item = self._queue.get(timeout=max(wait, 0.001))
                except Empty:
                    raise SilentError from None
                if isinstance(item, Exception):
                    raise item
                if not more:
                    return
                yield item  # type: ignore[misc]
        finally:
            self._left.set()
