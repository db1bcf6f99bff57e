"""Keyless signatures of an instance of our own, through sigstore's own verifier."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import sys
from datetime import UTC, datetime, timedelta

import pytest
from registry.signatures.instance import ISSUER, SUBJECT, Instance
from registry.signatures.signing import bundle as keyed_bundle
from registry.signatures.signing import payload, simple, statement

from steersman.core.verification import OidcIdentity, SignedByIdentity
from steersman.registry.errors import InvalidTrust, InvalidVerification, SignatureAbsent, VerificationFailed
from steersman.registry.signatures.evidence import Evidence, SimpleSignature, Subject
from steersman.registry.signatures.judging import judge
from steersman.registry.signatures.keyless import KeylessVerifier

NOW = datetime(2026, 11, 29, tzinfo=UTC)
MANIFEST = b'{"schemaVersion":2}'
DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()
OTHER = "sha256:" + "cd" * 32
PLACE = Subject("registry.example/charts/app", DIGEST, "sha256:" + "ef" * 32, MANIFEST, chart_name="app")
WORKFLOW = OidcIdentity("^https://token\\.actions\\.githubusercontent\\.com$", "^https://github\\.com/org/charts/")
OURS = Instance()
THEIRS = Instance()
WHO = f"cosign identity {SUBJECT} of {ISSUER}"


def trust(*identities: OidcIdentity, instance: Instance = OURS) -> SignedByIdentity:
    return SignedByIdentity(identities or (WORKFLOW,), instance.trusted_root())


def problem(evidence: Evidence, verification: SignedByIdentity | None = None) -> str:
    with pytest.raises(VerificationFailed) as caught:
        judge(verification or trust(), evidence, PLACE, NOW)
    assert caught.value.reason == "VerificationFailed"
    assert not caught.value.retryable
    (only,) = caught.value.problems
    return only


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever sigstore thinks that it needs."""

    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(Evidence(bundles=(OURS.bundle(DIGEST),)), id="bundle with a statement"),
        pytest.param(Evidence(bundles=(OURS.message_bundle(MANIFEST),)), id="bundle of the manifest itself"),
        pytest.param(Evidence(simple=(OURS.simple(DIGEST),)), id="in parts, as cosign 2"),
    ],
)
def test_a_signature_by_a_trusted_identity_holds_years_later(evidence):
    assert judge(trust(), evidence, PLACE, NOW).by == WHO


def test_any_of_several_identities_may_have_signed():
    evidence = Evidence(
        bundles=(OURS.bundle(DIGEST, subject="ann@example.com", issuer="https://accounts.example.com"),)
    )
    ann = OidcIdentity("^https://accounts\\.example\\.com$", "^ann@example\\.com$")
    assert judge(trust(WORKFLOW, ann), evidence, PLACE, NOW).by == (
        "cosign identity ann@example.com of https://accounts.example.com"
    )


def test_certificates_of_old_with_the_issuer_in_another_form_are_read():
    old = Instance(old_issuer_only=True)
    evidence = Evidence(simple=(old.simple(DIGEST),))
    assert judge(trust(instance=old), evidence, PLACE, NOW).by == WHO


STAMPED = Instance(timestamps=True)


def test_the_time_may_come_from_a_timestamp_authority():
    evidence = Evidence(bundles=(STAMPED.timestamped_bundle(DIGEST),))
    assert judge(trust(instance=STAMPED), evidence, PLACE, NOW).by == WHO


@pytest.mark.parametrize(
    ("made", "begins"),
    [
        pytest.param(
            lambda: STAMPED.timestamped_bundle(DIGEST, stamped_at=STAMPED.signed_at + timedelta(hours=1)),
            "no authority of the trusted root stands behind its certificate (",
            id="stamped after expiry",
        ),
        pytest.param(
            lambda: Instance().timestamped_bundle(DIGEST),
            "nothing says when it was made (",
            id="another timestamp authority",
        ),
    ],
)
def test_times_that_do_not_count(made, begins):
    assert problem(Evidence(bundles=(made(),)), trust(instance=STAMPED)).startswith(begins)


def test_a_timestamp_without_an_authority_for_it():
    evidence = Evidence(bundles=(OURS.timestamped_bundle(DIGEST),))
    assert problem(evidence).startswith("it does not hold: no Timestamp Authorities have been provided")


def test_one_good_signature_among_bad_ones_is_enough():
    evidence = Evidence(bundles=(THEIRS.bundle(DIGEST), b"{", OURS.bundle(DIGEST)))
    assert judge(trust(), evidence, PLACE, NOW).by == WHO


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        pytest.param(OidcIdentity(WORKFLOW.issuer, "^https://github\\.com/other/"), "subject", id="subject"),
        pytest.param(OidcIdentity("^https://accounts\\.google\\.com$", WORKFLOW.subject), "issuer", id="issuer"),
    ],
)
@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param(Evidence(bundles=(OURS.bundle(DIGEST),)), id="bundle"),
        pytest.param(Evidence(simple=(OURS.simple(DIGEST),)), id="parts"),
    ],
)
def test_another_identity_is_named(evidence, identity, said):
    assert problem(evidence, trust(identity)) == f"it is by {SUBJECT} of {ISSUER}"


def _changed(data: bytes, *path: str, value: object) -> bytes:
    whole = json.loads(data)
    place = whole
    for name in path[:-1]:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[path[-1]] = value
    return json.dumps(whole).encode()


def _replaced(made: SimpleSignature, **fields: object) -> SimpleSignature:
    return SimpleSignature(**{name: getattr(made, name) for name in made.__struct_fields__} | fields)


BUNDLE = OURS.bundle(DIGEST)
PARTS = OURS.simple(DIGEST)
LATE = OURS.signed_at - timedelta(hours=1)
OTHER_STATEMENT = base64.b64encode(statement(OTHER)).decode()
NO_AUTHORITY = "no authority of the trusted root stands behind its certificate (failed to build timestamp certificate "
NO_LOG = "no transparency log of the trusted root vouches for it (invalid log entry: "


@pytest.mark.parametrize(
    ("evidence", "begins"),
    [
        pytest.param(Evidence(bundles=(THEIRS.bundle(DIGEST),)), NO_AUTHORITY, id="another authority"),
        pytest.param(Evidence(simple=(THEIRS.simple(DIGEST),)), NO_AUTHORITY, id="another authority, parts"),
        pytest.param(
            Evidence(bundles=(OURS.bundle(DIGEST, begins=LATE),)),
            NO_AUTHORITY,
            id="signed after its certificate expired",
        ),
        pytest.param(
            Evidence(simple=(OURS.simple(DIGEST, begins=LATE),)), NO_AUTHORITY, id="signed after expiry, parts"
        ),
        pytest.param(
            Evidence(bundles=(OURS.bundle(OTHER),)), f"it is a signature of {OTHER}", id="a signature of another digest"
        ),
        pytest.param(
            Evidence(simple=(OURS.simple(OTHER),)), f"it is a signature of {OTHER}", id="of another digest, parts"
        ),
        pytest.param(
            Evidence(bundles=(OURS.message_bundle(b"another manifest"),)),
            "it does not hold: Bundle message digest mismatch",
            id="of another manifest",
        ),
        pytest.param(
            Evidence(
                bundles=(OURS.bundle(DIGEST, body=statement(DIGEST, predicate="https://slsa.dev/provenance/v1")),)
            ),
            "it is no signature but an attestation (https://slsa.dev/provenance/v1)",
            id="attestation",
        ),
        pytest.param(
            Evidence(bundles=(_changed(BUNDLE, "dsseEnvelope", "payload", value=OTHER_STATEMENT),)),
            "it does not hold: DSSE: invalid signature",
            id="tampered statement",
        ),
        pytest.param(
            Evidence(simple=(_replaced(PARTS, payload=payload(OTHER)),)),
            "its entry of the transparency log is of another signature",
            id="tampered payload",
        ),
        pytest.param(
            Evidence(simple=(_replaced(PARTS, signature=OURS.simple(DIGEST).signature),)),
            "its entry of the transparency log is of another signature",
            id="another signature",
        ),
        pytest.param(
            Evidence(simple=(OURS.simple(DIGEST, logged=b"something else"),)),
            "its entry of the transparency log is of another signature",
            id="the log knows another payload",
        ),
        pytest.param(
            Evidence(simple=(_replaced(PARTS, rekor=OURS.simple(DIGEST).rekor),)),
            "its entry of the transparency log is of another signature",
            id="the entry of another signature",
        ),
        pytest.param(
            Evidence(simple=(_replaced(PARTS, rekor=PARTS.rekor.replace('"logIndex": 7', '"logIndex": 8')),)),
            NO_LOG + "SET: invalid inclusion promise",
            id="tampered promise",
        ),
        pytest.param(
            Evidence(simple=(_replaced(PARTS, rekor="{}"),)),
            "it does not hold: Object missing",
            id="unreadable promise",
        ),
        pytest.param(
            Evidence(simple=(simple(OURS.log_key, DIGEST),)),
            "it was made with a key, not by an identity",
            id="made with a key",
        ),
        pytest.param(
            Evidence(bundles=(keyed_bundle(OURS.log_key, statement(DIGEST)),)),
            "it was made with a key, not by an identity (",
            id="bundle made with a key",
        ),
        pytest.param(Evidence(bundles=(b"{}",)), "it does not hold: failed to load bundle", id="no bundle"),
    ],
)
def test_what_does_not_hold_is_refused_by_name(evidence, begins):
    assert problem(evidence).startswith(begins)


@pytest.mark.parametrize("parts", [False, True], ids=["bundle", "parts"])
@pytest.mark.parametrize(
    ("replaced", "begins"),
    [
        pytest.param("log_key", NO_LOG, id="another transparency log"),
        pytest.param(
            "certificates_key",
            "its certificate is in no certificate log of the trusted root (",
            id="another certificate log",
        ),
    ],
)
def test_logs_must_be_those_of_the_trusted_root(replaced, begins, parts):
    keys = {name: getattr(OURS, name) for name in ("authority_key", "certificates_key", "log_key")}
    instance = Instance(**keys | {replaced: getattr(THEIRS, replaced)})
    instance.authority = OURS.authority
    evidence = Evidence(simple=(instance.simple(DIGEST),)) if parts else Evidence(bundles=(instance.bundle(DIGEST),))
    assert problem(evidence).startswith(begins)


def test_what_nobody_signed_is_waited_for():
    with pytest.raises(SignatureAbsent) as caught:
        judge(trust(), Evidence(), PLACE, NOW)
    assert str(caught.value) == (
        f"registry.example/charts/app: nobody signed {DIGEST} (sign it: cosign sign "
        f"registry.example/charts/app@{DIGEST})"
    )


def test_the_whole_message_says_who_may_sign_and_where_to_say_so():
    with pytest.raises(VerificationFailed) as caught:
        judge(trust(OidcIdentity("google", ".")), Evidence(bundles=(BUNDLE,)), PLACE, NOW)
    assert str(caught.value) == (
        f"registry.example/charts/app: no signature of {DIGEST} by the trusted identities: it is by {SUBJECT} of "
        f"{ISSUER} (let one of them sign it, or correct spec.chart.verify.matchOIDCIdentity)"
    )


def test_a_trusted_root_that_is_none_is_named():
    with pytest.raises(InvalidTrust) as caught:
        KeylessVerifier(SignedByIdentity((WORKFLOW,), b"{}"), "registry.example/charts/app")
    assert caught.value.message.startswith("registry.example/charts/app: the trusted root cannot be used: ")


def test_without_sigstore_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sigstore.models", None)
    monkeypatch.delitem(sys.modules, "steersman.registry.signatures.keyless")
    with pytest.raises(InvalidVerification) as caught:
        judge(trust(), Evidence(bundles=(BUNDLE,)), PLACE, NOW)
    assert str(caught.value) == (
        "registry.example/charts/app: keyless signatures cannot be verified here: import of sigstore.models halted; "
        "None in sys.modules (install the extra: pip install 'steersman[sigstore]')"
    )


def test_without_a_trusted_root_that_of_the_public_instance_is_used():
    assert problem(Evidence(bundles=(BUNDLE,)), SignedByIdentity((WORKFLOW,))).startswith(NO_AUTHORITY)
