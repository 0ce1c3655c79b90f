"""The key that signs what a run says (Ed25519): made on first use, read ever after."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from checks.errors import UsageError

PUBLIC = ".pub"


def signing_key(path: Path) -> tuple[Ed25519PrivateKey, bool]:
    """The private key in a PEM file, and whether it was made just now; its public half is laid beside it (`.pub`).

    Of several processes that find none one makes it; all use that one.

    Raises:
        UsageError: the file cannot be read or written, or holds no Ed25519 key.
    """
    made = False
    try:
        if not path.exists():
            made = _make(path)
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        found = f"it cannot be used ({error.strerror})"
        raise _unusable(path, found, "a file this user may read, or a folder to make it in") from error
    except (ValueError, TypeError) as error:
        raise _unusable(path, "it holds no key, or one behind a password", "an Ed25519 key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(path, "it holds another kind of key", "an Ed25519 key in PEM")
    return key, made


def secret_of(path: Path) -> bytes:
    """The bytes of the private key, for what is to be known only to whoever holds it."""
    return signing_key(path)[0].private_bytes_raw()


def _unusable(path: Path, found: str, expected: str) -> UsageError:
    return UsageError(f"signing key {path}", found, expected, "Correct PLEDGE_SIGNING_KEY, or restore the key.")


def _make(path: Path) -> bool:
    """Write a new key; False when another process was faster. A reader never sees half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    finally:
        part.unlink()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with suppress(OSError):  # whoever wants it can make it from the key
        path.with_name(path.name + PUBLIC).write_bytes(pem)
    return True


def public_key(path: Path) -> str:
    """The public key in a PEM file, as `sign` writes it; raises UsageError where there is none."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        found, expected = f"it cannot be read ({error.strerror})", "the public key of the signing key, in PEM"
        raise UsageError(f"public key {path}", found, expected, "Name its file with --public-key.") from error
    except ValueError as error:
        raise UsageError(f"public key {path}", "it holds no key", "an Ed25519 key in PEM", "Name another.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"public key {path}", "it holds another kind of key", "an Ed25519 key in PEM", "Name another.")
    return _hex(key)


def pem_of(public: str) -> bytes:
    """A public key in hexadecimal, as `sign` writes it, in PEM."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def sign(key: Ed25519PrivateKey, sha256: str) -> tuple[str, str]:
    """The signature of a hash and the public key that checks it, both in hexadecimal."""
    return key.sign(bytes.fromhex(sha256)).hex(), _hex(key.public_key())


def is_signed(public: str, signature: str, sha256: str) -> bool:
    """Whether a signature was made of this hash by the private half of a public key (all hexadecimal)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(signature), bytes.fromhex(sha256)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
