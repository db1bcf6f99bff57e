"""`steersman dependency` beside `helm dependency`: the same command on two copies of the same folders, with charts in
folders, in the real registry and in an HTTP repository that `helm repo index` made.

Compared are exit code, what is told, `charts/` by content and Chart.lock but for its time; then each program goes on
with what the other wrote. Where we say something else on purpose, the case says what.
"""

from __future__ import annotations

import io
import re
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.repositories import serving_folder
from packing import packed
from registry.signatures.gnupg_keys import GnuPgKey, make_key
from testenv.clients import Helm
from testenv.registry import Registry

from steersman.cli.main import run

pytestmark = pytest.mark.bench  # helm, whatever else a test asks for

VERSIONS = ("1.0.0", "1.2.3", "1.3.0-rc.1", "2.0.0+build.1")
NOWHERE = "127.0.0.1:1"
"""A port where nothing listens."""


@dataclass(frozen=True)
class Shown:
    """What a command gave."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Case:
    """One chart `app` with these dependencies. `files` are more files beside and inside it (path → text). `ours` are
    parts of standard error where it is not Helm's."""

    id: str
    dependencies: Sequence[Mapping[str, Any]]
    files: Mapping[str, str] = field(default_factory=dict)
    flags: Sequence[str] = ()
    api_version: str = "v2"
    fails: bool = False
    ours: str = ""
    told: bool = True
    """Whether standard output is Helm's too."""
    added: bool = False
    """Whether `helm repo add site` knows the HTTP repository."""


def entry(name: str, version: str, repository: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "repository": repository, **more}


LIB_YAML = "apiVersion: v2\nname: lib\nversion: 1.2.3\n"
LIB = {
    "lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.2.3\ndescription: 'a  b'\nappVersion: '1.10'\n"
    "keywords: [x]\nmaintainers: [{name: me}]\nannotations: {b: '1', a: x}\n",
    "lib/values.yaml": "# text that stays\na: {b: 1}\n",
    "lib/values.schema.json": '{"type": "object"}\n',
    "lib/templates/x.yaml": "x: {{ .Values.a.b }}\n",
    "lib/templates/NOTES.txt": "notes\n",
    "lib/crds/c.yaml": "kind: C\n",
    "lib/README.md": "read me\n",
    "lib/.helmignore": "*.bak\n",
    "lib/old.bak": "ignored\n",
    "lib/charts/inner/Chart.yaml": "apiVersion: v2\nname: inner\nversion: 0.1.0\n",
    "lib/charts/inner/templates/y.yaml": "y: 1\n",
}
INNER = {
    "app/charts/lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.2.3\n",
    "app/charts/lib/templates/x.yaml": "x: 1\n",
}
VENDORED = {f"app/vendor/{path}": text for path, text in LIB.items()}
MINE = {"app/charts/mine/Chart.yaml": "apiVersion: v2\nname: mine\nversion: 1.0.0\n"}
IMPORTS = {"import-values": ["a", {"child": "b", "parent": "c"}]}
FOLDER = "file://../lib"
OCI = "oci://{registry}/charts"
SITE = "{site}"
PLAIN = ("--plain-http",)

UPDATES = [
    Case("folder", [entry("lib", "1.2.3", FOLDER)], LIB),
    Case("folder-in-range", [entry("lib", ">=1.0.0 <2", FOLDER, condition="lib.on", tags=["a<b"], alias="x")], LIB),
    Case("folder-with-import-values", [entry("lib", "^1", FOLDER, **IMPORTS)], LIB),
    Case("folder-twice", [entry("lib", "^1", FOLDER), entry("lib", "1.x", FOLDER, alias="other")], LIB),
    Case("folder-inside", [entry("lib", "*", "file://vendor/lib")], VENDORED),
    Case("folder-out-of-range", [entry("lib", "^2", FOLDER)], LIB, fails=True),
    Case("folder-missing", [entry("lib", "^1", "file://../nope")], fails=True),
    Case("folder-without-chart", [entry("lib", "^1", FOLDER)], {"lib/values.yaml": "a: 1\n"}, fails=True),
    Case("two-out-of-range", [entry("lib", "^2", FOLDER), entry("web", "9.x", FOLDER)], LIB, fails=True),
    Case("no-range", [entry("lib", "latest", FOLDER)], LIB, fails=True),
    Case("no-version", [entry("lib", "", FOLDER)], LIB, fails=True),
    Case("none-listed", []),
    Case("in-charts", [entry("lib", "^1", "")], INNER),
    Case("in-charts-out-of-range", [entry("lib", "^2", "")], INNER, fails=True),
    Case("in-charts-missing", [entry("lib", "^1", "")], fails=True),
    Case("charts-of-others-stay", [entry("lib", "^1", FOLDER)], {**LIB, **MINE}),
    Case("v1", [entry("lib", "^1", FOLDER)], LIB, api_version="v1"),
    Case("at-alias-unknown", [entry("lib", "^1", "@nope")], fails=True),
    Case("bare-name", [entry("lib", "^1", "stable"), entry("lib", "^1", "@x", alias="y")], fails=True),
    Case("registry", [entry("web", "1.0.0", OCI)], flags=PLAIN),
    Case("registry-in-range", [entry("web", "^1", OCI)], flags=PLAIN),
    Case("registry-prerelease", [entry("web", "^1.3.0-0", OCI)], flags=PLAIN),
    Case("registry-build-metadata", [entry("web", "2.0.0+build.1", OCI)], flags=PLAIN),
    Case("registry-and-folder", [entry("web", "~1.2", OCI), entry("lib", "1", FOLDER)], LIB, flags=PLAIN),
    Case("registry-no-such-range", [entry("web", "^9", OCI)], flags=PLAIN, fails=True),
    Case("registry-no-such-version", [entry("web", "7.7.7", OCI)], flags=PLAIN, fails=True,
         ours="could not download oci://{registry}/charts/web: {registry}/charts/web:7.7.7: not found", told=False),
    Case("registry-no-such-chart", [entry("nope", "^1", OCI)], flags=PLAIN, fails=True,
         ours="could not retrieve list of tags for repository oci://{registry}/charts: {registry}/charts/nope: "),
    Case("registry-unreachable", [entry("web", "^1", f"oci://{NOWHERE}/charts")], flags=PLAIN, fails=True,
         ours=f"could not retrieve list of tags for repository oci://{NOWHERE}/charts: {NOWHERE}/charts/web: "),
    Case("registry-half", [entry("lib", "^1", FOLDER), entry("web", "7.7.7", OCI)], LIB, flags=PLAIN, fails=True,
         ours="could not download oci://{registry}/charts/web: {registry}/charts/web:7.7.7: not found", told=False),
    Case("repository", [entry("web", "1.0.0", SITE)]),
    Case("repository-in-range", [entry("web", "^1", SITE)]),
    Case("repository-prerelease", [entry("web", "^1.3.0-0", f"{SITE}/")]),
    Case("repository-build-metadata", [entry("web", "2.x", SITE)]),
    Case("repository-twice", [entry("web", "^1", SITE), entry("web", "1.2.3", SITE, alias="other")]),
    Case("repository-added", [entry("web", "^1", SITE)], added=True),
    Case("repository-by-alias", [entry("web", "~1", "@site")], added=True),
    Case("repository-by-long-alias", [entry("web", "~1", "alias:site")], added=True),
    Case("repository-registry-and-folder", [entry("web", "^1", "@site"), entry("api", "^0.1.0", OCI),
         entry("lib", "^1", FOLDER)], LIB, flags=PLAIN, added=True),
    Case("repository-no-such-range", [entry("web", "^9", SITE), entry("web", "^8", SITE, alias="x")], fails=True),
    Case("repository-no-such-chart", [entry("nope", "^1", SITE)], fails=True),
    Case("repository-skip-refresh", [entry("web", "^1", "@site")], flags=("--skip-refresh",), added=True),
    Case("repository-skip-refresh-unknown", [entry("web", "^1", SITE)], flags=("--skip-refresh",), fails=True),
    Case("repository-unreachable", [entry("web", "^1", f"http://{NOWHERE}")], fails=True, told=False,
         ours=f'looks like "http://{NOWHERE}" is not a valid chart repository or cannot be reached: '),
    Case("repository-without-index", [entry("web", "^1", f"{SITE}/nope")], fails=True, told=False,
         ours='looks like "{site}/nope" is not a valid chart repository or cannot be reached: '),
    Case("scheme-unknown", [entry("web", "^1", "ftp://host/charts")], fails=True),
]  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where the charts of the cases are."""

    registry: str
    site: str

    def filled(self, text: str) -> str:
        return text.replace("{registry}", self.registry).replace("{site}", self.site)


@pytest.fixture(scope="module")
def places(registry: Registry, offline_helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A registry and an HTTP repository with the chart `web` in several versions."""
    folder = tmp_path_factory.mktemp("web")
    write(folder, {"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n", "web/templates/w.yaml": "w: 1\n"})
    write(folder, {"api/Chart.yaml": "apiVersion: v2\nname: api\nversion: 0.1.0\n"})
    offline_helm("package", str(folder / "api"), "--destination", str(folder))
    offline_helm("push", "--plain-http", str(folder / "api-0.1.0.tgz"), f"oci://{registry.host}/charts")
    for version in VERSIONS:
        offline_helm("package", str(folder / "web"), "--version", version, "--destination", str(folder / "site"))
        archive = folder / "site" / f"web-{version}.tgz"
        offline_helm("push", "--plain-http", str(archive), f"oci://{registry.host}/charts")
    offline_helm("repo", "index", str(folder / "site"))
    with serving_folder(folder / "site") as server:
        yield Places(registry.host, f"http://{server.host}")


class Pair:
    """Two copies of the same folders: one for Helm, one for us."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.helms, self.ours = folder / "helms" / "work", folder / "ours" / "work"
        self._home = folder / "home"
        self._helm = Helm.at(folder / "helm-home")
        self._capfd = capfd

    def add(self, places: Places) -> None:
        """`helm repo add`, which both programs know of."""
        self._helm("repo", "add", "site", places.site)

    def write(self, case: Case, places: Places) -> None:
        entries = yaml.safe_load(places.filled(yaml.safe_dump(list(case.dependencies))))
        metadata = {"apiVersion": case.api_version, "name": "app", "version": "1.0.0"}
        listed = {"dependencies": entries}
        files = {"app/Chart.yaml": yaml.safe_dump(metadata if case.api_version == "v1" else {**metadata, **listed})}
        if case.api_version == "v1":
            files["app/requirements.yaml"] = yaml.safe_dump(listed)
        for folder in (self.helms, self.ours):
            write(folder, {**files, **case.files})

    def helm(self, *arguments: str, folder: Path | None = None, command: str = "dependency") -> Shown:
        with chdir(folder or self.helms):
            ended = self._helm(command, *arguments, check=False)
        return Shown(ended.returncode, ended.stdout, ended.stderr)

    def steersman(self, *arguments: str, folder: Path | None = None, command: str = "dependency") -> Shown:
        self._capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch, chdir(folder or self.ours):
            patch.setenv("HOME", str(self._home))
            for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
                patch.delenv(name, raising=False)
            for what in ("cache", "config", "data"):
                patch.setenv(f"HELM_{what.upper()}_HOME", str(self._helm.home / "helm" / what))
            code = run([command, *arguments])
        shown = self._capfd.readouterr()
        return Shown(code, shown.out, shown.err)

    def both(self, *arguments: str, command: str = "dependency") -> tuple[Shown, Shown]:
        return self.helm(*arguments, command=command), self.steersman(*arguments, command=command)

    def assert_same_folders(self) -> None:
        assert content(self.ours / "app") == content(self.helms / "app")


@pytest.fixture
def pair(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Pair:
    return Pair(tmp_path, capfd)


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def content(folder: Path) -> dict[str, object]:
    """What is in a folder: archives by what is in them, locks without their time."""
    return {str(path.relative_to(folder)): file_content(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def file_content(path: Path) -> object:
    data = path.read_bytes()
    if path.name.endswith(".lock"):
        return re.sub(rb'(?m)^generated: ".*"$', b"generated:", data)
    if path.suffix != ".tgz" or not data.startswith(b"\x1f\x8b"):
        return data
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def message(shown: Shown) -> str:
    """The error, without our advice below it, and without what is told of tries before."""
    return re.sub(r"(?m)^.*; trying again\n", "", shown.err).partition("\n\nhint: ")[0].strip()


def told(shown: Shown) -> str:
    """What was told on standard output; not what Helm says of the underscores in tags, and of .prov files that it then
    leaves out of `charts/`, nor why there is no .prov file."""
    out = re.sub(r"(?s)\S+ contains an underscore\.\n.*? from a registry\.\n", "", shown.out)
    out = re.sub(r"Could not verify \S+\.prov for moving: .*? \(Skipping\)", "", out)
    return re.sub(r"(?m)^(WARNING: Verification not found for \S+): .*", r"\1", out)


@pytest.mark.parametrize("case", UPDATES, ids=lambda case: case.id)
def test_update(case: Case, pair: Pair, places: Places) -> None:
    pair.write(case, places)
    if case.added:
        pair.add(places)
    helms, ours = pair.both("update", "app", *case.flags)
    assert (helms.code, ours.code) == (int(case.fails), int(case.fails)), ours.err
    if case.told:
        assert told(ours) == told(helms)
    if case.ours:
        assert message(ours).startswith(f"Error: {places.filled(case.ours)}")
    else:
        assert message(ours) == message(helms)
    pair.assert_same_folders()
    if case.fails:
        return
    for go_on in (pair.helm, pair.steersman):  # each with what the other wrote
        other = pair.ours if go_on == pair.helm else pair.helms
        before = content(other / "app")
        went_on = go_on("build", "app", *case.flags, folder=other)
        if SITE in str(case.dependencies) and not case.added:
            added = "no repository definition for .*. Please add the missing repos via 'helm repo add'"
            assert re.fullmatch(f"Error: {added}", message(went_on))
        else:
            assert (went_on.code, message(went_on)) == (0, "")
        assert content(other / "app") == before
    for command in ("list", "build"):
        helms, ours = pair.both(command, "app", *(case.flags if command == "build" else ()))
        assert (told(ours), message(ours), ours.code) == (told(helms), message(helms), helms.code)


@dataclass(frozen=True)
class Change:
    """What happens to the folders between an update and a build, and whether the build then fails."""

    id: str
    files: Mapping[str, str]
    fails: bool = True


BUILDS = [
    Change("nothing", {}, fails=False),
    Change("another-range", {"app/Chart.yaml": "[{name: lib, version: ~1.2, repository: file://../lib}]"}),
    Change("another-alias", {"app/Chart.yaml": "[{name: lib, version: ^1, repository: file://../lib, alias: x}]"}),
    Change("none-listed-any-more", {"app/Chart.yaml": "[]"}),
    Change("newer-folder", {"lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.9.0\n"}),
    Change("folder-without-chart", {"lib/Chart.yaml": ""}),
    Change("broken-lock", {"app/Chart.lock": "digest: [\n"}),
    Change("lock-of-nothing", {"app/Chart.lock": "{}\n"}),
    Change("an-empty-lock", {"app/Chart.lock": "# nothing\n"}, fails=False),
    Change("an-old-archive", {"app/charts/_old-1.0.0.tgz": "no archive"}, fails=False),
]


@pytest.mark.parametrize("change", BUILDS, ids=lambda change: change.id)
def test_build_after_a_change(change: Change, pair: Pair, places: Places) -> None:
    pair.write(Case("", [entry("lib", "^1", FOLDER)], LIB), places)
    pair.both("update", "app")
    shutil.copy(pair.helms / "app" / "Chart.lock", pair.ours / "app" / "Chart.lock")
    for folder in (pair.helms, pair.ours):
        for name, text in change.files.items():
            is_list = text.startswith("[")
            (folder / name).write_text(
                f"apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies: {text}\n" if is_list else text
            )
    helms, ours = pair.both("build", "app")
    assert (helms.code, ours.code) == (int(change.fails), int(change.fails)), helms.err + ours.err
    assert told(ours) == told(helms)
    assert message(ours) == message(helms)
    pair.assert_same_folders()


def archive(name: str, version: str) -> bytes:
    return packed({"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n"}, name)


LISTED = [entry("lib", "^1", FOLDER), entry("other-chart", "2.0.0", "https://charts.example.com/" + "long/" * 20)]
LISTS: dict[str, dict[str, bytes]] = {
    "missing": {},
    "ok": {"lib-1.2.3.tgz": archive("lib", "1.2.3"), "other-chart-2.0.0.tgz": archive("other-chart", "2.0.0")},
    "wrong-version": {"lib-2.0.0.tgz": archive("lib", "2.0.0")},
    "too-many": {"lib-1.2.3.tgz": archive("lib", "1.2.3"), "lib-1.2.4.tgz": archive("lib", "1.2.4")},
    "one-of-two-is-a-version": {"lib-1.2.3.tgz": archive("lib", "1.2.3"), "lib-x-1.0.0.tgz": archive("lib-x", "1.0.0")},
    "misnamed": {"lib-1.2.3.tgz": archive("web", "1.2.3")},
    "unpacked": {"lib/Chart.yaml": b"apiVersion: v2\nname: lib\nversion: 1.2.3\n"},
    "unpacked-wrong": {"lib/Chart.yaml": b"apiVersion: v2\nname: lib\nversion: 3.0.0\n"},
    "strangers": {
        "web/Chart.yaml": b"apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "left-1.0.0.tgz": archive("left", "1.0.0"),
        "_text.txt": b"no chart",
        ".hidden/Chart.yaml": b"apiVersion: v2\nname: hidden\nversion: 1.0.0\n",
        "_ignored/x": b"",
    },
    "damaged": {"lib-1.2.3.tgz": archive("lib", "1.2.3")[:60]},
}


@pytest.mark.parametrize("charts", LISTS.values(), ids=LISTS)
def test_list(charts: Mapping[str, bytes], pair: Pair, places: Places) -> None:
    pair.write(Case("", LISTED), places)
    for folder in (pair.helms, pair.ours):
        for name, data in charts.items():
            path = folder / "app" / "charts" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for flags in ([], ["--max-col-width", "20"]):
        helms, ours = pair.both("list", "app", *flags)
        assert ours.out == helms.out
        assert message(ours) == message(helms)
        assert ours.code == helms.code


def test_list_of_an_archive_and_of_nothing(pair: Pair) -> None:
    listed = "dependencies: [{name: lib, version: ^1}, {name: web, version: ^1}]\n"
    files = {
        "Chart.yaml": f"apiVersion: v2\nname: app\nversion: 1.0.0\n{listed}",
        "charts/lib/Chart.yaml": LIB["lib/Chart.yaml"],
    }
    for folder in (pair.helms, pair.ours):
        write(folder, {"none/Chart.yaml": "apiVersion: v2\nname: none\nversion: 1.0.0\n", "empty/x": ""})
        (folder / "app.tgz").write_bytes(packed(files, "app"))
    for path in ("app.tgz", "none", "./none/", "empty", "nope"):
        helms, ours = pair.both("list", path)
        assert (ours.code, ours.out, message(ours)) == (helms.code, helms.out, message(helms))


def test_what_is_no_chart_folder(pair: Pair) -> None:
    for folder in (pair.helms, pair.ours):
        write(folder, {"empty/x": "", "app.tgz": "", "broken/Chart.yaml": "name: [\n"})
    for command in ("update", "build"):
        for path in ("empty", "app.tgz", "broken", "nope"):
            helms, ours = pair.both(command, path)
            assert (ours.code, ours.out, message(ours)) == (helms.code, helms.out, message(helms))


SIGNER, STRANGER = make_key("Signer <signer@example.com>"), make_key("Stranger <stranger@example.com>")


@pytest.fixture(scope="module")
def signed_site(offline_helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An HTTP repository with `web` 1.0.0, which is signed, and 1.1.0, which is not."""
    folder = tmp_path_factory.mktemp("signed")
    write(folder, {"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n"})
    (folder / "secret").write_bytes(SIGNER.secret)
    signing = ("--sign", "--key", SIGNER.user, "--keyring", str(folder / "secret"))
    for version, flags in (("1.0.0", signing), ("1.1.0", ())):
        site = str(folder / "site")
        offline_helm("package", str(folder / "web"), "--version", version, "--destination", site, *flags)
    offline_helm("repo", "index", str(folder / "site"))
    with serving_folder(folder / "site") as server:
        yield f"http://{server.host}"


@pytest.mark.parametrize("command", ["update", "build"])
@pytest.mark.parametrize(
    ("version", "key"),
    [
        pytest.param("1.0.0", SIGNER, id="signed"),
        pytest.param("1.0.0", STRANGER, id="another-key"),
        pytest.param("1.1.0", SIGNER, id="unsigned"),
    ],
)
def test_provenance(command: str, version: str, key: GnuPgKey, pair: Pair, signed_site: str, tmp_path: Path) -> None:
    (tmp_path / "ring").write_bytes(key.public)
    places = Places("", signed_site)
    pair.write(Case("", [entry("web", version, SITE)]), places)
    pair.add(places)
    if command == "build":
        pair.both("update", "app")
    helms, ours = pair.both(command, "app", "--verify", "--keyring", str(tmp_path / "ring"))
    assert (ours.code, message(ours)) == (helms.code, message(helms))
    assert told(ours) == told(helms)
    pair.assert_same_folders()


def test_template(pair: Pair, places: Places) -> None:
    """Missing dependencies, in a folder and in an archive, and their update before the render. Helm tells of it between
    the manifests."""
    pair.write(Case("", [entry("lib", "^1", FOLDER), entry("web", "^1", SITE)], LIB), places)
    listed = "dependencies: [{name: lib, version: ^1}, {name: web, version: ^1}]\n"
    for folder in (pair.helms, pair.ours):
        lacking = {
            "Chart.yaml": f"apiVersion: v2\nname: app\nversion: 1.0.0\n{listed}",
            "charts/lib/Chart.yaml": LIB_YAML,
        }
        (folder / "lacking.tgz").write_bytes(packed(lacking, "app"))
    for arguments in (["app"], ["lacking.tgz"], ["lacking.tgz", "--dependency-update"]):
        helms, ours = pair.both(*arguments, command="template")
        assert (ours.code, ours.out, message(ours)) == (helms.code, helms.out, message(helms))
    helms, ours = pair.both("app", "--dependency-update", command="template")
    assert (helms.code, ours.code) == (0, 0)
    assert ours.err + ours.out == helms.out
    pair.assert_same_folders()
