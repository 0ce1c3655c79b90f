"""The product with its lake in an object store."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from obstore.store import S3Store

from tests.bucket_server import BucketServer
from tests.journey.pledge import Pledge


class InBucket(Pledge):
    """`pledge` whose lake is `pledge/lake` in a bucket, and whose store, cache and files lie below a folder."""

    def __init__(self, folder: Path, server: BucketServer, bucket: str) -> None:
        super().__init__(folder)
        self.server, self.bucket = server, bucket
        self.address = f"s3://{bucket}/pledge/lake"
        self.cache = folder / "cache"

    @property
    def places(self) -> list[str]:
        return ["--lake", self.address, "--store", self.store]

    @property
    def environ(self) -> dict[str, str]:
        beside = {"PLEDGE_CACHE": str(self.cache), "PLEDGE_PUBLISHED": str(self.folder / "published")}
        return {**self.server.environ, **beside}

    @contextmanager
    def at_home(self) -> Iterator[None]:
        """With its settings, and nothing else of the product's, in the environment, and its folder the working one."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("PLEDGE_", "AWS_"))]:
                patch.delenv(name)
            for name, value in self.environ.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            yield

    @property
    def objects(self) -> S3Store:
        said = {name.lower(): value for name, value in self.server.environ.items()}
        del said["aws_allow_http"]
        return S3Store(self.bucket, config=said, client_options={"allow_http": True})  # type: ignore[arg-type]

    def names(self, ending: str = "") -> set[str]:
        return {each["path"] for each in obstore.list(self.objects).collect() if each["path"].endswith(ending)}

    def content(self, name: str) -> bytes:
        return bytes(obstore.get(self.objects, name).bytes())

    def holding(self, text: str) -> list[str]:
        """The objects in which a text stands, in any byte, or in any value of what is compressed."""
        return sorted(name for name in self.names() if holds(name, self.content(name), text))

    def copies(self) -> dict[str, int]:
        """Each copy in the cache, with when it was fetched."""
        return {path.name: path.stat().st_mtime_ns for path in self.cache.rglob("*.parquet")}


def begun(folder: Path, server: BucketServer) -> InBucket:
    name = f"lakes-{uuid.uuid4().hex[:12]}"
    server.make(name)
    return InBucket(folder, server, name)


def holds(name: str, content: bytes, text: str) -> bool:
    if text.encode() in content:
        return True
    return name.endswith(".parquet") and text in str(pq.read_table(pa.BufferReader(content)).to_pydict())
