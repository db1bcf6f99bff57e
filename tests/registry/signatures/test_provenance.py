"""Provenance files: of this archive, by a trusted key, or refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from registry.signatures.openpgp_keys import clearsigned, new_key, provenance, public

from steersman.core.verification import SignedProvenance
from steersman.registry.errors import SignatureAbsent, VerificationFailed
from steersman.registry.signatures.evidence import Evidence, Subject
from steersman.registry.signatures.judging import judge

NOW = datetime.now(UTC)
ANN = new_key()
EVE = new_key("Eve <eve@example.com>")
DIGEST = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32
PINNED = "sha256:" + "ef" * 32
IN_REGISTRY = Subject("registry.example/charts/app", PINNED, DIGEST, chart_name="app")
AS_FILE = Subject("charts.example", DIGEST, DIGEST, file_name="app-1.2.3+b.tgz")
TRUST = SignedProvenance((public(ANN),))
FINGERPRINT = ANN.extract_certificate().fingerprint.upper()


@pytest.mark.parametrize("subject", [IN_REGISTRY, AS_FILE], ids=["in a registry", "as a file"])
def test_a_provenance_by_a_trusted_key_holds(subject):
    verified = judge(TRUST, Evidence(provenance=provenance(ANN, DIGEST)), subject, NOW)
    assert verified.by == f"provenance by Ann <ann@example.com> ({FINGERPRINT[-16:]})"


def test_any_keyring_may_have_the_key():
    trust = SignedProvenance((public(EVE), public(ANN)))
    assert judge(trust, Evidence(provenance=provenance(ANN, DIGEST)), IN_REGISTRY, NOW).by.startswith(
        "provenance by Ann"
    )


_NOT_OF_THIS = "the provenance file is not of this chart: "
_BROKEN = "the provenance file does not hold: "


@pytest.mark.parametrize(
    ("data", "subject", "said"),
    [
        pytest.param(
            provenance(ANN, OTHER),
            IN_REGISTRY,
            f'{_NOT_OF_THIS}sha256 sum does not match for app-1.2.3+b.tgz: "{OTHER}" != "{DIGEST}"',
            id="another archive",
        ),
        pytest.param(
            provenance(ANN, DIGEST, name="other-1.2.3.tgz"),
            AS_FILE,
            f'{_NOT_OF_THIS}provenance does not contain a SHA for a file named "app-1.2.3+b.tgz"',
            id="another file",
        ),
        pytest.param(
            provenance(ANN, DIGEST, chart_yaml="name: other\nversion: 1.2.3\n", name="other-1.2.3.tgz"),
            IN_REGISTRY,
            f"{_NOT_OF_THIS}it is of chart other, not of app",
            id="another chart",
        ),
        pytest.param(
            clearsigned(ANN, "name: app\n"),
            IN_REGISTRY,
            f"{_NOT_OF_THIS}message block must have at least two parts",
            id="no digests",
        ),
        pytest.param(
            clearsigned(ANN, "name: app\n\n...\nfiles: [\n"),
            IN_REGISTRY,
            f"{_NOT_OF_THIS}its digests cannot be read: error converting YAML to JSON: yaml: line 1: did not find "
            "expected node content",
            id="unreadable digests",
        ),
        pytest.param(
            clearsigned(ANN, "name: app\nversion: 1.2.3\n\n...\nfiles: 5\n"),
            IN_REGISTRY,
            f'{_NOT_OF_THIS}provenance does not contain a SHA for a file named "app-1.2.3.tgz"',
            id="digests of another kind",
        ),
        pytest.param(
            provenance(ANN, DIGEST).replace(b"version: 1.2.3", b"version: 1.2.4"),
            IN_REGISTRY,
            f"{_BROKEN}its signature does not fit its text (Ann <ann@example.com>)",
            id="tampered",
        ),
        pytest.param(b"name: app\n", IN_REGISTRY, f"{_BROKEN}there is no signed message in it", id="unsigned"),
    ],
)
def test_what_does_not_hold_is_refused_by_name(data, subject, said):
    with pytest.raises(VerificationFailed) as caught:
        judge(TRUST, Evidence(provenance=data), subject, NOW)
    assert caught.value.message == f"{subject.place}: {said}"
    assert (caught.value.reason, caught.value.retryable) == ("VerificationFailed", False)
    assert caught.value.hint


def test_another_key_is_named_with_what_to_do():
    with pytest.raises(VerificationFailed) as caught:
        judge(TRUST, Evidence(provenance=provenance(EVE, DIGEST)), IN_REGISTRY, NOW)
    assert caught.value.message.startswith(
        "registry.example/charts/app: the provenance file does not hold: it is signed by a key that is not in the "
        "keyring ("
    )
    assert caught.value.hint == (
        "sign it with a key of the keyring in spec.chart.verify.secretRef, or add the key that signed it"
    )


def test_a_chart_without_provenance_is_waited_for():
    with pytest.raises(SignatureAbsent) as caught:
        judge(TRUST, Evidence(), IN_REGISTRY, NOW)
    assert str(caught.value) == (
        f"registry.example/charts/app: {PINNED} has no provenance file (make one with `helm package --sign` and push "
        "or upload both; `helm push` takes the .prov along)"
    )
