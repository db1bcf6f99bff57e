"""Charts from registries: what is pulled, what is told, whose credentials are shown, what is kept."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cli.support import CHART, DIGEST, MANIFEST, TAGS, Command, with_password
from cryptography.hazmat.primitives import serialization
from registry.scripted import ScriptedServer, contents, serve
from registry.test_tls import Pair as Pair
from registry.test_tls import pair as pair  # the fixture

OTHER = "sha256:" + "0" * 64
BASIC = "Basic " + base64.b64encode(b"me:secret").decode()


def login(path: Path, host: str, **entry: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"auths": {host: entry or {"auth": base64.b64encode(b"me:secret").decode()}}}))


@pytest.mark.parametrize(
    ("suffix", "flags", "pulled"),
    [
        pytest.param("", [], ":1.2.3", id="newest-stable"),
        pytest.param("", ["--version", "1.0.x"], ":1.0.0", id="range"),
        pytest.param("", ["--version", "1.0.0"], ":1.0.0", id="version"),
        pytest.param("", ["--devel"], ":2.0.0-rc.1", id="devel"),
        pytest.param("", ["--devel", "--version", "1"], ":1.2.3", id="version-before-devel"),
        pytest.param(":1.0.0", [], ":1.0.0", id="tag"),
        pytest.param(":1.0.0", ["--version", "1.0.0"], ":1.0.0", id="tag-and-version"),
        pytest.param(f":1.0.0@{DIGEST}", [], f"@{DIGEST}", id="tag-and-digest"),
        pytest.param(f"@{DIGEST}", [], f"@{DIGEST}", id="digest"),
        pytest.param(f"@{DIGEST}", ["--version", "7.7.7"], f"@{DIGEST}", id="digest-and-no-such-tag"),
    ],
)
def test_references(registry: ScriptedServer, template: Command, suffix: str, flags: list[str], pulled: str) -> None:
    outcome = template("--plain-http", registry.url + suffix, *flags)
    place = registry.url.removeprefix("oci://")
    assert outcome.err == f"Pulled: {place}{pulled}\nDigest: {DIGEST}\n"
    assert outcome.code == 0
    assert "version: 1.2.3" in outcome.out


@pytest.mark.parametrize("suffix", [f"@{DIGEST}", f":1.2.3@{DIGEST}"])
def test_what_has_a_digest_is_asked_for_once(registry: ScriptedServer, template: Command, suffix: str) -> None:
    first = template("--plain-http", registry.url + suffix)
    asked = registry.paths()
    again = template("--plain-http", registry.url + suffix)
    assert (again.code, again.out, again.err) == (0, first.out, "")
    assert registry.paths() == asked


def test_a_tag_is_looked_at_again_and_its_chart_is_not(registry: ScriptedServer, template: Command) -> None:
    template("--plain-http", f"{registry.url}:1.2.3")
    asked = len(registry.paths())
    assert template("--plain-http", f"{registry.url}:1.2.3").code == 0
    assert registry.paths()[asked:] == ["HEAD /v2/charts/demo/manifests/1.2.3"]


def test_the_cache_may_be_elsewhere(registry: ScriptedServer, template: Command, home: Path, tmp_path: Path) -> None:
    template("--plain-http", f"{registry.url}:1.2.3", "--content-cache", str(tmp_path / "mine"))
    assert list((tmp_path / "mine").glob("charts-v1/*/*"))
    assert not list(home.rglob("charts-v1"))


def test_without_a_cache_folder_charts_are_still_pulled(
    registry: ScriptedServer, template: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert template("--plain-http", f"{registry.url}:1.2.3").code == 0


@pytest.mark.parametrize(
    ("suffix", "flags", "message"),
    [
        pytest.param(":9.9.9", [], "{place}:9.9.9: not found\n\nhint: ", id="no-tag"),
        pytest.param(
            ":1.2.3",
            ["--version", "1.0.0"],
            "chart reference and version mismatch: 1.0.0 is not 1.2.3",
            id="two-versions",
        ),
        pytest.param(
            f":1.2.3@{OTHER}", [], f"chart reference digest mismatch: {DIGEST} is not {OTHER}", id="another-digest"
        ),
        pytest.param(
            "",
            ["--version", ">=3"],
            "could not locate a version matching provided version string >=3\n\nhint: newest",
            id="range",
        ),
        pytest.param(
            "", ["--version", "foo bar"], 'improper constraint: "foo bar"\n\nhint: --version takes', id="no-range"
        ),
        pytest.param("x", [], "{place}x: the repository was not found\n\nhint: check the ref", id="no-repository"),
        pytest.param("@sha256:1", [], "chart URL '{url}@sha256:1' has the digest 'sha256:1'", id="no-digest"),
    ],
)
def test_what_is_not_there(
    registry: ScriptedServer, template: Command, suffix: str, flags: list[str], message: str
) -> None:
    outcome = template("--plain-http", registry.url + suffix, *flags)
    place = registry.url.removeprefix("oci://")
    assert outcome.err.startswith("Error: " + message.format(place=place, url=registry.url))
    assert (outcome.code, outcome.out) == (1, "")


def test_a_repository_without_versions(registry: ScriptedServer, template: Command) -> None:
    registry.script = contents(MANIFEST, CHART, ())
    outcome = template("--plain-http", registry.url)
    assert outcome.err == f"Error: unable to locate any tags in provided repository: {registry.url}\n"


def test_credentials_of_flags(registry: ScriptedServer, template: Command) -> None:
    with_password(registry, BASIC)
    reference = f"{registry.url}:1.2.3"
    assert template("--plain-http", reference, "--username", "me", "--password", "secret").code == 0
    refused = template("--plain-http", f"{registry.url}:1.0.0")
    assert "access denied" in refused.err
    assert "helm registry login" in refused.err


@pytest.mark.parametrize("file", [".config/helm/registry/config.json", ".docker/config.json"])
def test_credentials_of_a_login(registry: ScriptedServer, template: Command, home: Path, file: str) -> None:
    with_password(registry, BASIC)
    login(home / file, registry.host)
    assert template("--plain-http", f"{registry.url}:1.2.3").code == 0


def test_helms_login_comes_before_dockers(registry: ScriptedServer, template: Command, home: Path) -> None:
    with_password(registry, BASIC)
    login(home / "helm.json", registry.host)
    login(home / ".docker" / "config.json", registry.host, username="other", password="wrong")
    assert template("--plain-http", f"{registry.url}:1.2.3").code == 1
    assert template("--plain-http", f"{registry.url}:1.2.3", "--registry-config", str(home / "helm.json")).code == 0


def helper(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "docker-credential-test"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    (folder / ".docker").mkdir()
    (folder / ".docker" / "config.json").write_text('{"credsStore": "test"}')


def test_credentials_of_a_helper_program(
    registry: ScriptedServer, template: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_password(registry, BASIC)
    answer = '{"ServerURL": "x", "Username": "me", "Secret": "secret"}'
    helper(home, f"""[ "$1 $(cat)" = "get {registry.host}" ] && echo '{answer}'""", monkeypatch)
    assert template("--plain-http", f"{registry.url}:1.2.3").code == 0


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("exit 3", "docker-credential-test failed with exit code 3", id="fails"),
        pytest.param("echo secret", "docker-credential-test gave no valid JSON", id="no-json"),
    ],
)
def test_helper_programs_that_do_not_help(
    registry: ScriptedServer, template: Command, home: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    helper(home, script, monkeypatch)
    outcome = template("--plain-http", f"{registry.url}:1.2.3")
    assert message in outcome.err
    assert str(home / ".docker" / "config.json") in outcome.err
    assert "secret" not in outcome.err


def test_a_helper_program_that_knows_nothing(
    registry: ScriptedServer, template: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(home, "echo credentials not found in native keychain; exit 1", monkeypatch)
    assert template("--plain-http", f"{registry.url}:1.2.3").code == 0


def test_tls(pair: Pair, template: Command) -> None:
    with serve((pair.certificate, pair.key)) as server:
        server.script = contents(MANIFEST, CHART, TAGS)
        reference = f"{server.url}:1.2.3"
        refused = template(reference)
        assert (refused.code, "--ca-file names the authorities to trust" in refused.err) == (1, True)
        assert template(reference, "--ca-file", str(pair.certificate)).code == 0
        ours = ["--cert-file", str(pair.certificate), "--key-file", str(pair.key)]
        assert template(reference, "--ca-file", str(pair.certificate), *ours).code == 0
        assert template(f"{server.url}:1.0.0", "--insecure-skip-tls-verify").code == 0
        # As in Helm, flags about certificates mean TLS.
        assert template(f"{server.url}:1.0.0", "--plain-http", "--insecure-skip-tls-verify").code == 0


def test_an_encrypted_key_is_refused_and_nobody_is_asked(
    pair: Pair, template: Command, registry: ScriptedServer, tmp_path: Path
) -> None:
    key = serialization.load_pem_private_key(pair.key.read_bytes(), password=None)
    encrypted = tmp_path / "encrypted.key"
    encrypted.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"password"),
        )
    )
    outcome = template(registry.url, "--cert-file", str(pair.certificate), "--key-file", str(encrypted))
    assert "hold no certificate and key that belong together" in outcome.err
    assert registry.requests == []


def test_plain_http_where_tls_is_expected(registry: ScriptedServer, template: Command) -> None:
    assert "pass --plain-http" in template(f"{registry.url}:1.2.3").err
