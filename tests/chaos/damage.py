"""Damage to the files of a lake or a store, drawn at random; each returns what it did, in words."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from deltalake import DeltaTable

TABLES = ("calls", "cases", "seals")
Damage = Callable[[Path, random.Random], Path]


def _bytes_flipped(path: Path, drawn: random.Random) -> Path:
    held = bytearray(path.read_bytes())
    for _ in range(drawn.choice((1, 8, 200))):
        held[drawn.randrange(len(held))] ^= 1 << drawn.randrange(8)
    path.write_bytes(held)
    return path


def _cut(path: Path, drawn: random.Random) -> Path:
    path.write_bytes(path.read_bytes()[: drawn.randrange(path.stat().st_size)])
    return path


def _parquet(folder: Path, drawn: random.Random) -> Path:
    table = folder / "lake" / drawn.choice(TABLES)
    return Path(drawn.choice(sorted(DeltaTable(str(table)).file_uris())))


def _log(folder: Path, drawn: random.Random, pattern: str) -> Path:
    return drawn.choice(sorted((folder / "lake" / drawn.choice(TABLES) / "_delta_log").glob(pattern)))


def checkpoint(folder: Path) -> None:
    """Write a checkpoint of every table, as Delta does after so many commits."""
    for name in TABLES:
        DeltaTable(str(folder / "lake" / name)).create_checkpoint()


def parquet_flipped(folder: Path, drawn: random.Random) -> Path:
    return _bytes_flipped(_parquet(folder, drawn), drawn)


def parquet_cut(folder: Path, drawn: random.Random) -> Path:
    return _cut(_parquet(folder, drawn), drawn)


def parquet_gone(folder: Path, drawn: random.Random) -> Path:
    path = _parquet(folder, drawn)
    path.unlink()
    return path


def commit_cut(folder: Path, drawn: random.Random) -> Path:
    return _cut(_log(folder, drawn, "*.json"), drawn)


def commit_flipped(folder: Path, drawn: random.Random) -> Path:
    return _bytes_flipped(_log(folder, drawn, "*.json"), drawn)


def commit_gone(folder: Path, drawn: random.Random) -> Path:
    path = _log(folder, drawn, "*.json")
    path.unlink()
    return path


def checkpoint_flipped(folder: Path, drawn: random.Random) -> Path:
    return _bytes_flipped(_log(folder, drawn, "*.checkpoint.parquet"), drawn)


def checkpoint_gone(folder: Path, drawn: random.Random) -> Path:
    path = _log(folder, drawn, "*.checkpoint.parquet")
    path.unlink()
    return path


def last_checkpoint_is_nonsense(folder: Path, drawn: random.Random) -> Path:
    path = _log(folder, drawn, "_last_checkpoint")
    path.write_text(drawn.choice(("", "nonsense", "[]", '{"version": 999, "size": 1}', '{"version": -1}')))
    return path


def store_flipped(folder: Path, drawn: random.Random) -> Path:
    return _bytes_flipped(_whole(folder), drawn)


def store_cut(folder: Path, drawn: random.Random) -> Path:
    return _cut(_whole(folder), drawn)


def store_is_text(folder: Path, _: random.Random) -> Path:
    path = _whole(folder)
    path.write_text("This is no database.\n" * 200)
    return path


def wal_flipped(folder: Path, drawn: random.Random) -> Path:
    return _bytes_flipped(_wal(folder), drawn)


def wal_cut(folder: Path, drawn: random.Random) -> Path:
    return _cut(_wal(folder), drawn)


def _wal(folder: Path) -> Path:
    """All pages of the store in its write-ahead log, as a process leaves it that is killed."""
    store, kept = folder / "pledge.sqlite", folder / "kept.sqlite"
    with closing(sqlite3.connect(store)) as conn:
        conn.execute("PRAGMA wal_autocheckpoint = 0")
        conn.execute("VACUUM")
        for ending in ("", "-wal"):
            shutil.copy(f"{store}{ending}", f"{kept}{ending}")
    for ending in ("", "-wal"):
        Path(f"{kept}{ending}").replace(f"{store}{ending}")
    return Path(f"{store}-wal")


def _whole(folder: Path) -> Path:
    """The store in one file."""
    path = folder / "pledge.sqlite"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


KINDS: tuple[Damage, ...] = (
    parquet_flipped, store_flipped, commit_cut, store_cut, parquet_cut, last_checkpoint_is_nonsense, commit_gone,
    parquet_gone, store_is_text, checkpoint_flipped, wal_flipped, commit_flipped, checkpoint_gone, wal_cut,
)  # fmt: skip
