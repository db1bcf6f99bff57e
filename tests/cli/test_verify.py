"""`--verify`: archives here and charts in registries, in Helm's words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli.support import CHART, Command
from packing import packed
from registry.scripted import Reply, Script, ScriptedServer, sha256
from registry.signatures.attaching import Contents, descriptor, manifest
from registry.signatures.gnupg_keys import make_key
from registry.signatures.openpgp_keys import clearsigned, keybox, new_key, provenance, public

from steersman.registry.manifest import CONFIG_TYPE, CONTENT_TYPE, PROVENANCE_TYPE

ANN = new_key()
EVE = new_key("Eve <eve@example.com>")
SIGNED = provenance(ANN, sha256(CHART), name="app-1.2.3.tgz", chart_yaml="name: app\nversion: 1.2.3\n")
DEMO = packed({"Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n", "templates/x.yaml": "a: b\n"})
DEMO_SIGNED = provenance(ANN, sha256(DEMO), name="demo-1.0.0.tgz", chart_yaml="name: demo\nversion: 1.0.0\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a signed archive and keyrings."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    Path("app-1.2.3.tgz").write_bytes(CHART)
    Path("app-1.2.3.tgz.prov").write_bytes(SIGNED)
    Path("ann.gpg").write_bytes(public(ANN))
    Path("eve.gpg").write_bytes(public(EVE))
    return place


def test_an_archive_that_is_signed_is_rendered(folder: Path, template: Command) -> None:
    outcome = template("app-1.2.3.tgz", "--verify", "--keyring", "ann.gpg")
    assert (outcome.code, outcome.err) == (0, "")
    assert "version: 1.2.3" in outcome.out


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("pubring.gpg", public(ANN), id="keyring"),
        pytest.param("pubring.kbx", keybox((2, 0, public(ANN))), id="keybox"),
    ],
)
def test_gnupgs_own_keyring_is_used_when_none_is_named(
    folder: Path, template: Command, home: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes
) -> None:
    monkeypatch.delenv("GNUPGHOME", raising=False)
    (home / ".gnupg").mkdir()
    (home / ".gnupg" / name).write_bytes(content)
    assert template("app-1.2.3.tgz", "--verify").code == 0
    monkeypatch.setenv("GNUPGHOME", str(folder / "elsewhere"))
    assert template("app-1.2.3.tgz", "--verify").err.startswith(
        f"Error: failed to load keyring: open {folder}/elsewhere/pubring.gpg: no such file or directory\n"
    )


@pytest.mark.parametrize(
    ("provenance_file", "keyring", "message"),
    [
        pytest.param(SIGNED, "eve.gpg", "openpgp: signature made by unknown entity", id="another key"),
        pytest.param(
            SIGNED.replace(b"1.2.3", b"1.2.4", 1),
            "ann.gpg",
            "openpgp: invalid signature: EdDSA verification failure",
            id="tampered",
        ),
        pytest.param(b"name: app\n", "ann.gpg", "signature block not found", id="unsigned"),
        pytest.param(
            provenance(ANN, sha256(b"another"), name="app-1.2.3.tgz"),
            "ann.gpg",
            f'sha256 sum does not match for app-1.2.3.tgz: "{sha256(b"another")}" != "{sha256(CHART)}"',
            id="another archive",
        ),
        pytest.param(
            provenance(ANN, sha256(CHART), name="app-1.2.4.tgz"),
            "ann.gpg",
            'provenance does not contain a SHA for a file named "app-1.2.3.tgz"',
            id="another name",
        ),
        pytest.param(
            clearsigned(ANN, "name: app\n"), "ann.gpg", "message block must have at least two parts", id="no digests"
        ),
        pytest.param(SIGNED, "none", "failed to load keyring: open none: no such file or directory", id="no keyring"),
        pytest.param(SIGNED, ".", "failed to load keyring: read .: is a directory", id="folder as keyring"),
        pytest.param(
            SIGNED, "app-1.2.3.tgz", "failed to load keyring: app-1.2.3.tgz holds no OpenPGP keyring: ", id="no keys"
        ),
        pytest.param(
            None,
            "ann.gpg",
            "could not load provenance file {folder}/app-1.2.3.tgz.prov: stat {folder}/app-1.2.3.tgz.prov: no such "
            "file or directory",
            id="no provenance",
        ),
    ],
)
def test_what_does_not_hold_is_refused_in_helms_words(
    folder: Path, template: Command, provenance_file: bytes | None, keyring: str, message: str
) -> None:
    if provenance_file is None:
        Path("app-1.2.3.tgz.prov").unlink()
    else:
        Path("app-1.2.3.tgz.prov").write_bytes(provenance_file)
    outcome = template("app-1.2.3.tgz", "--verify", "--keyring", keyring)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"Error: {message.format(folder=folder)}")
    assert "\n\nhint: " in outcome.err


@pytest.mark.parametrize(
    ("key", "message"),
    [
        pytest.param(make_key("Old <old@example.com>", age=7200, life=3600), "openpgp: key expired", id="expired"),
        pytest.param(make_key("W <w@example.com>", bits=1024), "openpgp: the key is not secure", id="weak"),
        pytest.param(
            make_key("R <r@example.com>", revoked=True), "openpgp: signature made by revoked key", id="revoked"
        ),
    ],
)
def test_keys_that_count_no_more(folder: Path, template: Command, key, message: str) -> None:
    Path("key.gpg").write_bytes(key.public)
    Path("app-1.2.3.tgz.prov").write_bytes(key.clearsign("name: app\n\n...\nfiles:\n  app-1.2.3.tgz: sha256:0\n"))
    outcome = template("app-1.2.3.tgz", "--verify", "--keyring", "key.gpg")
    assert (outcome.code, outcome.err.partition("\n")[0]) == (1, f"Error: {message}")


def registry_with(signed: bytes | None) -> tuple[Contents, str]:
    """A registry with the chart demo under the tag 1.0.0; its digest."""
    layers = [descriptor(CONTENT_TYPE, DEMO)] + ([descriptor(PROVENANCE_TYPE, signed)] if signed is not None else [])
    made = manifest(CONFIG_TYPE, *layers)
    contents = Contents(made, blobs=(DEMO, signed or b""))
    contents.manifest("1.0.0", made)
    return contents, sha256(made)


def test_a_chart_of_a_registry_that_is_signed_is_rendered(
    folder: Path, template: Command, registry: ScriptedServer
) -> None:
    contents, digest = registry_with(DEMO_SIGNED)
    registry.script = contents.script
    place = registry.url.removeprefix("oci://")
    flags = ["--plain-http", "--verify", "--keyring", "ann.gpg"]
    outcome = template(f"{registry.url}:1.0.0", *flags)
    assert (outcome.code, outcome.err) == (0, f"Pulled: {place}:1.0.0\nDigest: {digest}\n")
    asked = len(registry.requests)
    assert template(f"{registry.url}@{digest}", *flags).code == 0
    assert len(registry.requests) == asked  # chart and provenance are in the cache


@pytest.mark.parametrize(
    ("signed", "keyring", "message"),
    [
        pytest.param(None, "ann.gpg", 'failed to fetch provenance "{url}:1.0.0.prov"', id="unsigned"),
        pytest.param(DEMO_SIGNED, "eve.gpg", "openpgp: signature made by unknown entity", id="another key"),
        pytest.param(SIGNED, "ann.gpg", "it is of chart app, not of demo", id="another chart"),
        pytest.param(
            DEMO_SIGNED, "none", "failed to load keyring: open none: no such file or directory", id="no keyring"
        ),
    ],
)
def test_a_chart_of_a_registry_that_is_not_signed_so(
    folder: Path, template: Command, registry: ScriptedServer, signed: bytes | None, keyring: str, message: str
) -> None:
    contents, _ = registry_with(signed)
    registry.script = contents.script
    outcome = template(f"{registry.url}:1.0.0", "--plain-http", "--verify", "--keyring", keyring)
    assert (outcome.code, outcome.out) == (1, "")
    _, _, said = outcome.err.partition("Error: ")
    assert said.partition("\n")[0] == message.format(url=registry.url)


def test_verification_costs_other_commands_nothing(folder: Path) -> None:
    code = (
        "import sys; from steersman.cli.main import run; run(['template', 'app-1.2.3.tgz']); "
        "sys.exit(any(name in sys.modules for name in ('pysequoia', 'sigstore')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def repository_with(signed: bytes | None) -> Script:
    """A repository with the chart demo, and its provenance where there is one."""
    entry = f"{{name: demo, version: 1.0.0, urls: [demo-1.0.0.tgz], digest: {sha256(DEMO)[7:]}}}"
    index = f"apiVersion: v1\nentries:\n  demo:\n  - {entry}\n"
    replies = {"/index.yaml": Reply(200, index.encode()), "/demo-1.0.0.tgz": Reply(200, DEMO)}
    if signed is not None:
        replies["/demo-1.0.0.tgz.prov"] = Reply(200, signed)
    return lambda request: replies.get(request.path, Reply(404))


@pytest.mark.parametrize("named", [True, False], ids=["by repository", "by URL"])
@pytest.mark.parametrize(
    ("signed", "keyring", "message"),
    [
        pytest.param(DEMO_SIGNED, "ann.gpg", "", id="signed"),
        pytest.param(None, "ann.gpg", 'failed to fetch provenance "http://{host}/demo-1.0.0.tgz.prov"', id="unsigned"),
        pytest.param(DEMO_SIGNED, "eve.gpg", "openpgp: signature made by unknown entity", id="another key"),
    ],
)
def test_charts_that_come_by_http(
    folder: Path,
    template: Command,
    registry: ScriptedServer,
    signed: bytes | None,
    keyring: str,
    message: str,
    named: bool,
) -> None:
    registry.script = repository_with(signed)
    url = f"http://{registry.host}"
    chart = ["demo", "--repo", url] if named else [f"{url}/demo-1.0.0.tgz"]
    outcome = template(*chart, "--verify", "--keyring", keyring)
    assert outcome.code == (1 if message else 0)
    assert outcome.err.partition("\n")[0] == (f"Error: {message.format(host=registry.host)}" if message else "")
