"""Signatures with the real operator: identities and provenance, and what was verified when its source is gone."""

from __future__ import annotations

from pathlib import Path

from integration.attached import Attached
from integration.operating import Bench, ReleaseHandle
from integration.repositories import serving_folder
from registry.scripted import sha256
from registry.signatures.gnupg_keys import make_key
from registry.signatures.instance import ISSUER, SUBJECT, Instance

SIGSTORE = Instance()
ANN = make_key("Ann <ann@example.com>")
EVE = make_key("Eve <eve@example.com>")
TEMPLATES = {"templates/data.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n"}


def test_a_chart_must_be_signed_by_the_identity(bench: Bench, release: ReleaseHandle) -> None:
    chart = bench.chart("keyless", TEMPLATES)
    bench.secret(release.namespace, "root", **{"trusted_root.json": SIGSTORE.trusted_root().decode()})
    subjects = ("^https://github.com/somebody/else", "^https://github.com/org/charts/")
    other, right = (
        {
            "verify": {
                "provider": "cosign",
                "matchOIDCIdentity": [{"issuer": f"^{ISSUER}$", "subject": subject}],
                "trustedRootSecretRef": {"name": "root"},
            }
        }
        for subject in subjects
    )
    Attached(chart.url, chart.digest).attach(SIGSTORE.bundle(chart.digest))
    release.apply(chart.by_digest() | other)
    told = release.wait_condition("Ready", "False", "VerificationFailed")
    assert f"it is by {SUBJECT} of {ISSUER}" in told["message"]
    release.apply(chart.by_digest() | right)
    assert release.wait_ready(1)["source"]["verified"] == f"cosign identity {SUBJECT} of {ISSUER}"


def _signed(bench: Bench, folder: Path) -> Path:
    """A chart that Helm packaged and signed, its provenance beside it."""
    source = folder / "signed"
    (source / "templates").mkdir(parents=True)
    (source / "Chart.yaml").write_text("apiVersion: v2\nname: signed\nversion: 1.0.0\n")
    for path, text in TEMPLATES.items():
        (source / path).write_text(text)
    (folder / "secring.gpg").write_bytes(ANN.secret)
    served = folder / "served"
    served.mkdir()
    signing = ("--sign", "--key", ANN.user, "--keyring", str(folder / "secring.gpg"))
    bench.helm("package", str(source), *signing, "--destination", str(served))
    return served / "signed-1.0.0.tgz"


def test_what_was_verified_stays_so_after_a_restart_without_its_source(
    bench: Bench, release: ReleaseHandle, tmp_path: Path
) -> None:
    package = _signed(bench, tmp_path)
    digest = sha256(package.read_bytes())
    with serving_folder(package.parent) as server:
        url = f"http://{server.host}/{package.name}"
        bench.secret(release.namespace, "keyring", **{"eve.asc": EVE.armored.decode()})
        verify = {"provider": "provenance", "secretRef": {"name": "keyring"}}
        release.apply({"url": url, "digest": digest, "insecure": True, "verify": verify})
        told = release.wait_condition("Ready", "False", "VerificationFailed")
        assert f"it is signed by a key that is not in the keyring ({ANN.fingerprint})" in told["message"]
        bench.secret(release.namespace, "keyring", **{"ann.asc": ANN.armored.decode()})
        verified = release.wait_ready(1, patience=15)["source"]["verified"]
        assert verified == f"provenance by {ANN.user} ({ANN.fingerprint[-16:]})"
    assert bench.operator.stop() == 0
    bench.operator.start()
    bench.operator.wait_ready()
    release.apply({"url": url, "digest": digest, "insecure": True, "verify": verify}, values={"new": "input"})
    assert release.wait_ready(2)["source"]["verified"] == verified
