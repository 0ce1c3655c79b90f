"""What `pledge doctor` looks at where the lake lies in an object store: the bucket, and the copies on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from dags.doctor import OK, WARN, Line, Patient
from dags.doctor_machine import LEAST_FREE, megabytes


def bucket_lines(patient: Patient) -> Iterator[Line]:
    """A small object is made there and removed again: nothing else tells whether it may be."""
    from connectors.lake.bucket import Bucket

    bucket = Bucket(patient.settings.lake, patient.environ)
    if not bucket.exists():
        yield Line(WARN, "lake", f"nothing lies at {bucket.location} yet", "Nothing: the first run fills it.")
    keeps = bucket.keeps_removed()
    yield Line(OK, "lake", f"{bucket.location} can be written, and writers at the same time notice each other")
    if keeps:
        found, mend = "it keeps old versions of objects, with what is erased", "Let a lifecycle rule take them."
        yield Line(WARN, "lake", found, mend)
    cache = bucket.cache
    cache.check()
    free = shutil.disk_usage(cache.folder).free
    told = f"{cache.folder}: {megabytes(cache.held())} of copies, {megabytes(free)} free"
    if free < LEAST_FREE:
        yield Line(WARN, "cache", told, "Make room, or set PLEDGE_CACHE to another folder.")
    else:
        yield Line(OK, "cache", told)
