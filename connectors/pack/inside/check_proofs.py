"""Check this pack's proofs: `python check_proofs.py [public-key.pem]`. The standard library does, but for signatures.

The format is `policing-pledge-manifest/1`: every hash is SHA-256 over canonical JSON (RFC 8785), every signature
Ed25519 over the 32 bytes of a manifest's hash. Signatures are checked where the package `cryptography` is installed.
"""

import csv
import hashlib
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
KEY = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE / "proofs" / "public-key.pem"
os.chdir(HERE)
PROOFS = pathlib.Path("proofs")
SAID = (
    "standard measure force area neighbourhood period period_start verdict numerator denominator cases met missed "
    "pending unknown excluded timed"
).split()
broken: list[str] = []


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def expect(holds: bool, sentence: str) -> None:
    if not holds:
        broken.append(sentence)


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (PROOFS / name).read_text("utf-8").splitlines()]


for listed in pathlib.Path("SHA256SUMS").read_text("utf-8").splitlines():
    expected, name = listed.split("  ", 1)
    expect(digest(pathlib.Path(name).read_bytes()) == expected, f"{name} is not the file the pack was made with")

manifests, before = {}, ""
for position, run in enumerate(lines("chain.jsonl"), 1):
    manifests[run["run_id"]] = said = json.loads(run["manifest"])
    expect(digest(run["manifest"].encode()) == run["hash"], f"the manifest of run {run['run_id']} has another hash")
    linked = said["previous_hash"] == before and said["position"] == position
    expect(linked, f"run {run['run_id']} does not follow the run before it")
    before = run["hash"]

for seals in sorted(PROOFS.glob("seals-*.tsv")):
    said = manifests[seals.stem.removeprefix("seals-")]
    expect(digest(seals.read_bytes()) == said["seals"]["sha256"], f"{seals.name} is not what the run sealed")

with pathlib.Path("figures.csv").open(encoding="utf-8", newline="") as file:
    published = list(csv.DictReader(file))
rows = (PROOFS / "figures.jsonl").read_bytes().splitlines()
expect(len(rows) == len(published), "there are not as many sealed figures as published ones")
for line, figure in zip(rows, published, strict=False):
    sealed = json.loads(line)
    where = f"{sealed['measure']} of {sealed['force']}, {sealed['period']} from {sealed['period_start']}"
    kept = (PROOFS / f"seals-{sealed['run_id']}.tsv").read_text("utf-8")
    expect(f"\t{digest(line)}\n" in kept, f"the figure {where} is not among what its run sealed")
    same = all(figure.get(name) in (str(sealed[name]), f"'{sealed[name]}") for name in SAID)
    expect(same, f"figures.csv does not say of {where} what was sealed")

judged = json.loads((PROOFS / "manifest.json").read_bytes())
expect(judged in manifests.values(), "manifest.json is not in the chain")
for path in sorted(pathlib.Path("standards").glob("*.yaml")):
    known = [each["sha256"] for each in judged["standards"].values()]
    expect(digest(path.read_bytes()) in known, f"{path.name} is not the file the run judged by")

try:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
except ImportError:
    print("Signatures are not checked: the package `cryptography` is not installed.")
else:
    public = load_pem_public_key(KEY.read_bytes())
    for run in lines("chain.jsonl"):
        try:
            public.verify(bytes.fromhex(run["signature"]), bytes.fromhex(run["hash"]))  # type: ignore[union-attr,call-arg]
        except Exception:
            expect(False, f"run {run['run_id']} is not signed by the key {KEY}")

for sentence in broken:
    print(sentence)
print("The proofs do not hold." if broken else "The proofs hold.")
sys.exit(bool(broken))
