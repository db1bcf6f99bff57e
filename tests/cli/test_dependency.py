"""`steersman dependency build|update|list`: what lies in the folders afterwards, what is told, what fails and how.

Beside the real Helm it runs in `integration/test_dependency_helm.py`.
"""

from __future__ import annotations

import base64
import io
import os
import re
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from cli.support import CHART, DIGEST, MANIFEST, TAGS, Command, Outcome
from packing import packed
from registry.scripted import Reply, Script, ScriptedServer, contents, serve, sha256

from steersman.cli.main import run
from steersman.core.chart.dependency_lock import lock_digest
from steersman.core.chart.metadata import Dependency

WEB = packed({"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\n"}, "web")
LIB = "apiVersion: v2\nname: lib\nversion: 1.2.3\n"


@pytest.fixture
def dependency(capfd: pytest.CaptureFixture[str]) -> Command:
    """`steersman dependency` with these arguments."""

    def command(*arguments: str | Path) -> Outcome:
        capfd.readouterr()
        code = run(["dependency", *map(str, arguments)])
        shown = capfd.readouterr()
        return Outcome(code, shown.out, shown.err)

    return command


def chart(folder: Path, *entries: Mapping[str, object], **files: str) -> Path:
    """A chart folder named after its folder, with these dependencies."""
    metadata = {"apiVersion": "v2", "name": folder.name, "version": "1.0.0", "dependencies": list(entries)}
    for name, text in {"Chart.yaml": yaml.safe_dump(metadata), **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def entry(repository: str = "file://../lib", version: str = "^1.0.0", name: str = "lib") -> dict[str, str]:
    return {"name": name, "version": version, "repository": repository}


@pytest.fixture
def lib(tmp_path: Path) -> Path:
    """The chart `lib` 1.2.3 in a folder beside the others."""
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / "Chart.yaml").write_text(LIB)
    (folder / "values.yaml").write_text("a: 1\n")
    return folder


@pytest.fixture
def app(tmp_path: Path, lib: Path) -> Path:
    """A chart that depends on it."""
    return chart(tmp_path / "app", entry())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def lock_of(folder: Path) -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load((folder / "Chart.lock").read_text())
    return loaded


def test_update_and_build(app: Path, dependency: Command) -> None:
    told = "Saving 1 charts\nDeleting outdated charts\n"
    assert dependency("update", app) == Outcome(0, told, "")
    assert names(app) == ["Chart.lock", "Chart.yaml", "charts"]
    assert names(app / "charts") == ["lib-1.2.3.tgz"]
    locked = lock_of(app)
    assert locked["dependencies"] == [entry(version="1.2.3")]
    archive = (app / "charts" / "lib-1.2.3.tgz").read_bytes()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert [member.name for member in tar] == ["lib/Chart.yaml", "lib/values.yaml"]
    assert dependency("build", app) == Outcome(0, told, "")
    assert (app / "charts" / "lib-1.2.3.tgz").read_bytes() == archive
    assert lock_of(app) == locked


def test_build_without_a_lock_updates(app: Path, dependency: Command) -> None:
    assert dependency("build", app).code == 0
    assert (app / "Chart.lock").exists()


def test_a_lock_that_says_the_same_is_left_alone(app: Path, dependency: Command) -> None:
    dependency("update", app)
    before = (app / "Chart.lock").stat().st_mtime_ns
    assert dependency("update", app).code == 0
    assert (app / "Chart.lock").stat().st_mtime_ns == before


def test_the_new_version_replaces_the_old_one(app: Path, lib: Path, dependency: Command) -> None:
    dependency("update", app)
    (lib / "Chart.yaml").write_text(LIB.replace("1.2.3", "1.3.0"))
    (app / "charts" / "left-0.1.0.tgz").write_bytes(packed({"Chart.yaml": LIB.replace("lib", "left")}))
    (app / "charts" / "_notes.txt").write_text("mine")
    (app / "charts" / "folder").mkdir()
    (app / "charts" / "folder" / "Chart.yaml").write_text(LIB.replace("lib", "folder"))
    outcome = dependency("update", app)
    assert outcome.code == 0
    assert f"Could not verify {app}/charts/_notes.txt for deletion: " in outcome.out
    assert names(app / "charts") == ["_notes.txt", "folder", "lib-1.3.0.tgz"]


def test_out_of_sync(app: Path, dependency: Command) -> None:
    dependency("update", app)
    chart(app, entry(version="~1.2.0"))
    before = names(app / "charts")
    outcome = dependency("build", app)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(
        "Error: the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the "
        "dependencies with 'helm dependency update'\n"
    )
    assert names(app / "charts") == before


def test_a_chart_without_dependencies(lib: Path, dependency: Command) -> None:
    for command in ("update", "build"):
        assert dependency(command, lib) == Outcome(0, "", "")
    assert names(lib) == ["Chart.yaml", "values.yaml"]
    assert dependency("list", lib).out == f"WARNING: no dependencies at {lib}/charts\n"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([entry("file://../nope")], "directory {parent}/nope not found"),
        ([entry(version="latest")], 'dependency "lib" has an invalid version/constraint format: improper constraint'),
        ([entry(version="^2")], 'can\'t get a valid version for 1 subchart(s): "lib" (repository "file://../lib"'),
        ([entry("")], "directory {parent}/app/charts/lib not found"),
        ([entry("@nope")], "no repository definition for @nope. Please add them via 'helm repo add'\n"),
        ([entry("alias:nope")], "no repository definition for alias:nope. Please add them via 'helm repo add'\n"),
        ([entry("stable")], "no repository definition for stable. Please add them via 'helm repo add'\nNote that"),
    ],
    ids=["no-folder", "no-range", "no-version", "not-in-charts", "no-at-alias", "no-alias", "no-url"],
)
def test_what_cannot_be_updated(
    tmp_path: Path, lib: Path, dependency: Command, entries: list[dict[str, str]], message: str
) -> None:
    folder = chart(tmp_path / "app", *entries)
    outcome = dependency("update", folder)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"Error: {message.format(parent=tmp_path)}")
    assert names(folder) == ["Chart.yaml"]


def test_paths_that_are_no_chart_folder(tmp_path: Path, dependency: Command) -> None:
    (tmp_path / "x.tgz").write_bytes(CHART)
    (tmp_path / "empty").mkdir()
    for path, message in {
        tmp_path / "nope": f"could not find {tmp_path}/nope: stat {tmp_path}/nope: no such file or directory",
        tmp_path / "x.tgz": "only unpacked charts can be updated",
        tmp_path / "empty": "Chart.yaml file is missing",
    }.items():
        for command in ("update", "build"):
            assert dependency(command, path) == Outcome(1, "", f"Error: {message}\n")


def test_a_chart_in_charts_stays_and_must_fit(tmp_path: Path, dependency: Command) -> None:
    told = "Saving 1 charts\nDependency lib did not declare a repository. Assuming it exists in the charts directory\n"
    folder = chart(tmp_path / "app", entry(""), **{"charts/lib/Chart.yaml": LIB})
    (folder / "charts" / "lib-1.0.0.tgz").write_bytes(packed({"Chart.yaml": LIB}))
    assert dependency("update", folder) == Outcome(0, f"{told}Deleting outdated charts\n", "")
    assert names(folder / "charts") == ["lib", "lib-1.0.0.tgz"]
    chart(folder, entry("", "^2"))
    outcome = dependency("update", folder)
    problem = "dependency lib at version 1.2.3 does not satisfy the constraint ^2"
    assert outcome == Outcome(1, f"{told}Save error occurred:  {problem}\n", f"Error: {problem}\n")


def test_several_charts_one_of_which_fails(tmp_path: Path, lib: Path, dependency: Command) -> None:
    good = chart(tmp_path / "good", entry())
    bad = chart(tmp_path / "bad", entry("file://../nope"))
    last = chart(tmp_path / "last", entry("file://../good", name="good"))
    outcome = dependency("build", good, bad, last)
    assert outcome.code == 1
    assert outcome.out == (
        f"==> Building {good}\nSaving 1 charts\nDeleting outdated charts\n"
        f"==> Building {bad}\n"
        f"==> Building {last}\nSaving 1 charts\nDeleting outdated charts\n"
    )
    assert outcome.err == f"Error: {bad}: directory {tmp_path}/nope not found\nError: 1 of 3 charts failed\n"
    with tarfile.open(last / "charts" / "good-1.0.0.tgz") as tar:  # with what was built before it
        assert "good/charts/lib/Chart.yaml" in tar.getnames()


def test_the_lock_of_v1(tmp_path: Path, lib: Path, dependency: Command) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "Chart.yaml").write_text("apiVersion: v1\nname: old\nversion: 1.0.0\n")
    (folder / "requirements.yaml").write_text(yaml.safe_dump({"dependencies": [entry()]}))
    assert dependency("update", folder).code == 0
    assert names(folder) == ["Chart.yaml", "charts", "requirements.lock", "requirements.yaml"]
    lock = folder / "requirements.lock"
    lock.write_text(lock.read_text().replace("sha256:", "sha256:0"))
    outcome = dependency("build", folder)
    assert outcome.err.startswith(
        'level=INFO msg="warning: a valid Helm v3 hash' if outcome.code == 0 else "Error: the lock file (requirements"
    )


def test_a_lock_that_is_a_link_is_not_followed(app: Path, tmp_path: Path, dependency: Command) -> None:
    (app / "Chart.lock").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("digest: sha256:x\n")
    outcome = dependency("update", app)
    assert outcome.code == 1
    assert outcome.err.endswith(f'Error: the Chart.lock file is a symlink to "{tmp_path}/elsewhere"\n')
    assert (tmp_path / "elsewhere").read_text() == "digest: sha256:x\n"


def test_charts_may_be_a_link_to_another_file_system(app: Path, dependency: Command) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == app.stat().st_dev:
        pytest.skip("there is one file system here")
    with tempfile.TemporaryDirectory(dir=elsewhere) as folder:
        (app / "charts").symlink_to(folder)
        assert dependency("update", app).code == 0
        assert names(Path(folder)) == ["lib-1.2.3.tgz"]


def test_source_date_epoch(app: Path, dependency: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert dependency("update", app).code == 0
    with tarfile.open(app / "charts" / "lib-1.2.3.tgz") as tar:
        assert {member.mtime for member in tar} == {1_700_000_000}
    for text, problem in {
        "x": 'strconv.ParseInt: parsing "x": invalid syntax',
        "-1": "must not be negative",
    }.items():
        monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
        assert dependency("update", app) == Outcome(1, "", f"Error: invalid SOURCE_DATE_EPOCH: {problem}\n")


def test_nothing_is_left_where_the_folder_cannot_be_written(app: Path, dependency: Command) -> None:
    if os.geteuid() == 0:
        (app / "charts").write_text("a file")
        outcome = dependency("update", app)
        assert outcome == Outcome(1, "", f'Error: "{app}/charts" is not a directory\n')
    else:
        app.chmod(0o500)
        assert dependency("update", app).code == 1
        app.chmod(0o700)
    assert "Chart.lock" not in names(app)
    assert not [name for name in names(app) if name.startswith("tmpcharts")]


class TestRegistry:
    """Dependencies from a registry."""

    @pytest.fixture
    def web(self, tmp_path: Path, registry: ScriptedServer) -> Path:
        """A chart that depends on the registry's."""
        return chart(tmp_path / "web", entry(registry.url.rpartition("/")[0], "^1.0.0", "demo"))

    def test_update_and_build(self, web: Path, registry: ScriptedServer, dependency: Command) -> None:
        repository = registry.url.rpartition("/")[0]
        told = (
            f"Saving 1 charts\nDownloading demo from repo {repository}\n"
            f"Pulled: {registry.url.removeprefix('oci://')}:1.2.3\nDigest: {DIGEST}\nDeleting outdated charts\n"
        )
        assert dependency("update", web, "--plain-http") == Outcome(0, told, "")
        assert (web / "charts" / "demo-1.2.3.tgz").read_bytes() == CHART
        assert lock_of(web)["dependencies"] == [entry(repository, "1.2.3", "demo")]
        asked = len(registry.paths())
        assert dependency("build", web, "--plain-http") == Outcome(0, told, "")
        assert registry.paths()[asked:] == ["HEAD /v2/charts/demo/manifests/1.2.3"]

    def test_two_charts_ask_once(
        self, web: Path, tmp_path: Path, registry: ScriptedServer, dependency: Command
    ) -> None:
        other = chart(tmp_path / "other", entry(registry.url.rpartition("/")[0], "^1.0.0", "demo"))
        assert dependency("update", web, other, "--plain-http").code == 0
        assert sorted(registry.paths()) == sorted(set(registry.paths()))

    def test_no_version_in_the_range(self, tmp_path: Path, registry: ScriptedServer, dependency: Command) -> None:
        repository = registry.url.rpartition("/")[0]
        folder = chart(tmp_path / "web", entry(repository, "^9", "demo"))
        outcome = dependency("update", folder, "--plain-http")
        assert outcome.err.startswith(
            f"Error: could not download {repository}/demo: could not locate a version matching provided version string "
            "^9\n\nhint: newest versions: 2.0.0-rc.1, 1.2.3, 1.0.0; "
        )

    def test_no_such_version(self, tmp_path: Path, registry: ScriptedServer, dependency: Command) -> None:
        repository = registry.url.rpartition("/")[0]
        folder = chart(tmp_path / "web", entry(repository, "7.7.7", "demo"))
        outcome = dependency("update", folder, "--plain-http")
        problem = f"could not download {repository}/demo: {registry.url.removeprefix('oci://')}:7.7.7: not found"
        assert outcome.out == (
            f"Saving 1 charts\nDownloading demo from repo {repository}\nSave error occurred:  {problem}\n"
        )
        assert outcome.err.startswith(f"Error: {problem}\n")
        assert names(folder) == ["Chart.yaml"]

    def test_a_lock_that_names_no_version(self, web: Path, registry: ScriptedServer, dependency: Command) -> None:
        dependency("update", web, "--plain-http")
        lock = web / "Chart.lock"
        wanted = Dependency("demo", "^1.0.0", registry.url.rpartition("/")[0])
        digest = lock_digest([wanted], [wanted._replace(version="latest")])
        lock.write_text(re.sub("sha256:.*", digest, lock.read_text().replace("1.2.3", "latest")))
        outcome = dependency("build", web, "--plain-http")
        assert outcome.err.startswith(
            f'Error: could not download {registry.url}: improper constraint: "latest"\n\nhint: '
        )

    def test_a_slash_at_the_end_is_none(self, tmp_path: Path, registry: ScriptedServer, dependency: Command) -> None:
        folder = chart(tmp_path / "web", entry(f"{registry.url.rpartition('/')[0]}/", "^1.0.0", "demo"))
        assert dependency("update", folder, "--plain-http").code == 0
        assert names(folder / "charts") == ["demo-1.2.3.tgz"]

    def test_a_repository_that_is_not_there(
        self, tmp_path: Path, registry: ScriptedServer, dependency: Command
    ) -> None:
        repository = registry.url.rpartition("/")[0]
        folder = chart(tmp_path / "web", entry(repository, "^1", "other"))
        outcome = dependency("update", folder, "--plain-http")
        assert outcome.err.startswith(f"Error: could not retrieve list of tags for repository {repository}: ")
        assert "\n\nhint: " in outcome.err

    def test_what_is_no_chart_is_not_used(self, web: Path, registry: ScriptedServer, dependency: Command) -> None:
        (web / "charts").mkdir()
        (web / "charts" / "demo-1.0.0.tgz").write_bytes(CHART)
        registry.script = contents(MANIFEST, CHART[:-40] + bytes(40), TAGS)
        outcome = dependency("update", web, "--plain-http")
        assert outcome.code == 1
        assert names(web / "charts") == ["demo-1.0.0.tgz"]
        assert names(web) == ["Chart.yaml", "charts"]

    def test_all_are_fetched_or_nothing_changes(
        self, tmp_path: Path, lib: Path, registry: ScriptedServer, dependency: Command
    ) -> None:
        repository = registry.url.rpartition("/")[0]
        folder = chart(tmp_path / "web", entry(), entry(repository, "7.7.7", "demo"))
        assert dependency("update", folder, "--plain-http").code == 1
        assert names(folder) == ["Chart.yaml"]

    def test_an_unreachable_registry(self, tmp_path: Path, dependency: Command) -> None:
        with serve() as server:
            server.script = lambda request: Reply(404)
            repository = server.url.rpartition("/")[0]
        folder = chart(tmp_path / "web", entry(repository, "1.0.0", "demo"))
        outcome = dependency("update", folder, "--plain-http")
        assert outcome.code == 1
        assert f"Error: could not download {repository}/demo: " in outcome.err
        assert "see whether the registry is up" in outcome.err


LISTED = (
    "NAME   \tVERSION\tREPOSITORY   \tSTATUS \n"
    "lib    \t^1.0.0 \tfile://../lib\t{lib}\n"
    "missing\t2.x    \t             \tmissing\n\n"
)


def test_list(tmp_path: Path, lib: Path, dependency: Command) -> None:
    missing = {"name": "missing", "version": "2.x"}
    folder = chart(tmp_path / "app", entry(), missing)
    assert dependency("list", folder) == Outcome(0, LISTED.format(lib="missing"), "")
    charts = folder / "charts"
    charts.mkdir()
    (charts / "lib-1.2.3.tgz").write_bytes(packed({"Chart.yaml": LIB}, "lib"))
    (charts / "other-1.0.0.tgz").write_bytes(packed({"Chart.yaml": LIB.replace("lib", "other")}, "other"))
    (charts / "empty").mkdir()
    (charts / "_readme.txt").write_text("no chart, and no archive")
    assert dependency("ls", folder).out == (
        f"{LISTED.format(lib='ok     ')}"
        f'WARNING: "{charts}/empty" is not a chart.\nWARNING: "{charts}/other-1.0.0.tgz" is not in Chart.yaml.\n'
    )


def test_list_of_an_archive(tmp_path: Path, dependency: Command) -> None:
    archive = tmp_path / "app.tgz"
    metadata = "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: [{name: lib, version: ^1}]\n"
    archive.write_bytes(packed({"Chart.yaml": metadata, "charts/lib/Chart.yaml": LIB}))
    assert dependency("list", archive).out.splitlines()[1].split() == ["lib", "^1", "unpacked"]


def test_wrong_use(tmp_path: Path, dependency: Command) -> None:
    assert dependency("list", tmp_path / "nope").err == (f"Error: stat {tmp_path}/nope: no such file or directory\n")
    assert dependency("list", "a", "b").err.startswith(
        'Error: "steersman dependency list" accepts at most 1 argument\n'
    )
    assert dependency("nope").err.startswith('Error: unknown command "nope" for "steersman dependency"\n')


def test_short_names(lib: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for words in (["dep", "ls"], ["dependencies", "list"], ["dep", "up"]):
        assert run([*words, str(lib)]) == 0
    assert run(["dep"]) == 0
    assert "update" in capfd.readouterr().out


class TestRepository:
    """Dependencies from an HTTP repository."""

    INDEX = (
        "apiVersion: v1\nentries:\n  web:\n"
        "  - {{apiVersion: v2, name: web, version: 1.2.3, urls: ['{url}'], digest: '{digest}'}}\n"
    )

    @pytest.fixture
    def site(self) -> Iterator[ScriptedServer]:
        """A repository with one chart."""
        with serve() as server:
            server.script = self.serving("web-1.2.3.tgz")
            yield server

    def serving(self, url: str, digest: str = sha256(WEB)) -> Script:
        """A script that serves an index with this URL, and the chart at web-1.2.3.tgz."""
        index = self.INDEX.format(url=url, digest=digest).encode()
        replies = {"/index.yaml": Reply(200, index), "/web-1.2.3.tgz": Reply(200, WEB)}
        return lambda request: replies.get(request.path.partition("?")[0], Reply(404))

    def app(self, folder: Path, site: ScriptedServer, *names: str) -> Path:
        url = f"http://{site.host}"
        return chart(folder / "app", *(entry(url, "^1", name) for name in names or ("web",)))

    def add(self, home: Path, site: ScriptedServer, **fields: object) -> None:
        """What `helm repo add` writes."""
        entries = [{"name": "site", "url": f"http://{site.host}", **fields}]
        path = home / ".config" / "helm" / "repositories.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(yaml.safe_dump({"apiVersion": "", "repositories": entries}))

    def test_update(self, tmp_path: Path, site: ScriptedServer, dependency: Command) -> None:
        app = self.app(tmp_path, site)
        assert dependency("update", app).code == 0
        assert (app / "charts" / "web-1.2.3.tgz").read_bytes() == WEB
        assert site.paths() == ["GET /index.yaml", "GET /web-1.2.3.tgz"]
        assert dependency("update", app).code == 0  # the archive is in the cache
        assert site.paths()[2:] == ["GET /index.yaml"]

    def test_the_password_of_the_command_line_is_for_registries(
        self, tmp_path: Path, site: ScriptedServer, dependency: Command
    ) -> None:
        assert dependency("update", self.app(tmp_path, site), "--username", "me", "--password", "secret").code == 0
        assert {request.authorization for request in site.requests} == {""}

    @pytest.mark.parametrize("fails", [False, True], ids=["used", "not-shown"])
    def test_the_password_in_a_url(
        self, tmp_path: Path, site: ScriptedServer, dependency: Command, fails: bool
    ) -> None:
        if fails:
            site.script = lambda request: Reply(404)
        app = chart(tmp_path / "app", entry(f"http://me:secret@{site.host}", "^1", "web"))
        outcome = dependency("update", app)
        assert outcome.code == int(fails)
        assert site.requests[0].authorization == "Basic " + base64.b64encode(b"me:secret").decode()
        outcomes = [outcome, dependency("build", app)]  # which wants it added
        assert not [each for each in outcomes if "secret" in each.out + each.err]

    def test_the_password_that_was_added_with_a_repository_is_for_it(
        self, tmp_path: Path, home: Path, site: ScriptedServer, dependency: Command
    ) -> None:
        self.add(home, site, username="me", password="secret")
        with serve() as elsewhere:
            elsewhere.script = self.serving("web-1.2.3.tgz")
            site.script = self.serving(f"http://{elsewhere.host}/web-1.2.3.tgz")
            assert dependency("update", self.app(tmp_path, site)).code == 0
            assert [bool(request.authorization) for request in site.requests] == [True]
            assert [request.authorization for request in elsewhere.requests] == [""]

    def test_a_password_is_not_shown_to_two_registries(self, tmp_path: Path, dependency: Command) -> None:
        app = chart(tmp_path / "app", entry("oci://one.example/x"), entry("oci://two.example/x", name="other"))
        outcome = dependency("update", app, "--username", "me", "--password", "secret")
        assert outcome.err.startswith(
            "Error: --username and --password are for one registry, and the charts come from one.example, two.example\n"
        )

    def test_an_archive_that_is_not_what_the_index_says(
        self, tmp_path: Path, site: ScriptedServer, dependency: Command
    ) -> None:
        site.script = self.serving("web-1.2.3.tgz", digest="0" * 64)
        app = self.app(tmp_path, site)
        outcome = dependency("update", app)
        assert outcome.code == 1
        assert f"Error: could not download http://{site.host}/web-1.2.3.tgz: " in outcome.err
        assert names(app) == ["Chart.yaml"]

    @pytest.mark.parametrize(
        ("url", "file"),
        [
            ("web-1.2.3.tgz", "web-1.2.3.tgz"),
            ("./web-1.2.3.tgz?token=x", "web-1.2.3.tgz"),
            ("web-1.2.3.tgz/../web-1.2.3.tgz", "web-1.2.3.tgz"),
            ("download?chart=web", "web-1.2.3.tgz"),
            ("..%2F..%2F.evil.tgz", "web-1.2.3.tgz"),
            ("x%2Fother.tgz", "other.tgz"),
            ("x%00.tgz", "web-1.2.3.tgz"),
        ],
    )
    def test_file_names(self, tmp_path: Path, site: ScriptedServer, dependency: Command, url: str, file: str) -> None:
        index = self.INDEX.format(url=url, digest=sha256(WEB)).encode()
        site.script = lambda request: Reply(200, index if request.path == "/index.yaml" else WEB)
        app = self.app(tmp_path, site)
        assert dependency("update", app).code == 0
        assert names(app / "charts") == [file]

    def test_an_index_is_asked_for_once_for_many_charts(
        self, tmp_path: Path, site: ScriptedServer, dependency: Command
    ) -> None:
        apps = [self.app(tmp_path / str(number), site) for number in range(5)]
        assert dependency("update", *apps).code == 0
        assert site.paths() == ["GET /index.yaml", "GET /web-1.2.3.tgz"]

    def test_a_version_that_left_the_repository(
        self, tmp_path: Path, home: Path, site: ScriptedServer, dependency: Command
    ) -> None:
        self.add(home, site)
        app = self.app(tmp_path, site)
        dependency("update", app)
        site.script = lambda request: Reply(200, b"apiVersion: v1\nentries: {web: []}\n")
        outcome = dependency("build", app)
        assert outcome.err.startswith(
            "Error: could not find web 1.2.3: no matching version\n\nhint: newest versions: none"
        )
        assert names(app / "charts") == ["web-1.2.3.tgz"]
        site.script = lambda request: Reply(200, b"apiVersion: v1\nentries: {}\n")
        assert dependency("build", app).err.startswith("Error: could not find web: entry not found\n")
