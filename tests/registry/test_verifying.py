"""Signatures of charts in registries and beside archives: where they are found, what is kept, what is asked anew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from registry.scripted import CHART, REPOSITORY, Reply, ScriptedServer, manifest_of, sha256
from registry.signatures.attaching import Contents, bundle_manifest, descriptor, manifest, referrers, simple_manifest
from registry.signatures.instance import Instance
from registry.signatures.openpgp_keys import new_key, provenance, public
from registry.signatures.signing import bundle, simple, statement, trust

from steersman.core.verification import OidcIdentity, SignedByIdentity, SignedProvenance, Verification
from steersman.registry.access import Access
from steersman.registry.cache import ChartCache
from steersman.registry.errors import (
    DigestMismatch,
    InvalidVerification,
    RegistryUnavailable,
    SignatureAbsent,
    VerificationFailed,
)
from steersman.registry.manifest import CONFIG_TYPE, CONTENT_TYPE, PROVENANCE_TYPE
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.signatures.finding import MAX_SIGNATURES
from steersman.registry.source import Charts, ChartSources

KEY = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
MANIFEST = manifest_of()
DIGEST = sha256(MANIFEST)
TRUST = trust(KEY)
INSTANCE = Instance()
WORKFLOW = SignedByIdentity((OidcIdentity("github", "^https://github.com/org/"),), INSTANCE.trusted_root())
# Its name is that of the repository, as `helm push` has it.
ANN = new_key(seconds=3600)
CHART_YAML = "name: demo\nversion: 1.0.0\n"
PROVENANCE = provenance(ANN, sha256(CHART), name="demo-1.0.0.tgz", chart_yaml=CHART_YAML)

SIGNATURE_TAG = DIGEST.replace(":", "-") + ".sig"
REFERRERS = f"GET /v2/{REPOSITORY}/referrers/{DIGEST}?artifactType=application%2Fvnd.dev.sigstore.bundle.v0.3%2Bjson"


class Clock:
    """The time that the sources go by."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


Start = Callable[[], Charts]


@pytest.fixture
async def start(tmp_path: Path, clock: Clock) -> AsyncIterator[Start]:
    """Sources with one cache, each time those of another process."""
    started: list[ChartSources] = []

    def begin() -> Charts:
        retry = RetryPolicy(attempts=1)
        cache = ChartCache(tmp_path / "cache")
        started.append(ChartSources(cache, retry=retry, reach=Reach(local=True), now=clock))
        return started[-1].source(Access(insecure=True))

    yield begin
    for sources in started:
        await sources.close()


@pytest.fixture
def contents(server: ScriptedServer) -> Contents:
    """A registry with one chart that nobody signed."""
    made = Contents(MANIFEST, blobs=(CHART,))
    server.script = lambda request: made.script(request)
    return made


def _in_parts(contents: Contents) -> None:
    contents.sign(MANIFEST, simple(STRANGER, DIGEST), simple(KEY, DIGEST))


def _by_api(contents: Contents) -> None:
    contents.attach(MANIFEST, bundle(STRANGER, statement(DIGEST)), bundle(KEY, statement(DIGEST)), api=True)


def _by_tag(contents: Contents) -> None:
    contents.attach(MANIFEST, bundle(KEY, statement(DIGEST)), api=False)


def _identity_in_parts(contents: Contents) -> None:
    contents.sign(MANIFEST, INSTANCE.simple(DIGEST))


def _identity_by_tag(contents: Contents) -> None:
    contents.attach(MANIFEST, INSTANCE.bundle(DIGEST), api=False)


@pytest.mark.parametrize(
    ("sign", "verification", "by"),
    [
        pytest.param(_in_parts, TRUST, "cosign key k0.pub ", id="key, cosign's tag"),
        pytest.param(_by_api, TRUST, "cosign key k0.pub ", id="key, referrers API"),
        pytest.param(_by_tag, TRUST, "cosign key k0.pub ", id="key, referrers tag"),
        pytest.param(
            _identity_in_parts, WORKFLOW, "cosign identity https://github.com/org/", id="identity, cosign's tag"
        ),
        pytest.param(
            _identity_by_tag, WORKFLOW, "cosign identity https://github.com/org/", id="identity, referrers tag"
        ),
    ],
)
async def test_signatures_are_found_wherever_cosign_puts_them(
    server: ScriptedServer,
    contents: Contents,
    start: Start,
    sign: Callable[[Contents], None],
    verification: Verification,
    by: str,
) -> None:
    sign(contents)
    assert (await start().verify(server.url, DIGEST, verification)).by.startswith(by)


async def test_the_places_are_asked_in_order(server: ScriptedServer, contents: Contents, start: Start) -> None:
    with pytest.raises(SignatureAbsent):
        await start().verify(server.url, DIGEST, TRUST)
    manifests = f"GET /v2/{REPOSITORY}/manifests/"
    asked = [manifests + DIGEST, manifests + SIGNATURE_TAG, REFERRERS, manifests + SIGNATURE_TAG.removesuffix(".sig")]
    assert server.paths() == asked


async def test_a_provenance_that_was_pushed_with_the_chart(server: ScriptedServer, start: Start) -> None:
    server.script = _with_provenance(PROVENANCE).script
    verified = await start().verify(server.url, _DIGEST_WITH[PROVENANCE], SignedProvenance((public(ANN),)))
    assert verified.by.startswith("provenance by Ann <ann@example.com> (")


_DIGEST_WITH: dict[bytes, str] = {}


def _with_provenance(data: bytes, served: bytes | None = None) -> Contents:
    made = manifest(CONFIG_TYPE, descriptor(CONTENT_TYPE, CHART), descriptor(PROVENANCE_TYPE, data))
    _DIGEST_WITH[data] = sha256(made)
    contents = Contents(made, blobs=(CHART,))
    contents.replies[f"blobs/{sha256(data)}"] = Reply(200, data if served is None else served)
    return contents


@pytest.mark.parametrize("sign", [_in_parts, _by_api, _by_tag])
async def test_what_passed_is_judged_again_without_a_request_also_after_a_restart(
    server: ScriptedServer, contents: Contents, start: Start, sign: Callable[[Contents], None]
) -> None:
    sign(contents)
    source = start()
    assert await source.verified_before(server.url, DIGEST, TRUST) is None
    assert server.requests == []
    verified = await source.verify(server.url, DIGEST, TRUST)
    asked = len(server.requests)
    server.script = lambda request: Reply(503)
    assert await source.verify(server.url, DIGEST, TRUST) == verified
    assert await start().verify(server.url, DIGEST, TRUST) == verified
    assert await start().verified_before(server.url, DIGEST, TRUST) == verified
    other = trust(ec.generate_private_key(ec.SECP256R1()))
    assert await start().verified_before(server.url, DIGEST, other) is None
    assert len(server.requests) == asked


async def test_many_releases_ask_once(server: ScriptedServer, contents: Contents, start: Start) -> None:
    _in_parts(contents)
    source = start()
    found = await asyncio.gather(*(source.verify(server.url, DIGEST, TRUST) for _ in range(50)))
    assert len(set(found)) == 1
    assert len(server.requests) == len({request.path for request in server.requests})


async def test_another_demand_is_another_question(server: ScriptedServer, contents: Contents, start: Start) -> None:
    _in_parts(contents)
    source = start()
    await source.verify(server.url, DIGEST, TRUST)
    with pytest.raises(VerificationFailed) as caught:
        await source.verify(server.url, DIGEST, trust(ec.generate_private_key(ec.SECP256R1())))
    assert not isinstance(caught.value, SignatureAbsent)


async def test_what_was_unsigned_is_looked_for_again(server: ScriptedServer, contents: Contents, start: Start) -> None:
    source = start()
    with pytest.raises(SignatureAbsent):
        await source.verify(server.url, DIGEST, TRUST)
    _in_parts(contents)
    assert await source.verify(server.url, DIGEST, TRUST)


async def test_a_registry_that_is_down_is_no_bad_signature(
    server: ScriptedServer, contents: Contents, start: Start
) -> None:
    server.script = lambda request: Reply(503)
    with pytest.raises(RegistryUnavailable):
        await start().verify(server.url, DIGEST, TRUST)


async def test_a_key_that_expired_since_is_found_out(server: ScriptedServer, start: Start, clock: Clock) -> None:
    server.script = _with_provenance(PROVENANCE).script
    source = start()
    demanded = SignedProvenance((public(ANN),))
    await source.verify(server.url, _DIGEST_WITH[PROVENANCE], demanded)
    clock.time += timedelta(hours=2)
    with pytest.raises(VerificationFailed, match="a key that has expired"):
        await source.verify(server.url, _DIGEST_WITH[PROVENANCE], demanded)


async def test_evidence_that_was_damaged_is_fetched_again(
    server: ScriptedServer, contents: Contents, start: Start, tmp_path: Path
) -> None:
    _in_parts(contents)
    verified = await start().verify(server.url, DIGEST, TRUST)
    (kept,) = (tmp_path / "cache").glob("charts-v1/??/named*")
    kept.write_bytes(kept.read_bytes()[:-1] + b"!")
    assert await start().verify(server.url, DIGEST, TRUST) == verified


@pytest.mark.parametrize("status", [400, 404, 405, 406, 501])
async def test_a_registry_without_the_referrers_api(
    server: ScriptedServer, contents: Contents, start: Start, status: int
) -> None:
    _by_tag(contents)
    contents.replies[f"referrers/{DIGEST}"] = Reply(status)
    assert await start().verify(server.url, DIGEST, TRUST)


async def test_a_list_of_referrers_in_pages(server: ScriptedServer, contents: Contents, start: Start) -> None:
    first, second = (bundle(key, statement(DIGEST)) for key in (STRANGER, KEY))
    contents.attach(MANIFEST, first, second, api=True)
    pages = [referrers(bundle_manifest(one, MANIFEST)) for one in (first, second)]
    more = {"Link": f'</v2/{REPOSITORY}/referrers/{DIGEST}/2>; rel="next"'}
    contents.replies[f"referrers/{DIGEST}"] = Reply(200, pages[0], more)
    contents.replies[f"referrers/{DIGEST}/2"] = Reply(200, pages[1])
    assert await start().verify(server.url, DIGEST, TRUST)


async def test_only_the_newest_of_many_signatures_are_fetched(
    server: ScriptedServer, contents: Contents, start: Start
) -> None:
    signatures = [simple(KEY, "sha256:" + f"{number:064x}") for number in range(MAX_SIGNATURES + 8)]
    contents.sign(MANIFEST, *signatures)
    with pytest.raises(VerificationFailed):
        await start().verify(server.url, DIGEST, TRUST)
    assert len([path for path in server.paths() if "/blobs/" in path]) == MAX_SIGNATURES


async def test_attestations_that_say_so_are_not_fetched(
    server: ScriptedServer, contents: Contents, start: Start
) -> None:
    made = bundle(KEY, statement(DIGEST, predicate="https://spdx.dev/Document"))
    contents.attach(MANIFEST, made, api=True)
    index = json.loads(contents.replies[f"referrers/{DIGEST}"].body)
    index["manifests"][0]["annotations"] = {"dev.sigstore.bundle.predicateType": "https://spdx.dev/Document"}
    contents.replies[f"referrers/{DIGEST}"] = Reply(200, json.dumps(index).encode())
    with pytest.raises(SignatureAbsent):
        await start().verify(server.url, DIGEST, TRUST)
    assert not [path for path in server.paths() if "/blobs/" in path]


GOOD = simple(KEY, DIGEST)
SIGNATURE = f"blobs/{sha256(GOOD.payload)}"


@pytest.mark.parametrize(
    ("replaced", "reply", "problem"),
    [
        pytest.param(SIGNATURE, Reply(200, GOOD.payload[:-1] + b"!"), "a signature is sha256:", id="other bytes"),
        pytest.param(SIGNATURE, Reply(200, GOOD.payload + b" "), "a signature is longer than its ", id="more bytes"),
        pytest.param(SIGNATURE, Reply(404), f"the blob {sha256(GOOD.payload)} was not found", id="no blob"),
        pytest.param(
            f"manifests/{SIGNATURE_TAG}",
            Reply(200, b"{"),
            "the manifest of its signatures cannot be read: ",
            id="no manifest",
        ),
        pytest.param(
            f"manifests/{SIGNATURE_TAG}",
            Reply(200, simple_manifest(GOOD).replace(sha256(GOOD.payload).encode(), b"md5:x")),
            "a signature has the digest 'md5:x'",
            id="no digest",
        ),
        pytest.param(
            f"manifests/{SIGNATURE_TAG}",
            Reply(200, simple_manifest(GOOD).replace(f'"size": {len(GOOD.payload)}'.encode(), b'"size": 9999999')),
            "a signature (9999999 bytes) is larger than 65536 bytes",
            id="too large",
        ),
        pytest.param(
            f"referrers/{DIGEST}", Reply(200, b"[]"), "the list of its referrers cannot be read: ", id="no list"
        ),
    ],
)
async def test_signatures_that_are_not_served_as_they_are_named_do_not_count(
    server: ScriptedServer, contents: Contents, start: Start, replaced: str, reply: Reply, problem: str
) -> None:
    if not replaced.startswith("referrers"):
        contents.sign(MANIFEST, GOOD)
    contents.replies[replaced] = reply
    with pytest.raises(VerificationFailed) as caught:
        await start().verify(server.url, DIGEST, TRUST)
    assert not caught.value.retryable
    assert caught.value.problems[0].startswith(problem)


async def test_a_bad_one_does_not_stand_in_the_way_of_a_good_one(
    server: ScriptedServer, contents: Contents, start: Start
) -> None:
    bad = simple(STRANGER, "sha256:" + "00" * 32)
    contents.sign(MANIFEST, bad, GOOD)
    contents.replies[f"blobs/{sha256(bad.payload)}"] = Reply(404)
    contents.replies[f"referrers/{DIGEST}"] = Reply(200, referrers(b"absent"))
    assert await start().verify(server.url, DIGEST, TRUST)


async def test_a_provenance_that_is_not_served_as_it_is_named(server: ScriptedServer, start: Start) -> None:
    server.script = _with_provenance(PROVENANCE, PROVENANCE + b"\n").script
    with pytest.raises(VerificationFailed) as caught:
        await start().verify(server.url, _DIGEST_WITH[PROVENANCE], SignedProvenance((public(ANN),)))
    assert caught.value.message.startswith(
        f"{server.host}/{REPOSITORY}: the provenance file does not hold: the provenance file is longer than its "
    )


async def test_another_manifest_than_the_pinned_one_is_not_even_looked_at(
    server: ScriptedServer, contents: Contents, start: Start
) -> None:
    contents.sign(MANIFEST, GOOD)
    contents.manifest(DIGEST, MANIFEST + b" ")
    with pytest.raises(DigestMismatch):
        await start().verify(server.url, DIGEST, TRUST)


async def test_a_provenance_beside_an_archive(server: ScriptedServer, start: Start) -> None:
    beside = {"/charts/demo-1.0.0.tgz.prov": Reply(200, PROVENANCE)}
    server.script = lambda request: beside.get(request.path, Reply(404))
    url, demanded = f"http://{server.host}/charts/demo-1.0.0.tgz", SignedProvenance((public(ANN),))
    source = start()
    verified = await source.verify(url, sha256(CHART), demanded)
    assert verified.by.startswith("provenance by Ann <ann@example.com> (")
    server.script = lambda request: Reply(503)
    assert await start().verify(url, sha256(CHART), demanded) == verified


async def test_an_archive_without_provenance(server: ScriptedServer, start: Start) -> None:
    with pytest.raises(SignatureAbsent):
        await start().verify(f"http://{server.host}/demo-1.0.0.tgz", sha256(CHART), SignedProvenance((public(ANN),)))


async def test_cosign_of_an_archive_is_refused_for_what_it_is(server: ScriptedServer, start: Start) -> None:
    with pytest.raises(InvalidVerification, match=r"and this one comes by HTTP .*provider to provenance"):
        await start().verify(f"http://{server.host}/demo-1.0.0.tgz", sha256(CHART), TRUST)
    assert server.requests == []
