"""Signed charts on real parts: the real Helm signs and pushes, the real registry keeps signatures, and Helm's verdicts
are beside ours."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from integration.attached import Attached
from integration.pushing import Pushed, push
from integration.test_template_helm import Command
from registry.signatures.gnupg_keys import GnuPgKey, make_key
from registry.signatures.instance import Instance
from registry.signatures.openpgp_keys import keybox
from registry.signatures.signing import bundle, simple, statement, trust
from testenv.clients import Helm
from testenv.registry import Registry, serve_registry

from steersman.core.verification import OidcIdentity, SignedByIdentity, SignedProvenance, Verification
from steersman.registry.access import Access
from steersman.registry.cache import ChartCache
from steersman.registry.errors import SignatureAbsent, VerificationFailed
from steersman.registry.reach import Reach
from steersman.registry.resilience import RetryPolicy
from steersman.registry.source import Charts, ChartSources

KEY = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
INSTANCE = Instance()
WORKFLOW = SignedByIdentity((OidcIdentity("^https://token", "^https://github.com/org/"),), INSTANCE.trusted_root())
KEYS = {
    "rsa": make_key("Rsa <rsa@example.com>"),
    "ed": make_key("Ed <ed@example.com>", kind="ed"),
    "expired": make_key("Old <old@example.com>", age=7200, life=3600),
    "revoked": make_key("Gone <gone@example.com>", revoked=True),
}

Start = Callable[[], Charts]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Sources with one cache, each time those of another process."""
    started: list[ChartSources] = []

    def begin() -> Charts:
        cache = ChartCache(tmp_path / "cache")
        started.append(ChartSources(cache, retry=RetryPolicy(attempts=1), reach=Reach(local=True)))
        return started[-1].source(Access(insecure=True))

    yield begin
    for sources in started:
        await sources.close()


@pytest.fixture
def pushed(registry: Registry, offline_helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Pushed:
    """A chart that nobody signed."""
    return push(offline_helm, chart, registry.host, tmp_path_factory.mktemp("plain"), version="1.0.0")


@pytest.mark.parametrize(
    ("sign", "verification", "by"),
    [
        pytest.param(
            lambda there, digest: there.sign(simple(STRANGER, digest), simple(KEY, digest)),
            trust(KEY),
            "cosign key k0.pub (",
            id="key, cosign's tag",
        ),
        pytest.param(
            lambda there, digest: there.attach(bundle(STRANGER, statement(digest)), bundle(KEY, statement(digest))),
            trust(KEY),
            "cosign key k0.pub (",
            id="key, referrers tag",
        ),
        pytest.param(
            lambda there, digest: there.sign(INSTANCE.simple(digest)),
            WORKFLOW,
            "cosign identity https://github.com/org/charts/",
            id="identity, cosign's tag",
        ),
        pytest.param(
            lambda there, digest: there.attach(INSTANCE.bundle(digest)),
            WORKFLOW,
            "cosign identity https://github.com/org/charts/",
            id="identity, referrers tag",
        ),
    ],
)
async def test_signatures_of_cosign_in_the_registry(
    registry: Registry,
    pushed: Pushed,
    start: Start,
    sign: Callable[[Attached, str], None],
    verification: Verification,
    by: str,
) -> None:
    source = start()
    with pytest.raises(SignatureAbsent):
        await source.verify(pushed.url, pushed.digest, verification)
    sign(Attached(pushed.url, pushed.digest), pushed.digest)
    verified = await source.verify(pushed.url, pushed.digest, verification)
    assert verified.by.startswith(by)
    asked = len(registry.requests())
    assert await start().verify(pushed.url, pushed.digest, verification) == verified
    assert len(registry.requests()) == asked
    with pytest.raises(VerificationFailed):
        await source.verify(pushed.url, pushed.digest, trust(ec.generate_private_key(ec.SECP256R1())))


def _sign(helm: Helm, chart: Path, folder: Path, key: GnuPgKey, version: str = "1.0.0") -> Path:
    """`helm package --sign`; the archive, with its provenance beside it."""
    secret = folder / "secring.gpg"
    secret.write_bytes(key.secret)
    helm(
        "package",
        "--sign",
        "--key",
        key.user,
        "--keyring",
        str(secret),
        "--version",
        version,
        str(chart),
        "-d",
        str(folder),
    )
    return folder / f"web-{version}.tgz"


def _push_signed(helm: Helm, archive: Path, host: str, name: str) -> Pushed:
    run = helm("push", "--plain-http", str(archive), f"oci://{host}/{name}")
    (digest,) = {word for word in f"{run.stdout}{run.stderr}".split() if word.startswith("sha256:")}
    return Pushed(f"oci://{host}/{name}/web", digest, archive.read_bytes())


@pytest.mark.parametrize("key", [KEYS["rsa"], KEYS["ed"]], ids=["RSA", "Ed25519"])
@pytest.mark.parametrize("version", ["1.0.0", "1.0.0+build.1"])
async def test_a_chart_that_helm_signed_and_pushed(
    offline_helm: Helm, chart: Path, tmp_path: Path, start: Start, key: GnuPgKey, version: str
) -> None:
    archive = _sign(offline_helm, chart, tmp_path, key, version)
    with serve_registry(tmp_path) as registry:
        signed = _push_signed(offline_helm, archive, registry.host, "signed")
        demanded = SignedProvenance((key.public,))
        verified = await start().verify(signed.url, signed.digest, demanded)
        assert verified.by == f"provenance by {key.user} ({key.fingerprint[-16:]})"
        with pytest.raises(VerificationFailed, match="a key that is not in the keyring"):
            await start().verify(signed.url, signed.digest, SignedProvenance((KEYS["expired"].public,)))
        asked = len(registry.requests())
        assert await start().verify(signed.url, signed.digest, demanded) == verified
        assert len(registry.requests()) == asked
    # The registry is gone, and what was verified stays so.
    assert await start().verify(signed.url, signed.digest, demanded) == verified


def _untouched(archive: Path) -> None:
    """As Helm made it."""


def _tampered(archive: Path) -> None:
    provenance = archive.with_name(archive.name + ".prov")
    provenance.write_text(provenance.read_text().replace("name: web", "name: wob"))


def _another_archive(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"\0")


def _without(archive: Path) -> None:
    archive.with_name(archive.name + ".prov").unlink()


def _unsigned(archive: Path) -> None:
    archive.with_name(archive.name + ".prov").write_text("name: web\n")


def _renamed(archive: Path) -> None:
    moved = archive.with_name("web-2.0.0.tgz")
    shutil.move(archive, moved)
    shutil.move(f"{archive}.prov", f"{moved}.prov")


@pytest.mark.parametrize(
    ("signer", "keyring", "spoil", "name"),
    [
        pytest.param("rsa", "rsa", _untouched, "web-1.0.0.tgz", id="RSA"),
        pytest.param("ed", "ed", _untouched, "web-1.0.0.tgz", id="Ed25519"),
        pytest.param("rsa", "rsa armored", _untouched, "web-1.0.0.tgz", id="armored"),
        pytest.param("rsa", "rsa keybox", _untouched, "web-1.0.0.tgz", id="keybox"),
        pytest.param("rsa", "rsa ed", _untouched, "web-1.0.0.tgz", id="several keys"),
        pytest.param("rsa", "ed", _untouched, "web-1.0.0.tgz", id="another key"),
        pytest.param("expired", "expired", _untouched, "web-1.0.0.tgz", id="expired key"),
        pytest.param("revoked", "revoked", _untouched, "web-1.0.0.tgz", id="revoked key"),
        pytest.param("rsa", "rsa", _tampered, "web-1.0.0.tgz", id="tampered"),
        pytest.param("ed", "ed", _tampered, "web-1.0.0.tgz", id="tampered, Ed25519"),
        pytest.param("rsa", "rsa", _another_archive, "web-1.0.0.tgz", id="another archive"),
        pytest.param("rsa", "rsa", _unsigned, "web-1.0.0.tgz", id="unsigned"),
        pytest.param("rsa", "rsa", _without, "web-1.0.0.tgz", id="no provenance"),
        pytest.param("rsa", "rsa", _renamed, "web-2.0.0.tgz", id="another name"),
        pytest.param("rsa", "absent", _untouched, "web-1.0.0.tgz", id="no keyring"),
    ],
)
def test_helms_verdicts_and_words_are_ours(
    offline_helm: Helm,
    chart: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    signer: str,
    keyring: str,
    spoil: Callable[[Path], None],
    name: str,
) -> None:
    spoil(_sign(offline_helm, chart, tmp_path, KEYS[signer]))
    keys = [KEYS[word] for word in keyring.split() if word in KEYS]
    ring = tmp_path / "ring"
    if "armored" in keyring:
        ring.write_bytes(keys[0].armored)
    elif "keybox" in keyring:
        ring.write_bytes(keybox((2, 0, keys[0].public)))
    elif keys:
        ring.write_bytes(b"".join(key.public for key in keys))
    arguments = ["--verify", "--keyring", str(ring), str(tmp_path / name)]
    theirs = offline_helm("template", *arguments, check=False)
    code, out, err = Command(tmp_path, capfd)(*arguments)
    assert (code, out) == (theirs.returncode, theirs.stdout)
    assert err.partition("\n")[0] == theirs.stderr.partition("\n")[0]


@pytest.mark.parametrize(
    ("signed", "keyring"),
    [
        pytest.param(True, "rsa", id="signed"),
        pytest.param(True, "ed", id="another key"),
        pytest.param(False, "rsa", id="unsigned"),
    ],
)
def test_the_same_for_charts_in_a_registry(
    registry: Registry,
    offline_helm: Helm,
    chart: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    signed: bool,
    keyring: str,
) -> None:
    archive = _sign(offline_helm, chart, tmp_path, KEYS["rsa"])
    if not signed:
        _without(archive)
    pushed = _push_signed(offline_helm, archive, registry.host, tmp_path.name.replace("_", "").lower())
    (tmp_path / "ring").write_bytes(KEYS[keyring].public)
    arguments = ["--plain-http", "--verify", "--keyring", str(tmp_path / "ring"), pushed.url, "--version", "1.0.0"]
    theirs = offline_helm("template", *arguments, "--content-cache", str(tmp_path / "helm"), check=False)
    code, out, err = Command(tmp_path, capfd)(*arguments)
    assert (code, out) == (theirs.returncode, theirs.stdout)
    told = "\n".join(dict.fromkeys(theirs.stderr.splitlines()))  # Helm pulls, and tells so, once for the provenance too
    assert err.startswith(told)
