"""Signatures by key: which hold, and what is said of those that do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from registry.signatures.signing import (
    bundle,
    message_bundle,
    payload,
    pem,
    sign,
    simple,
    statement,
    text,
    trust,
)

from steersman.registry.errors import SignatureAbsent, VerificationFailed
from steersman.registry.signatures.cosign import Refused, from_base64
from steersman.registry.signatures.evidence import Evidence, SimpleSignature, Subject, decode, encode, key_of
from steersman.registry.signatures.judging import judge
from steersman.registry.signatures.keys import fingerprint, load_public_key

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MANIFEST = b'{"schemaVersion":2}'
DIGEST = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32
SUBJECT = Subject("registry.example/charts/app", DIGEST, "sha256:" + "ef" * 32, MANIFEST, chart_name="app")

ANOTHER_KEY = "it was made with another key, or changed since"
KEY = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
P521 = ec.generate_private_key(ec.SECP521R1())
RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()


def verdict(evidence: Evidence, *keys) -> str:
    return judge(trust(*(keys or (KEY,))), evidence, SUBJECT, NOW).by


@pytest.mark.parametrize(
    ("key", "options"),
    [
        pytest.param(KEY, {}, id="P-256"),
        pytest.param(P384, {}, id="P-384 with SHA-256, as cosign 2"),
        pytest.param(P384, {"hashed": hashes.SHA384()}, id="P-384 with SHA-384, as cosign 3"),
        pytest.param(P521, {}, id="P-521 with SHA-256, as cosign 2"),
        pytest.param(P521, {"hashed": hashes.SHA512()}, id="P-521 with SHA-512, as cosign 3"),
        pytest.param(RSA, {}, id="RSA"),
        pytest.param(RSA, {"pss": True}, id="RSA with PSS"),
        pytest.param(ED25519, {}, id="Ed25519"),
    ],
)
def test_a_signature_by_a_trusted_key_holds(key, options):
    shown = fingerprint(load_public_key(pem(key), "k0.pub"))[:16]
    assert verdict(Evidence(simple=(simple(key, DIGEST, **options),)), key) == f"cosign key k0.pub (SHA-256 {shown})"


@pytest.mark.parametrize("key", [KEY, P384, P521, RSA, ED25519], ids=["P-256", "P-384", "P-521", "RSA", "Ed25519"])
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda key: bundle(key, statement(DIGEST)), id="statement"),
        pytest.param(lambda key: bundle(key, statement(DIGEST, kind="https://in-toto.io/Statement/v0.1")), id="v0.1"),
        pytest.param(lambda key: message_bundle(key, MANIFEST), id="the manifest itself"),
    ],
)
def test_a_bundle_by_a_trusted_key_holds(key, made):
    assert verdict(Evidence(bundles=(made(key),)), key).startswith("cosign key k0.pub ")


def test_one_good_signature_among_bad_ones_is_enough():
    evidence = Evidence(simple=(simple(STRANGER, DIGEST), simple(KEY, OTHER), simple(KEY, DIGEST)), bundles=(b"{",))
    assert verdict(evidence, P384, KEY).startswith("cosign key k1.pub ")


@pytest.mark.parametrize(
    ("evidence", "problem"),
    [
        pytest.param(
            Evidence(simple=(simple(STRANGER, DIGEST),)),
            ANOTHER_KEY,
            id="wrong key",
        ),
        pytest.param(
            Evidence(simple=(SimpleSignature(payload(DIGEST) + b" ", simple(KEY, DIGEST).signature),)),
            ANOTHER_KEY,
            id="tampered payload",
        ),
        pytest.param(
            Evidence(simple=(SimpleSignature(payload(DIGEST), "AAAA"),)),
            ANOTHER_KEY,
            id="no signature",
        ),
        pytest.param(
            Evidence(simple=(SimpleSignature(payload(DIGEST), "\u00e4"),)), "its signature is no base64", id="no base64"
        ),
        pytest.param(Evidence(simple=(simple(KEY, OTHER),)), f"it is a signature of {OTHER}", id="another digest"),
        pytest.param(
            Evidence(simple=(SimpleSignature(b"[]", text(sign(KEY, b"[]"))),)),
            "its payload cannot be read: Expected `object`, got `array`",
            id="unreadable payload",
        ),
        pytest.param(
            Evidence(
                simple=(
                    SimpleSignature(
                        payload(DIGEST, kind="atomic container signature"),
                        text(sign(KEY, payload(DIGEST, kind="atomic container signature"))),
                    ),
                )
            ),
            "its payload is a 'atomic container signature', not a 'cosign container image signature'",
            id="another type",
        ),
        pytest.param(
            Evidence(bundles=(bundle(STRANGER, statement(DIGEST)),)),
            ANOTHER_KEY,
            id="bundle by another key",
        ),
        pytest.param(
            Evidence(bundles=(bundle(KEY, statement(DIGEST)).replace(text(statement(DIGEST)).encode(), b"e30="),)),
            ANOTHER_KEY,
            id="tampered bundle",
        ),
        pytest.param(
            Evidence(bundles=(bundle(KEY, statement(OTHER)),)), f"it is a signature of {OTHER}", id="bundle of another"
        ),
        pytest.param(
            Evidence(bundles=(bundle(KEY, statement(DIGEST, predicate="https://slsa.dev/provenance/v1")),)),
            "it is no signature but an attestation (https://slsa.dev/provenance/v1)",
            id="attestation",
        ),
        pytest.param(
            Evidence(bundles=(bundle(KEY, statement(DIGEST, kind="https://example.com/Statement")),)),
            "its statement is of the unknown type 'https://example.com/Statement'",
            id="another statement",
        ),
        pytest.param(
            Evidence(bundles=(bundle(KEY, b"[]"),)),
            "its statement cannot be read: Expected `object`, got `array`",
            id="unreadable statement",
        ),
        pytest.param(
            Evidence(bundles=(bundle(KEY, statement(DIGEST), payload_type="text/plain"),)),
            "its payload is 'text/plain', not 'application/vnd.in-toto+json'",
            id="another payload",
        ),
        pytest.param(
            Evidence(bundles=(message_bundle(KEY, b"another manifest"),)),
            ANOTHER_KEY,
            id="another manifest",
        ),
        pytest.param(Evidence(bundles=(b"{}",)), "its bundle has no signature", id="empty bundle"),
        pytest.param(
            Evidence(bundles=(b"{",)), "its bundle cannot be read: Input data was truncated", id="unreadable bundle"
        ),
        pytest.param(
            Evidence(
                bundles=(json.dumps({"dsseEnvelope": {"payload": "", "payloadType": "", "signatures": []}}).encode(),)
            ),
            "its envelope has 0 signatures",
            id="unsigned envelope",
        ),
    ],
)
def test_what_does_not_hold_is_refused_with_what_to_do(evidence, problem):
    with pytest.raises(VerificationFailed) as caught:
        verdict(evidence)
    assert str(caught.value) == (
        f"registry.example/charts/app: no signature of {DIGEST} by the trusted keys (k0.pub): {problem} (sign it with "
        f"one of them: cosign sign --key cosign.key registry.example/charts/app@{DIGEST}; or, if another key is right, "
        "add it to the Secret of spec.chart.verify.secretRef)"
    )
    assert (caught.value.reason, caught.value.retryable) == ("VerificationFailed", False)


def test_what_nobody_signed_is_waited_for():
    with pytest.raises(SignatureAbsent) as caught:
        verdict(Evidence())
    assert str(caught.value) == (
        f"registry.example/charts/app: nobody signed {DIGEST} (sign it: cosign sign --key cosign.key "
        f"registry.example/charts/app@{DIGEST})"
    )
    assert (caught.value.reason, caught.value.retryable) == ("VerificationFailed", True)


def test_many_problems_are_counted():
    attestations = [f"https://example.com/{number}" for number in range(8)]
    bundles = tuple(bundle(KEY, statement(DIGEST, predicate=predicate)) for predicate in attestations)
    with pytest.raises(VerificationFailed) as caught:
        verdict(Evidence(bundles=bundles))
    assert len(caught.value.problems) == 6
    assert caught.value.problems[-1] == "and 3 more"


def test_evidence_is_kept_as_it_was():
    evidence = Evidence((simple(KEY, DIGEST),), (b"bundle",), b"provenance")
    assert decode(encode(evidence)) == evidence
    assert decode(encode(evidence)[:-1]) is None
    assert decode(b"") is None


def test_evidence_is_kept_apart_by_digest_and_by_what_was_demanded():
    kept = {key_of(digest, trust(*keys)) for digest in (DIGEST, OTHER) for keys in ([KEY], [KEY, P384], [P384])}
    assert len(kept) == 6


def test_base64_with_line_ends_is_read():
    assert from_base64("YWJj\n") == b"abc"
    with pytest.raises(Refused):
        from_base64("YWJj*")
