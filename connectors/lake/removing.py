"""The only vacuum there is: files that held erased records, and what Delta's own log says of their content.

Delta's vacuum would take every old version of every force with it, so that no earlier run could be judged again. Here
only the files named go. The log keeps their names, by which the audit chain knows them; the statistics of their
columns, which repeat values, are taken out of it, and checkpoints are made anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from urllib.parse import unquote

from deltalake import DeltaTable
from pyarrow import fs

from connectors.lake.seals import file_system
from connectors.lake.tables import Lake


def remove(lake: Lake, name: str, paths: Collection[str]) -> None:
    """Remove data files (below the lake) of a table for good; what is gone already is passed over.

    Half-written files of killed writers go too, however young: nobody can tell what they hold.
    """
    base = f"{lake.location}/{name}"
    system, inside = file_system(base)
    files = {path.removeprefix(f"{name}/") for path in paths}
    for file in files:
        with suppress(FileNotFoundError):
            system.delete_file(f"{inside}/{file}")
    log = f"{inside}/_delta_log"
    for each in system.get_file_info(fs.FileSelector(inside, recursive=True, allow_not_found=True)):
        if each.type == fs.FileType.File and (".parquet#" in each.path or each.path.endswith(".tmp")):
            system.delete_file(each.path)
    for each in system.get_file_info(fs.FileSelector(log, allow_not_found=True)):
        if each.path.endswith(".json"):
            _without_statistics(system, each.path, files)
    _checkpoint_again(system, log, base)
    lake.forget(name)


def _without_statistics(system: fs.FileSystem, path: str, files: Collection[str]) -> None:
    """Take the statistics of some files out of one commit; a reader meets the old commit or the new one whole."""
    with system.open_input_stream(path) as stream:
        lines = stream.read().decode().splitlines()
    kept = [_redacted(line, files) for line in lines]
    if kept == lines:
        return
    part = f"{path}.redacted.tmp"
    with system.open_output_stream(part) as stream:
        stream.write("\n".join([*kept, ""]).encode())
    system.move(part, path)


def _redacted(line: str, files: Collection[str]) -> str:
    action = json.loads(line) if line.strip() else {}
    for kind in ("add", "remove"):
        said = action.get(kind)
        if said and "stats" in said and unquote(said["path"]) in files:
            del said["stats"]
            return json.dumps(action, separators=(",", ":"))
    return line


def _checkpoint_again(system: fs.FileSystem, log: str, base: str) -> None:
    listed = system.get_file_info(fs.FileSelector(log, recursive=True, allow_not_found=True))
    old = [each.path for each in listed if ".checkpoint." in each.path or each.path.endswith("_last_checkpoint")]
    for path in old:
        with suppress(FileNotFoundError):
            system.delete_file(path)
    if old:
        DeltaTable(base).create_checkpoint()
