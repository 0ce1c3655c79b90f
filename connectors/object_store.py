"""What an object store (S3, Azure Blob Storage, Google Cloud Storage) answers, in our own words and errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from checks.errors import NotAnsweringError, UsageError

# An object that is not there, by obstore's own word or by Python's.
GONE = (NotFoundError, FileNotFoundError)
_REFUSED = re.compile(r"status code: 40[13]\b")


@contextmanager
def told_plainly(where: str, doing: str, credential: str, gone: Exception | None = None) -> Iterator[None]:
    """Raise what goes wrong with requests as one sentence without address parameters, which may hold a secret.

    Args:
        doing: what is done, for "… is refused"; `credential`: what to mend then.
        gone: what is raised where there is no such object.
    """
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError):
        raise UsageError(where, f"{doing} is refused", "a login that may", credential) from None
    except (*GONE, PreconditionError, AlreadyExistsError) as error:
        if gone and isinstance(error, GONE):
            raise gone from None
        found = "there is no such bucket, or an object of it changed"
        raise NotAnsweringError(where, found, "objects that stay", "Correct its address, or run again.") from None
    except (BaseError, OSError) as error:
        if _REFUSED.search(str(error)):  # a list that is refused is an error of no kind of its own
            raise UsageError(where, f"{doing} is refused", "a login that may", credential) from None
        found = f"no whole answer ({type(error).__name__})"
        raise NotAnsweringError(where, found, "a bucket's answer", "Run again.") from None
