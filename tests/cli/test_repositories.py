"""Charts of HTTP repositories on the command line: by --repo, by a name of Helm's, by URL; and `search`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.support import CHART, Command, Outcome
from registry.repositories import PREFIX, entry, index, serving
from registry.scripted import Reply, ScriptedServer, contents, manifest_of, serve, sha256

from steersman.cli.main import run

BASIC = "Basic " + base64.b64encode(b"me:secret").decode()
ARCHIVE = "app-1.2.3.tgz"
INDEX = index(
    entry("app", "1.2.3", digest=sha256(CHART)), entry("app", "2.0.0-rc.1", ARCHIVE, sha256(CHART)), name="app"
)  # fmt: skip
FILES = {"index.yaml": INDEX, ARCHIVE: CHART}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as scripted:
        scripted.script = serving(FILES)
        yield scripted


@pytest.fixture
def url(server: ScriptedServer) -> str:
    return f"http://{server.host}{PREFIX}"


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    def ran(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = run(arguments)
        shown = capfd.readouterr()
        return Outcome(code, shown.out, shown.err)

    return ran


def added(home: Path, url: str, text: bytes | None = INDEX, **more: object) -> None:
    """What `helm repo add` and `helm repo update` leave behind."""
    config = home / ".config" / "helm" / "repositories.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"repositories": [{"name": "site", "url": url, **more}]}))
    if text is not None:
        cached = home / ".cache" / "helm" / "repository" / "site-index.yaml"
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_bytes(text)


def test_a_chart_of_a_repository(server: ScriptedServer, url: str, template: Command) -> None:
    outcome = template("app", "--repo", url)
    assert (outcome.code, outcome.err) == (0, "")
    assert "version: 1.2.3" in outcome.out
    assert template("app", "--repo", url) == outcome
    assert server.paths() == [f"GET {PREFIX}/index.yaml", f"GET {PREFIX}/{ARCHIVE}", f"GET {PREFIX}/index.yaml"]
    assert "If-None-Match" in server.requests[-1].headers


def test_a_repository_without_tls_is_told_once(server: ScriptedServer, command: Command) -> None:
    outcome = command("search", f"https://{server.host}{PREFIX}")
    assert outcome.err.startswith("Error: ")
    assert outcome.err.endswith("hint: it seems to speak plain HTTP: write http:// in place of https://\n")


def test_a_registry_cannot_list_its_charts(command: Command) -> None:
    with serve() as registry:
        outcome = command("search", f"oci://{registry.host}/charts", "--plain-http")
        assert outcome.err.endswith(
            f"hint: a registry cannot list its charts: name one, oci://{registry.host}/charts/CHART\n"
        )


@pytest.mark.parametrize(
    "arguments", [["search", "foo://bar"], ["template", "web", "--repo", "foo://bar"], ["template", "foo://bar/web"]]
)
def test_urls_of_other_schemes(command: Command, arguments: list[str]) -> None:
    outcome = command(*arguments)
    assert outcome.code == 1
    assert "https://host/path" in outcome.err.partition("hint: ")[2]


def test_credentials_that_are_not_passed_on(server: ScriptedServer, url: str, template: Command) -> None:
    with serve() as files:
        files.script = lambda request: Reply(401)
        server.script = serving({"index.yaml": index(entry("app", "1.2.3", f"http://{files.host}/x.tgz"), name="app")})
        outcome = template("app", "--repo", url, "--username", "me", "--password", "secret")
    hint = f"the credentials are those of {server.host} and go nowhere else without --pass-credentials"
    assert outcome.err.endswith(f"hint: {hint}\n")


def test_another_try_is_told(server: ScriptedServer, url: str, template: Command) -> None:
    replies = iter([Reply(503)])
    server.script = lambda request: next(replies, None) or serving(FILES)(request)
    outcome = template("app", "--repo", url)
    assert (outcome.code, outcome.err) == (0, f"{server.host}{PREFIX}/index.yaml: status 503; trying again\n")


def test_a_version_that_is_not_there_to_the_letter(url: str, template: Command) -> None:
    outcome = template("app", "--repo", url, "--version", "1.2")
    assert outcome.code == 0
    assert outcome.err == (
        'level=WARN msg="unable to find exact version requested; falling back to closest available version" chart=app '
        "requested=1.2 selected=1.2.3\n"
    )


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        pytest.param(["apps"], 'chart "apps" not found in {url} repository', "it has app", id="similar"),
        pytest.param(["zzz"], 'chart "zzz" not found in {url} repository', "it has 1 chart;", id="other"),
        pytest.param(["app", "--version", "3"], 'chart "app" version "3" not found in {url} repository',
                     "newest versions: 2.0.0-rc.1, 1.2.3; pre-releases", id="version"),
        pytest.param(["app", "--version", "x y"], 'chart "app" version "x y" not found in {url} repository',
                     "--version takes 1.2.3", id="range"),
    ],
)  # fmt: skip
def test_what_a_repository_has_not(url: str, template: Command, arguments: list[str], error: str, hint: str) -> None:
    outcome = template(*arguments, "--repo", url)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"Error: {error.format(url=url)}\n\nhint: ")
    assert hint in outcome.err


def test_what_is_no_repository(server: ScriptedServer, url: str, template: Command) -> None:
    outcome = template("app", "--repo", f"{url}/none?sig=secret")
    assert (
        f"is not a valid chart repository or cannot be reached: failed to fetch {url}/none/index.yaml : 404 Not Found"
        in outcome.err
    )
    server.script = lambda request: Reply(403)
    outcome = template("app", "--repo", url, "--username", "me", "--password", "secret")
    assert f"failed to fetch {url}/index.yaml : 403 Forbidden" in outcome.err
    assert "secret" not in outcome.err


def test_a_password_in_the_url_is_a_credential(server: ScriptedServer, template: Command) -> None:
    outcome = template("app", "--repo", f"http://me:secret@{server.host}{PREFIX}")
    assert outcome.code == 0
    assert {request.authorization for request in server.requests} == {BASIC}
    server.requests.clear()
    assert template(f"http://me:secret@{server.host}{PREFIX}/{ARCHIVE}").code == 0
    assert {request.authorization for request in server.requests} == {BASIC}


def test_an_archive_by_its_url(server: ScriptedServer, url: str, template: Command) -> None:
    assert "version: 1.2.3" in template(f"{url}/{ARCHIVE}").out
    assert "version: 1.2.3" in template("x", f"{url}/{ARCHIVE}", "--version", "9").out
    assert server.paths() == [f"GET {PREFIX}/{ARCHIVE}"] * 2
    outcome = template(f"{url}/none.tgz")
    assert outcome.err.startswith(f"Error: failed to fetch {url}/none.tgz : 404 Not Found\n\nhint: ")


def test_a_repository_that_was_added(home: Path, server: ScriptedServer, url: str, template: Command) -> None:
    added(home, url, username="me", password="secret")
    assert "version: 1.2.3" in template("site/app").out
    assert [(request.path, request.authorization) for request in server.requests] == [(f"{PREFIX}/{ARCHIVE}", BASIC)]


def test_files_of_helm_elsewhere(home: Path, tmp_path: Path, url: str, template: Command) -> None:
    added(home, url)
    (home / ".config" / "helm").rename(tmp_path / "config")
    (home / ".cache" / "helm" / "repository").rename(tmp_path / "cache")
    config = ["--repository-config", str(tmp_path / "config" / "repositories.yaml")]
    assert template("site/app", *config, "--repository-cache", str(tmp_path / "cache")).code == 0
    assert "no cached repo found" in template("site/app", *config).err


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(None, "no such file or directory", id="none"),
        pytest.param(b"[", "error loading", id="broken"),
    ],
)
def test_an_index_that_helm_did_not_leave(
    home: Path, url: str, template: Command, text: bytes | None, problem: str
) -> None:
    added(home, url, text)
    outcome = template("site/app")
    assert outcome.err.startswith("Error: no cached repo found. (try 'helm repo update'): ")
    assert problem in outcome.err


def test_a_file_that_holds_no_repositories(home: Path, template: Command) -> None:
    config = home / ".config" / "helm" / "repositories.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("repositories: 3\n")
    assert "cannot unmarshal number into Go struct field File.repositories" in template("site/app").err


def test_lint_takes_them_too(url: str, command: Command) -> None:
    assert command("lint", f"{url}/{ARCHIVE}").code == 0
    assert command("lint", "app", "--repo", url).code == 0


def test_search_lists_a_repository(url: str, command: Command) -> None:
    outcome = command("search", url)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[1].split("\t")[:2] == ["app ", "1.2.3        "]
    assert json.loads(command("search", url, "-l", "--devel", "-o", "json").out) == [
        {"name": "app", "version": version, "app_version": "", "description": ""} for version in ("2.0.0-rc.1", "1.2.3")
    ]


@pytest.mark.parametrize(("words", "found"), [(["site"], 1), (["app"], 1), (["site", "app"], 1), (["site", "x"], 0)])
def test_search_knows_what_was_added(home: Path, url: str, command: Command, words: list[str], found: int) -> None:
    added(home, url)
    results = json.loads(command("search", *words, "-o", "json").out)
    assert [result["name"] for result in results] == ["site/app"] * found


def test_search_without_repositories_or_with_broken_ones(home: Path, url: str, command: Command) -> None:
    assert command("search").err.startswith("Error: no repositories configured\n")
    added(home, url, None)
    outcome = command("search")
    assert outcome.out == "No results found\n"
    assert outcome.err.startswith('level=WARN msg="repo is corrupt or missing" repo=site error="open ')


def test_search_of_a_chart_in_a_registry(command: Command) -> None:
    with serve() as registry:
        registry.script = contents(manifest_of(CHART), CHART, ("1.0.0", "1.1.0_x", "2.0.0-rc.1", "latest"))
        outcome = command("search", registry.url, "--plain-http", "-l", "-o", "json")
        assert [found["version"] for found in json.loads(outcome.out)] == ["1.1.0+x", "1.0.0"]
        assert {found["name"] for found in json.loads(outcome.out)} == {registry.url}


def repository(url: str, **spec: object) -> dict[str, object]:
    return {
        "apiVersion": "steersman.dev/v1alpha1", "kind": "ChartRepository", "metadata": {"name": "shop"},
        "spec": {"url": url, "insecure": True, **spec},
    }  # fmt: skip


def test_search_of_a_chart_repository_in_a_file(
    server: ScriptedServer, url: str, command: Command, tmp_path: Path
) -> None:
    password = {name: base64.b64encode(text).decode() for name, text in (("username", b"me"), ("password", b"secret"))}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "data": password}
    (tmp_path / "repository.json").write_text(json.dumps(repository(url, secretRef={"name": "login"})))
    (tmp_path / "secret.json").write_text(json.dumps(secret))
    files = ["-f", str(tmp_path / "repository.json"), "-f", str(tmp_path / "secret.json")]
    outcome = command("search", *files, "app", "-o", "json")
    assert [found["name"] for found in json.loads(outcome.out)] == ["shop/app"]
    assert [request.authorization for request in server.requests] == [BASIC]
    assert json.loads(command("search", *files, "other", "-o", "json").out) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}, "holds no ChartRepository", id="none"
        ),
        pytest.param(repository("oci://r.io/charts", insecure=False), "cannot list its charts", id="registry"),
        pytest.param(repository("ftp://h"), "ChartRepository shop: ", id="url"),
    ],
)
def test_files_that_search_cannot_use(command: Command, tmp_path: Path, content: object, problem: str) -> None:
    (tmp_path / "x.json").write_text(json.dumps(content))
    outcome = command("search", "-f", str(tmp_path / "x.json"))
    assert outcome.code == 1
    assert problem in outcome.err


def test_search_sends_a_terminal_nothing_but_text(server: ScriptedServer, url: str, command: Command) -> None:
    text = json.dumps({"apiVersion": "v1", "entries": {"a\x1b[2J": [{"name": "a", "version": "1.0.0"}]}})
    server.script = serving({"index.yaml": text.encode()})
    assert "\x1b" not in command("search", url).out
    assert "\x1b" not in command("template", "a[2J", "--repo", url).err
