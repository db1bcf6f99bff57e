"""Charts of HTTP repositories beside the real Helm: the same chart for a version, the same words where it has none."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.repositories import Beside, make_site, serving_folder, with_password
from registry.scripted import Reply, ScriptedServer
from registry.test_tls import Pair as Pair
from registry.test_tls import pair as pair  # the fixture
from testenv.clients import Helm

pytestmark = pytest.mark.bench

BASIC = f"Basic {b64encode(b'me:right').decode()}"


@pytest.fixture(scope="module")
def helm(offline_helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """With a configuration of this module's own: repositories are added to it."""
    return Helm(offline_helm.program, tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="module")
def site(helm: Helm, chart: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(helm, chart, tmp_path_factory.mktemp("repository") / "site")


@pytest.fixture
def server(site: Path) -> Iterator[ScriptedServer]:
    with serving_folder(site) as scripted:
        yield scripted


@pytest.fixture
def beside(tmp_path: Path, helm: Helm, capfd: pytest.CaptureFixture[str]) -> Beside:
    return Beside(tmp_path, helm, capfd)


VERSIONS = [
    "", "1.2.0", "1.2.0+b1", "1.2.0+other", "v1.2.0", "1.2", "1", "1.x", "1.2.x", "^1", "^1.1", "~1.1", "~1", ">1.1.0",
    ">=1.1.0 <1.10", ">=1.1.0, <1.10", "1.0.0 - 1.2.0", "*", ">0.0.0-0", ">=2.0.0-0", "2.0.0-alpha.1", "2.x",
    "^2.0.0-0", "<1.0.0", "0.9.9 || 1.0.0", "!=1.10.0", "3.0.0", "=1.1", "  1.1.0  ", "latest", "1.2.0-",
    ">=1.2.0-0 <1.2.1", "x y", "1.2.1-rc.2", "~1.2.1-0",
]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_chart_for_a_version(server: ScriptedServer, beside: Beside, version: str) -> None:
    arguments = ["template", "web", "--repo", f"http://{server.host}", *(["--version", version] if version else [])]
    assert beside(*arguments) == beside.helm(*arguments)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_chart_of_a_repository_that_was_added(
    server: ScriptedServer, beside: Beside, helm: Helm, version: str
) -> None:
    helm("repo", "add", "site", f"http://{server.host}", "--force-update")
    arguments = ["template", "x", "site/web", *(["--version", version] if version else [])]
    assert beside(*arguments) == beside.helm(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["absent", "--repo", "{url}"], id="no-chart"),
        pytest.param(["absent", "--repo", "{url}", "--version", "1"], id="no-chart-of-a-version"),
        pytest.param(["web", "--repo", "{url}/sub"], id="no-index"),
        pytest.param(["web", "--repo", "{url}/", "--devel"], id="trailing-slash"),
        pytest.param(["http://[::1/web.tgz"], id="broken-url"),
        pytest.param(["web", "--repo", "http://[::1/charts"], id="broken-repository"),
        pytest.param(["web", "--repo", "ftp://x"], id="repository-of-another-scheme"),
        pytest.param(["web", "--repo", "nonsense"], id="repository-without-a-scheme"),
        pytest.param(["site/absent"], id="no-chart-in-added"),
        pytest.param(["site/absent", "--version", "^1"], id="no-chart-in-added-of-a-version"),
        pytest.param(["site/sub/web"], id="deeper"),
        pytest.param(["nobody/web"], id="not-added"),
        pytest.param(["web"], id="no-repository"),
        pytest.param(["ftp://127.0.0.1/web.tgz"], id="other-scheme"),
        pytest.param(["{url}/absent.tgz"], id="no-archive"),
        pytest.param(["{url}/web-1.1.0.tgz"], id="archive"),
        pytest.param(["{url}/web-1.1.0.tgz", "--version", "9"], id="archive-whose-version-is-given"),
        pytest.param(["{url}/web-1.2.0+b1.tgz"], id="archive-with-metadata"),
    ],
)
def test_the_same_outcome(server: ScriptedServer, beside: Beside, helm: Helm, arguments: list[str]) -> None:
    url = f"http://{server.host}"
    helm("repo", "add", "site", url, "--force-update")
    given = ["template", *(argument.format(url=url) for argument in arguments)]
    assert beside(*given) == beside.helm(*given)


INDEXES = [
    pytest.param("", id="empty"),
    pytest.param("apiVersion: v1\n", id="nothing"),
    pytest.param("entries: {}\n", id="no-api-version"),
    pytest.param("{}", id="empty-json"),
    pytest.param("null", id="null"),
    pytest.param("<!DOCTYPE html>\n<html></html>\n", id="html"),
    pytest.param(
        "apiVersion: v1\nentries:\n  web:\n  - foo: bar\n    name: web\n    version: 1.0.0\n", id="unknown-field"
    ),
    pytest.param("apiVersion: v1\nentries:\n  web: []\n  web: []\n", id="twice"),
    pytest.param("apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.0.0}\n", id="no-urls"),
    pytest.param("apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.0.0, urls: []}\n", id="empty-urls"),
    pytest.param("apiVersion: v1\nentries:\n  web:\n  - {name: web, version: [1]}\n", id="list-for-text"),
    pytest.param("apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.0.0, urls: x}\n", id="text-for-list"),
    pytest.param("apiVersion: v1\nentries: [a]\n", id="list-of-charts"),
    pytest.param("apiVersion: v1\nentries:\n  web: text\n", id="text-for-versions"),
    pytest.param("apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.0.0, created: x}\n", id="no-time"),
    pytest.param(
        "apiVersion: v1\nentries:\n  web:\n  - {name: web, version: 1.0.0, created: 1}\n", id="number-for-time"
    ),
    pytest.param("apiVersion: v1\nentries:\n  web:\n  - {name: web", id="cut"),
    pytest.param('{"apiVersion": "v1", "entries": {"web": [{"name": 1}]}}', id="json-number"),
    pytest.param('{"apiVersion": "v1", "entries": {"web": {}}}', id="json-map-for-versions"),
    pytest.param('{"apiVersion": "v1", "entries": {"web": [{"urls": "u"}]}}', id="json-text-for-urls"),
    pytest.param('{"apiVersion": "v1", "entries": [', id="json-cut"),
    pytest.param("[]", id="json-list"),
    pytest.param('"text"', id="json-text"),
    pytest.param("apiVersion: v1\nentries:\n  web: *a\n", id="no-anchor"),
    pytest.param("\tapiVersion: v1\n", id="tab"),
    pytest.param("apiVersion: v1\nentries:\n  web:\n  - &a {name: web}\n  - *a\n", id="anchor"),
]


@pytest.mark.parametrize("text", INDEXES)
def test_an_index_that_gives_no_chart(server: ScriptedServer, beside: Beside, text: str) -> None:
    site = server.script
    server.script = lambda request: Reply(200, text.encode()) if request.path == "/index.yaml" else site(request)
    arguments = ["template", "web", "--repo", f"http://{server.host}"]
    code, out, err = beside.helm(*arguments)
    ours = beside(*arguments)
    assert (ours[0], ours[1]) == (code, out)
    assert _without_warnings(ours[2]) == _without_warnings(err)


def _without_warnings(text: str) -> list[str]:
    """Helm reads an index twice and warns each time."""
    return [line for line in text.splitlines() if not line.startswith("level=WARN")]


SKIPPED = [
    "- null", "- {}", "- {name: web}", "- {name: web, version: x}", "- {name: a/b, version: 1.0.0}",
    "- {name: .., version: 1.0.0}", "- {name: web, version: 1.0.0, type: x}",
    "- {name: web, version: 9.0.0, maintainers: [null]}", "- {name: web, version: 9.0.0, dependencies: [null]}",
    "- {name: web, version: 9.0.0, dependencies: [{alias: a b}]}",
]  # fmt: skip


@pytest.mark.parametrize("entry", SKIPPED)
def test_entries_that_are_skipped(server: ScriptedServer, beside: Beside, site: Path, entry: str) -> None:
    index = (site / "index.yaml").read_text().replace("  web:\n", f"  web:\n  {entry}\n", 1)
    script = server.script
    server.script = lambda request: Reply(200, index.encode()) if request.path == "/index.yaml" else script(request)
    arguments = ["template", "web", "--repo", f"http://{server.host}"]
    code, out, err = beside.helm(*arguments)
    ours = beside(*arguments)
    assert (ours[0], ours[1]) == (code, out)
    assert set(ours[2].splitlines()) <= set(err.splitlines())
    assert ours[2].count("skipping loading invalid entry") == 1


def test_a_digest_that_the_archive_has_not(server: ScriptedServer, beside: Beside, site: Path) -> None:
    """Helm takes the other bytes."""
    right = hashlib.sha256((site / "web-1.10.0.tgz").read_bytes()).hexdigest()
    index = (site / "index.yaml").read_text().replace(right, "ab" * 32)
    script = server.script
    server.script = lambda request: Reply(200, index.encode()) if request.path == "/index.yaml" else script(request)
    arguments = ["template", "web", "--repo", f"http://{server.host}"]
    code, out, err = beside(*arguments)
    assert (code, out) == (1, "")
    assert err == f"Error: {server.host}/web-1.10.0.tgz: the chart is sha256:{right}, wanted sha256:{'ab' * 32}\n"
    assert beside.helm(*arguments)[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["web", "--repo", "{url}"], id="without"),
        pytest.param(["web", "--repo", "{url}", "--username", "me", "--password", "right"], id="right"),
        pytest.param(["web", "--repo", "{url}", "--username", "me", "--password", "wrong"], id="wrong"),
        pytest.param(["{url}/web-1.0.0.tgz", "--username", "me", "--password", "right"], id="archive"),
        pytest.param(["closed/web"], id="added"),
    ],
)
def test_basic_auth(server: ScriptedServer, beside: Beside, helm: Helm, arguments: list[str]) -> None:
    with_password(server, BASIC)
    url = f"http://{server.host}"
    helm("repo", "add", "closed", url, "--force-update", "--username", "me", "--password", "right")
    given = ["template", *(argument.format(url=url) for argument in arguments)]
    assert beside(*given) == beside.helm(*given)


def test_an_archive_in_the_folder_of_a_repository_that_was_added(
    server: ScriptedServer, beside: Beside, helm: Helm
) -> None:
    """Helm would know it by an index that holds this very URL; then with the same credentials."""
    with_password(server, BASIC)
    url = f"http://{server.host}"
    helm("repo", "add", "closed", url, "--force-update", "--username", "me", "--password", "right")
    assert beside("template", f"{url}/web-1.0.0.tgz")[0] == 0


@pytest.mark.parametrize("added", [False, True], ids=["by-url", "added"])
@pytest.mark.parametrize("passed", [False, True], ids=["kept", "passed"])
def test_credentials_and_another_host(
    server: ScriptedServer, site: Path, beside: Beside, helm: Helm, passed: bool, added: bool
) -> None:
    """What Helm sends where, and what we do: the same, by the logs of both servers."""
    with serving_folder(site) as elsewhere:
        index = (site / "index.yaml").read_text().replace("- web-1", f"- http://{elsewhere.host}/web-1")
        script = server.script
        server.script = lambda request: Reply(200, index.encode()) if request.path == "/index.yaml" else script(request)
        flags = ["--username", "me", "--password", "right", *(["--pass-credentials"] if passed else [])]
        arguments = ["template", "web", "--repo", f"http://{server.host}", *flags]
        if added:
            helm("repo", "add", "split", f"http://{server.host}", "--force-update", *flags)
            arguments = ["template", "split/web"]
        _forget(server, elsewhere)
        theirs = beside.helm(*arguments, "--content-cache", str(site.parent / f"{passed}-{added}"))
        sent = [[request.authorization for request in host.requests] for host in (server, elsewhere)]
        _forget(server, elsewhere)
        assert beside(*arguments) == theirs
        assert [[request.authorization for request in host.requests] for host in (server, elsewhere)] == sent
        assert sent == [[] if added else [BASIC], [BASIC if passed else ""]]


def _forget(*servers: ScriptedServer) -> None:
    for server in servers:
        server.requests.clear()


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["web"], ["WEB"], ["kubernetes"], ["chart for"], ["nothing"], ["--devel"], ["web", "--version", "^1"],
        ["web", "-l", "--version", "<1.2"], ["-l", "--version", ">=2-0", "-o", "json"], ["-o", "yaml"], ["-o", "json"],
        ["nothing", "-o", "json"], ["nothing", "-o", "yaml"], ["nothing", "--fail-on-no-result"],
        ["nothing", "-o", "json", "--fail-on-no-result"], ["-r", "^w.b"], ["-r", "("], ["--version", "x y"],
        ["--max-col-width", "10"], ["-r", "chart", "--max-col-width", "12"],
    ],
)  # fmt: skip
def test_search_finds_what_helm_finds(server: ScriptedServer, beside: Beside, helm: Helm, arguments: list[str]) -> None:
    helm("repo", "add", "site", f"http://{server.host}", "--force-update")
    helm("repo", "update", "site")
    code, out, err = beside.helm("search", "repo", *arguments)
    if arguments == ["-r", "("]:  # the words of another library
        assert beside("search", *arguments)[0] == code == 1
        return
    assert beside("search", *arguments) == (code, out, err)


def test_search_of_a_repository_that_was_not_added(server: ScriptedServer, beside: Beside) -> None:
    code, out, _ = beside("search", f"http://{server.host}", "web", "--version", "<1.1", "-l")
    assert code == 0
    assert [line.split("\t")[1].strip() for line in out.splitlines()] == ["CHART VERSION", "1.0.0", "0.9.9"]


@pytest.mark.parametrize("flags", [["--ca-file", "{ca}"], ["--insecure-skip-tls-verify"]], ids=["authority", "any"])
def test_over_tls(site: Path, beside: Beside, helm: Helm, pair: Pair, flags: list[str]) -> None:
    flags = [flag.format(ca=pair.certificate) for flag in flags]
    with serving_folder(site, (pair.certificate, pair.key)) as server:
        url = f"https://{server.host}"
        arguments = ["template", "web", "--repo", url, *flags]
        assert beside(*arguments) == beside.helm(*arguments)
        helm("repo", "add", "safe", url, "--force-update", *flags)
        arguments = ["template", "safe/web", "--version", "~1.1", *flags]
        assert beside(*arguments) == beside.helm(*arguments)
