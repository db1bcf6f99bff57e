"""Targets: what lies beside a chart and may be a signature, keyrings, provenance files, the cache's evidence.

A signature of the right kind cannot be found by chance, so inputs are signed here where a reader comes after the check.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from fuzz.strategies import as_json, joined, json_like, parts_of, soup
from fuzz.target import Target
from hypothesis import strategies as st
from registry.signatures.instance import Instance
from registry.signatures.openpgp_keys import armored, clearsigned, keybox, new_key, provenance, public
from registry.signatures.signing import bundle, message_bundle, payload, sign, simple, statement, text, trust

from steersman.core.verification import OidcIdentity, SignedByIdentity, SignedProvenance
from steersman.registry.cache import digest_of
from steersman.registry.errors import VerificationFailed
from steersman.registry.signatures.evidence import Evidence, SimpleSignature, Subject, decode
from steersman.registry.signatures.finding import find_signatures
from steersman.registry.signatures.judging import judge
from steersman.registry.signatures.openpgp import read_keyring

_NOW = datetime(2026, 11, 29, tzinfo=UTC)
_MANIFEST = b"{}"
_DIGEST = digest_of(_MANIFEST)
_SUBJECT = Subject("registry.example/app", _DIGEST, _DIGEST, _MANIFEST, chart_name="app")


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _ann():  # type: ignore[no-untyped-def]
    return new_key()


@cache
def _instance() -> tuple[Instance, SignedByIdentity]:
    instance = Instance()
    return instance, SignedByIdentity((OidcIdentity(".", "."),), instance.trusted_root())


def _by_key(data: bytes) -> None:
    """Payloads, statements and bundles; each also as something that the trusted key signed."""
    signed, loose = parts_of(data, 2)
    evidence = Evidence(
        simple=(SimpleSignature(signed, text(sign(_key(), signed))), SimpleSignature(loose, loose.decode("latin-1"))),
        bundles=(bundle(_key(), signed), loose),
    )
    judge(trust(_key()), evidence, _SUBJECT, _NOW)


def _keyless(data: bytes) -> None:
    bundled, rekor = parts_of(data, 2)
    demanded, parts = _instance()[1], _parts()
    evidence = Evidence(
        bundles=(bundled,),
        simple=(
            SimpleSignature(parts.payload, parts.signature, parts.certificate, rekor.decode("latin-1")),
            SimpleSignature(parts.payload, parts.signature, rekor.decode("latin-1"), parts.rekor),
        ),
    )
    judge(demanded, evidence, _SUBJECT, _NOW)


@cache
def _parts() -> SimpleSignature:
    return _instance()[0].simple("sha256:" + "0" * 64)


def _keyring(data: bytes) -> None:
    read_keyring(data, "here")


def _provenance(data: bytes) -> None:
    """A text that Ann signed, and one as it comes."""
    demanded = SignedProvenance((public(_ann()),))
    signed, loose = parts_of(data, 2)
    for each in (clearsigned(_ann(), signed.decode("utf-8", "replace")), loose):
        try:
            judge(demanded, Evidence(provenance=each), _SUBJECT, _NOW)
        except VerificationFailed:
            continue


class _Repository:
    """A registry whose every answer is the input."""

    def __init__(self, data: bytes) -> None:
        self._manifest, self._index, self._blob = parts_of(data, 3)

    def tagged(self, tag: str) -> bytes:
        return self._manifest if tag.endswith(".sig") else self._index

    def referrers(self, digest: str, artifact_type: str) -> list[bytes]:
        return [self._index]

    def manifest(self, digest: str) -> bytes:
        return self._manifest

    def blob(self, descriptor: object, what: str, *, limit: int) -> bytes:
        return self._blob


def _attached(data: bytes) -> None:
    evidence = find_signatures(_Repository(data), _DIGEST)  # type: ignore[arg-type]
    judge(trust(_key()), evidence, _SUBJECT, _NOW)


def _evidence(data: bytes) -> None:
    evidence = decode(data)
    if evidence is not None:
        judge(trust(_key()), evidence, _SUBJECT, _NOW)


_WORDS = (
    "critical", "image", "docker-manifest-digest", "type", "cosign container image signature", "_type", "predicateType",
    "https://in-toto.io/Statement/v1", "https://sigstore.dev/cosign/sign/v1", "subject", "digest", "sha256", _DIGEST,
    "dsseEnvelope", "payload", "payloadType", "application/vnd.in-toto+json", "signatures", "sig", "messageSignature",
    "signature", "mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial", "certificate",
    "rawBytes", "tlogEntries", "SignedEntryTimestamp", "Payload", "body", "integratedTime", "logIndex", "logID",
)  # fmt: skip
_LISTED = (
    "manifests", "layers", "mediaType", "digest", "size", "artifactType", "annotations", _DIGEST,
    "application/vnd.dev.sigstore.bundle.v0.3+json", "application/vnd.dev.cosign.simplesigning.v1+json",
    "dev.cosignproject.cosign/signature", "dev.sigstore.cosign/certificate", "dev.sigstore.cosign/bundle",
)  # fmt: skip
_PROVENANCE = (
    b"name: app\n", b"version: 1.2.3\n", b"\n...\n", b"files:\n", b"  app-1.2.3.tgz: ", _DIGEST.encode(), b"\n",
    b"-----BEGIN PGP SIGNED MESSAGE-----\n", b"Hash: SHA512\n\n", b"-----BEGIN PGP SIGNATURE-----\n", b"- ",
    b"-----END PGP SIGNATURE-----\n", b"=AAAA\n", b"wsBcBAEBCgAQ",
)  # fmt: skip


def _quoted(words: tuple[str, ...]) -> tuple[bytes, ...]:
    return (*(f'"{word}"'.encode() for word in words), b"{", b"}", b"[", b"]", b":", b",", b"\x1e")


def _made(make: Callable[[], list[bytes]]) -> st.SearchStrategy[bytes]:
    """Examples that are made when the first is drawn, since keys take their time."""
    return st.deferred(lambda: st.sampled_from(make()))


_json = json_like(_WORDS).map(as_json)
_listed = json_like(_LISTED).map(as_json)

TARGETS = (
    Target(
        "signature",
        _by_key,
        joined(
            _json | _made(lambda: [payload(_DIGEST), statement(_DIGEST)]),
            _json | _made(lambda: [bundle(_key(), statement(_DIGEST)), message_bundle(_key(), _MANIFEST)]),
        ),
        _quoted(_WORDS),
    ),
    Target(
        "keyless",
        _keyless,
        joined(
            _json | _made(lambda: [_instance()[0].bundle(_DIGEST), _instance()[0].message_bundle(_MANIFEST)]),
            _json | _made(lambda: [_parts().rekor.encode(), _parts().certificate.encode()]),
        ),
        _quoted(_WORDS),
    ),
    Target(
        "keyring",
        _keyring,
        st.binary(max_size=64) | _made(lambda: [public(_ann()), armored(_ann()), keybox((2, 0, public(_ann())))]),
        (
            b"KBXf",
            b"\x00\x00\x00\x20",
            b"\x02\x01\x00\x00",
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n",
            b"\xc6\xff\x99",
        ),
    ),
    Target(
        "provenance",
        _provenance,
        joined(soup(_PROVENANCE), soup(_PROVENANCE) | _made(lambda: [provenance(_ann(), _DIGEST)])),
        (*_PROVENANCE, b"\x1e"),
    ),
    Target(
        "attached",
        _attached,
        joined(_listed, _listed, _json | _made(lambda: [payload(_DIGEST), simple(_key(), _DIGEST).payload])),
        _quoted(_LISTED),
    ),
    Target("evidence", _evidence, st.binary(max_size=200), (b"\x84", b"\xa6simple", b"\xa7bundles", b"\xaaprovenance")),
)
