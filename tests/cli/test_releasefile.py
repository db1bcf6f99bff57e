"""HelmRelease files: the release, its values, and the flags on top."""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cli.support import CHART, DIGEST, Command, with_password
from registry.scripted import Reply, ScriptedServer, sha256
from registry.signatures.openpgp_keys import new_key, provenance, public

AUTHORIZATION = "Basic " + base64.b64encode(b"me:secret").decode()


class Files:
    """A folder of YAML files, written as JSON, whose HelmReleases ask for the registry's chart."""

    def __init__(self, folder: Path, registry: ScriptedServer) -> None:
        self._folder = folder
        self._chart = {"url": registry.url, "digest": DIGEST, "insecure": True}

    def release(self, name: str = "shop", namespace: str = "prod", chart: Any = None, **spec: Any) -> dict[str, Any]:
        metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
        return {
            "apiVersion": "steersman.dev/v1alpha1",
            "kind": "HelmRelease",
            "metadata": metadata,
            "spec": {"chart": {**self._chart, **(chart or {})}, **spec},
        }

    def write(self, *objects: dict[str, Any], name: str = "release.yaml") -> str:
        path = self._folder / name
        path.write_text("\n---\n".join(json.dumps(obj) for obj in objects))
        return str(path)


@pytest.fixture
def files(tmp_path: Path, registry: ScriptedServer) -> Files:
    return Files(tmp_path, registry)


def config(kind: str, name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "prod"}, "data": data}


def values(out: str) -> Any:
    line = next(line for line in out.splitlines() if line.startswith("  values: "))
    return json.loads(json.loads(line.removeprefix("  values: ")))


def test_names_and_namespaces_are_the_operators(files: Files, template: Command) -> None:
    outcome = template(files.write(files.release(targetNamespace="target", releaseName="other")))
    assert "name: other\n  namespace: target\n" in outcome.out
    assert "name: shop\n  namespace: prod\n" in template(files.write(files.release())).out


def test_values_come_in_the_operators_order_and_flags_on_top(files: Files, template: Command) -> None:
    references = [
        {"kind": "ConfigMap", "name": "low"},
        {"kind": "Secret", "name": "high", "valuesKey": "text", "targetPath": "list[0].secret"},
    ]
    path = files.write(
        files.release(valuesFrom=references, values={"c": "spec", "n": 3}),
        config("ConfigMap", "low", **{"values.yaml": "a: low\nb: low\nc: low\n"}),
        config("Secret", "high", text=base64.b64encode(b"s").decode()),
    )
    outcome = template(path, "--set", "b=flag", "--set", "list[0].more=1")
    assert values(outcome.out) == {"a": "low", "b": "flag", "c": "spec", "n": 3, "list": [{"secret": "s", "more": 1}]}


def test_objects_may_come_from_other_files_and_lists(files: Files, template: Command) -> None:
    path = files.write(files.release(valuesFrom=[{"kind": "ConfigMap", "name": "low"}]))
    objects = {"apiVersion": "v1", "kind": "List", "items": [config("ConfigMap", "low", **{"values.yaml": "a: 1"})]}
    more = files.write(objects, name="more.yaml")
    missing = template(path)
    assert missing.err == (
        f"Error: spec.valuesFrom: ConfigMap prod/low does not exist\n\n"
        f"hint: give the object in {path}, or in another file with --objects FILE\n"
    )
    assert values(template(path, "--objects", more).out) == {"a": 1}


def test_a_key_that_is_missing_is_told_apart_from_a_missing_object(files: Files, template: Command) -> None:
    release = files.release(valuesFrom=[{"kind": "ConfigMap", "name": "low"}])
    assert template(files.write(release, config("ConfigMap", "low", other="a: 1"))).err == (
        "Error: spec.valuesFrom: ConfigMap prod/low has no key values.yaml\n\n"
        "hint: add the key to the object, or name another in spec.valuesFrom[].valuesKey\n"
    )


def test_optional_objects_may_be_missing(files: Files, template: Command) -> None:
    path = files.write(files.release(valuesFrom=[{"kind": "Secret", "name": "x", "optional": True}]))
    assert values(template(path).out) == {}


def test_a_version_range_is_resolved(files: Files, template: Command) -> None:
    release = files.release()
    del release["spec"]["chart"]["digest"]
    release["spec"]["chart"]["version"] = "1.0.x"
    outcome = template(files.write(release))
    assert ":1.0.0\nDigest: " in outcome.err


def test_a_pinned_chart_of_another_version_is_refused(files: Files, template: Command) -> None:
    outcome = template(files.write(files.release(chart={"version": "9.x"})))
    assert "is version 1.2.3, which spec.chart.version 9.x excludes" in outcome.err


def test_the_secret_of_the_chart_comes_from_the_file(registry: ScriptedServer, files: Files, template: Command) -> None:
    with_password(registry, AUTHORIZATION)
    data = {key: base64.b64encode(text).decode() for key, text in (("username", b"me"), ("password", b"secret"))}
    release = files.release(chart={"secretRef": {"name": "login"}})
    assert template(files.write(release)).code == 1
    assert template(files.write(release, config("Secret", "login", **data))).code == 0


def test_standard_input(files: Files, template: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Path(files.write(files.release(namespace=""))).read_bytes()
    for arguments, namespace in ((["-"], "default"), (["-", "-n", "here"], "here")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert f"namespace: {namespace}\n" in template(*arguments).out


def test_standard_input_is_read_once(template: Command) -> None:
    outcome = template("-", "-f", "-")
    assert (outcome.code, outcome.err) == (1, "Error: standard input cannot hold the HelmRelease and values\n")


def test_objects_that_are_odd_are_passed_over(files: Files, template: Command) -> None:
    odd: list[dict[str, Any]] = [
        {"kind": ["x"]},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": ["x"]}, "data": {"a": 1}},
        {"apiVersion": 1, "kind": "HelmRelease", "metadata": []},
        {"kind": "List", "items": [None, 1]},
    ]
    assert template(files.write(files.release(), *odd)).code == 0


def test_one_of_several_is_chosen_by_name(files: Files, template: Command) -> None:
    path = files.write(files.release("a"), files.release("b"), files.release("b", "test"))
    outcome = template(path)
    assert outcome.err == (
        f"Error: {path} holds several HelmReleases: it has prod/a, prod/b, test/b\n\n"
        "hint: name one: `steersman template NAME FILE` or `steersman template NAMESPACE/NAME FILE`\n"
    )
    assert "name: a\n" in template("a", path).out
    assert "namespace: test\n" in template("test/b", path).out
    assert "holds several HelmReleases named b: it has" in template("b", path).err
    assert "holds no HelmRelease c: it has" in template("c", path).err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["--version", "1"],
            "--version has no meaning for HelmRelease shop, whose spec.chart says that",
            id="version",
        ),
        pytest.param(["--devel"], "--devel has no meaning for HelmRelease shop", id="devel"),
        pytest.param(["--name-template", "x"], "--name-template has no meaning for HelmRelease shop", id="name"),
        pytest.param(["-n", "test"], "HelmRelease shop is in namespace prod, not in test", id="namespace"),
    ],
)
def test_flags_that_a_helm_release_leaves_no_room_for(
    files: Files, template: Command, arguments: list[str], message: str
) -> None:
    assert template(files.write(files.release()), *arguments).err.startswith(f"Error: {message}")


def test_a_spec_that_no_api_server_would_take(files: Files, template: Command) -> None:
    path = files.write(files.release(chart={"digest": "x"}))
    assert template(path).err.startswith(f"Error: {path}: HelmRelease shop: spec.chart.digest must be")


def test_standard_input_without_a_helm_release(template: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"kind: ConfigMap")))
    assert template("-").err.startswith("Error: standard input holds no HelmRelease\n\nhint: ")


def test_fields_that_kubectl_would_refuse_too(files: Files, template: Command) -> None:
    release = files.release(driftDetection={}, values={"any": "thing"}, valuesFrom=[{"kind": "Secret", "nane": "x"}])
    assert "has fields that there are not: spec.driftDetection, spec.valuesFrom[0].nane\n\nhint: " in (
        template(files.write(release)).err
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n",
            "{path} holds a HelmRelease of Flux (helm.toolkit.fluxcd.io/v2), not of steersman.dev/v1alpha1",
            id="flux",
        ),
        pytest.param(
            "apiVersion: steersman.dev/v2\nkind: HelmRelease\nmetadata: {name: x}\n",
            "{path}: HelmRelease x has apiVersion steersman.dev/v2",
            id="another-version",
        ),
        pytest.param(
            "apiVersion: steersman.dev/v1alpha1\nkind: HelmRelease\n",
            "{path}: a HelmRelease has no metadata.name",
            id="no-name",
        ),
        pytest.param("a: [\n", "YAML parse error on {path}: ", id="no-yaml"),
        pytest.param("a: 1\n", "file '{path}' seems to be a YAML file, but expected a gzipped archive", id="values"),
    ],
)
def test_files_that_hold_none_of_ours(tmp_path: Path, template: Command, text: str, message: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    assert template(str(path)).err.startswith("Error: " + message.format(path=path))


INDEX = b"""apiVersion: v1
entries:
  app:
  - {name: app, version: 1.2.3, urls: [app-1.2.3.tgz]}
  - {name: app, version: 1.0.0, urls: [app-1.0.0.tgz]}
"""
ARCHIVE = sha256(CHART)


def by_http(registry: ScriptedServer) -> str:
    """Make the server an HTTP repository; its URL."""
    replies = {"/index.yaml": Reply(200, INDEX), "/app-1.2.3.tgz": Reply(200, CHART)}
    registry.script = lambda request: replies.get(request.path, Reply(404))
    return f"http://{registry.host}"


def placed(files: Files, **chart: Any) -> dict[str, Any]:
    """The release, whose chart is where this says."""
    release = files.release()
    release["spec"]["chart"] = chart
    return release


def repository(url: str, name: str = "stable", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "prod"}
    return {"apiVersion": "steersman.dev/v1alpha1", "kind": "ChartRepository", "metadata": metadata,
            "spec": {"url": url, "insecure": True} | spec}  # fmt: skip


def test_charts_of_http_repositories_and_by_their_url(
    registry: ScriptedServer, files: Files, template: Command
) -> None:
    url = by_http(registry)
    at_once = {"insecure": True}
    for release in (
        placed(files, repository={"url": url}, name="app", version="1.x", **at_once),
        placed(files, repository={"url": url}, name="app", version="1.2.3", digest=ARCHIVE, **at_once),
        placed(files, url=f"{url}/app-1.2.3.tgz", digest=ARCHIVE, **at_once),
    ):
        outcome = template(files.write(release))
        assert (outcome.code, outcome.err) == (0, "")
        assert "version: 1.2.3" in outcome.out


def test_charts_of_a_chart_repository(registry: ScriptedServer, files: Files, template: Command) -> None:
    url = by_http(registry)
    release = placed(files, repository={"ref": {"name": "stable"}}, name="app", version="1.x")
    assert template(files.write(release, repository(url))).code == 0
    path = files.write(release)
    assert template(path).err == (
        f"Error: ChartRepository prod/stable, which spec.chart.repository names, is not in {path}\n\n"
        "hint: add it to the file, or give another file with --objects FILE\n"
    )


def test_charts_below_a_path_of_a_registry(registry: ScriptedServer, files: Files, template: Command) -> None:
    above, _, name = registry.url.rpartition("/")
    release = placed(files, repository={"ref": {"name": "stable"}}, name=name, version="1.x")
    outcome = template(files.write(release, repository(above)))
    assert ":1.2.3\nDigest: " in outcome.err
    assert outcome.code == 0


def test_terms_of_a_chart_repository_are_its_own(registry: ScriptedServer, files: Files, template: Command) -> None:
    url = by_http(registry)
    script = registry.script
    registry.script = lambda request: script(request) if request.authorization == AUTHORIZATION else Reply(401)
    data = {key: base64.b64encode(text).decode() for key, text in (("username", b"me"), ("password", b"secret"))}
    release = placed(files, repository={"ref": {"name": "stable"}}, name="app", version="1.x")
    named = repository(url, secretRef={"name": "login"})
    assert template(files.write(release, named)).code == 1
    assert template(files.write(release, named, config("Secret", "login", **data))).code == 0


def test_a_chart_that_must_be_signed_is_verified(registry: ScriptedServer, files: Files, template: Command) -> None:
    ann, eve = new_key(), new_key("Eve <eve@example.com>")
    signed = provenance(ann, ARCHIVE, name="app-1.2.3.tgz", chart_yaml="name: app\nversion: 1.2.3\n")
    url = by_http(registry)
    script = registry.script
    registry.script = lambda request: Reply(200, signed) if request.path.endswith(".prov") else script(request)
    verify = {"provider": "provenance", "secretRef": {"name": "keys"}}
    release = placed(files, url=f"{url}/app-1.2.3.tgz", digest=ARCHIVE, insecure=True, verify=verify)
    for key, code in ((ann, 0), (eve, 1)):
        secret = config("Secret", "keys", **{"pubring.gpg": base64.b64encode(public(key)).decode()})
        outcome = template(files.write(release, secret))
        assert outcome.code == code
        assert ("it is signed by a key that is not in the keyring" in outcome.err) is (code == 1)
    path = files.write(release)
    assert template(path).err.startswith(f"Error: Secret prod/keys, which spec.chart.verify names, is not in {path}\n")
