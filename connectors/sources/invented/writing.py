"""Moments as text, and rows as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from checks.errors import UsageError
from connectors.sources.invented.window import Array, Moments, to_local


def utc_text(moments: Moments) -> Array:
    """`2026-03-29T00:59:58.250Z`; '' where it did not happen."""
    return _text(moments, np.datetime_as_string(moments, unit="ms").astype(object) + "Z")


def local_text(moments: Moments, unit: Literal["s", "ms"] = "s") -> Array:
    """`2026-03-29T02:15:07+01:00`: the wall clock with its offset, so that the hour that comes twice is clear."""
    wall = to_local(moments)
    offset = np.where(wall == moments, "+00:00", "+01:00").astype(object)
    return _text(moments, np.datetime_as_string(wall, unit=unit).astype(object) + offset)


def wall_text(moments: Moments) -> Array:
    """`2026-04-02 14:00`, as a diary has it: only for times of day the clock changes do not touch."""
    written = pd.Series(np.datetime_as_string(to_local(moments), unit="m")).str.replace("T", " ")
    return _text(moments, written.to_numpy(object))


def flag_text(values: Array | pd.Series) -> Array:
    return np.where(values, "true", "false").astype(object)


def _text(moments: Moments, written: Array) -> Array:
    written[np.isnat(moments)] = ""
    return written


def write(folder: Path, files: Mapping[str, pd.DataFrame | str]) -> None:
    """Write every file under its name, all or (as far as a file system allows) none.

    Raises:
        UsageError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            part = folder / f"{name}.part"
            if isinstance(content, str):
                part.write_text(content, "utf-8")
            else:
                content.to_csv(part, index=False, lineterminator="\n")
        for name in files:
            (folder / f"{name}.part").replace(folder / name)
    except OSError as error:
        found = f"it cannot be written to ({error.strerror})"
        raise UsageError(str(folder), found, "a folder one may write to", "Choose another folder.") from error
