"""`steersman template` beside `helm template` 4.3.1: what is printed, where to, and in which words flags are refused.

Texts are those that Helm gave for the same arguments, with this program's name in place of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.support import Command
from conformance.cases import helms_words
from packing import packed

CHART_YAML = "apiVersion: v2\nname: app\nversion: 1.0.0\n"
HOOKED = """kind: A
---
kind: B
metadata: {name: b, annotations: {helm.sh/hook: pre-install}}
---
kind: C
metadata: {name: c, annotations: {helm.sh/hook: test}}
"""
BROKEN = f"{HOOKED}---\na: b: c\n"
BROKEN_MANIFESTS = f"---\n# Source: app/templates/a.yaml\nkind: Z\n---\n# Source: app/templates/x.yaml\n{BROKEN}"
HOOK_B = (
    "---\n# Source: app/templates/x.yaml\nkind: B\nmetadata: {name: b, annotations: {helm.sh/hook: pre-install}}\n\n"
)
HOOK_C = "---\n# Source: app/templates/x.yaml\nkind: C\nmetadata: {name: c, annotations: {helm.sh/hook: test}}\n\n"
YAML_ERROR = (
    "Error: YAML parse error on app/templates/x.yaml: error converting YAML to JSON: yaml: mapping values are not "
    "allowed in this context"
)


class Charts:
    """Archives in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, chart_yaml: str = CHART_YAML, **templates: str) -> str:
        path = self._folder / "app-1.0.0.tgz"
        files = {f"templates/{name}.yaml": text for name, text in templates.items()}
        notes = {"templates/NOTES.txt": "some notes"}
        path.write_bytes(packed({"Chart.yaml": chart_yaml, **files, **notes}))
        return str(path)


@pytest.fixture
def charts(tmp_path: Path) -> Charts:
    return Charts(tmp_path)


@pytest.fixture
def chart(charts: Charts) -> str:
    return charts.write(a="kind: Z\n", x=HOOKED)


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        pytest.param([], BROKEN_MANIFESTS + HOOK_B + HOOK_C, id="all"),
        pytest.param(["--no-hooks"], BROKEN_MANIFESTS, id="no-hooks"),
        pytest.param(["--skip-tests"], BROKEN_MANIFESTS + HOOK_B, id="skip-tests"),
        pytest.param(["-s", "templates/a.yaml"], "---\n# Source: app/templates/a.yaml\nkind: Z\n\n", id="show-only"),
        pytest.param(["-s", "templates/none.yaml"], "", id="show-only-nothing"),
    ],
)
def test_debug_shows_what_is_no_yaml_and_the_hooks_before_it(
    charts: Charts, template: Command, arguments: list[str], out: str
) -> None:
    chart = charts.write(a="kind: Z", x=BROKEN)
    assert helms_words(template(chart).err) == f"{YAML_ERROR}\n\nUse --debug flag to render out invalid YAML\n"
    outcome = template(chart, "--debug", *arguments)
    assert (outcome.code, outcome.out, helms_words(outcome.err)) == (1, out, f"{YAML_ERROR}\n")


def test_debug_may_be_in_the_environment(charts: Charts, template: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELM_DEBUG", "1")
    assert template(charts.write(x="a: b: c")).out == "---\n# Source: app/templates/x.yaml\na: b: c\n"


@pytest.mark.parametrize(
    ("chart_yaml", "text", "error"),
    [
        pytest.param(CHART_YAML, '{{ fail "no" }}', "execution error at (app/templates/x.yaml:1:3): no", id="template"),
        pytest.param(
            f"{CHART_YAML}kubeVersion: '>99'\n",
            "a: 1",
            "chart requires kubeVersion: >99 which is incompatible with Kubernetes v1.37.0",
            id="cluster",
        ),
    ],
)
def test_debug_with_nothing_to_show(charts: Charts, template: Command, chart_yaml: str, text: str, error: str) -> None:
    outcome = template(charts.write(chart_yaml, x=text), "--debug")
    assert (outcome.code, outcome.out, helms_words(outcome.err)) == (1, "\n", f"Error: {error}\n")


def test_an_error_shows_the_lines_of_the_template(charts: Charts, template: Command) -> None:
    outcome = template(charts.write(x="kind: A\nname: {{ .Release.Name }}\nport: {{ .Values.a.b }}\n"))
    assert outcome.err == (
        "Error: app/templates/x.yaml:3:16\n"
        '  executing "app/templates/x.yaml" at <.Values.a.b>:\n'
        "    nil pointer evaluating interface {}.b\n"
        "\n"
        "Use --debug flag to render out invalid YAML\n"
        "\n"
        "app/templates/x.yaml, line 3:\n"
        "1 | kind: A\n"
        "2 | name: {{ .Release.Name }}\n"
        "3 | port: {{ .Values.a.b }}\n"
        "  |                 ^\n"
    )


def test_files_instead_of_standard_output(chart: str, template: Command, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    outcome = template("rel", chart, "--output-dir", str(folder), "--release-name")
    names = [f"{folder}/rel/app/templates/{name}" for name in ("x.yaml", "a.yaml", "x.yaml", "x.yaml")]
    assert outcome.out == "".join(f"wrote {name}\n" for name in names) + "\n"
    text = (folder / "rel/app/templates/x.yaml").read_text()
    assert text == "---\n# Source: app/templates/x.yaml\nkind: A\n\n" + HOOK_B + HOOK_C


def test_show_only_finds_nothing_in_what_went_to_files(chart: str, template: Command, tmp_path: Path) -> None:
    outcome = template(chart, "--output-dir", str(tmp_path / "out"), "-s", "templates/a.yaml")
    assert (outcome.code, outcome.err) == (1, "Error: could not find template templates/a.yaml in chart\n")
    assert outcome.out.count("wrote") == 4


def test_hooks_are_written_though_manifests_are_broken(charts: Charts, template: Command, tmp_path: Path) -> None:
    outcome = template(charts.write(x=BROKEN), "--output-dir", str(tmp_path / "out"), "--debug")
    assert outcome.out.startswith(f"wrote {tmp_path}/out/app/templates/x.yaml\nwrote ")
    assert (tmp_path / "out/app/templates/x.yaml").read_text() == HOOK_B + HOOK_C


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        pytest.param(["-n=other"], "other", id="short-with-equals"),
        pytest.param(["-n", "other", "--set", "-n=x"], "other", id="value-that-looks-like-a-flag"),
        pytest.param(["-nother", "--set", "--no-hooks=x"], "other", id="value-that-looks-like-a-switch"),
        pytest.param(["-gn", "other", "--dry-run=client", "--"], "other", id="several-in-one"),
    ],
)
def test_flags_are_read_as_helm_reads_them(charts: Charts, template: Command, arguments: list[str], name: str) -> None:
    assert f"a: {name}\n" in template(charts.write(x="a: {{ .Release.Namespace }}"), *arguments).out


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(["--force"], "Flag --force has been deprecated, use --force-replace instead\n", id="force"),
        pytest.param(
            ["--hide-notes", "--atomic"],
            "Flag --hide-notes has been deprecated, this flag has no effect for 'helm template' and will be removed in "
            "Helm 5\nFlag --atomic has been deprecated, use --rollback-on-failure instead\n",
            id="two",
        ),
        pytest.param(
            ["--wait=true"],
            'level=WARN msg="--wait=true is deprecated (boolean value) and can be replaced with --wait=watcher"\n',
            id="wait",
        ),
        pytest.param(
            ["--dry-run=1"],
            "level=WARN msg=\"boolean '--dry-run=1' flag is deprecated and must be replaced with "
            "'--dry-run=client'\"\n",
            id="dry-run",
        ),
        pytest.param(
            ["--timeout", "5m", "--wait", "-l", "a=b,c=d", "--qps", "1.5", "--burst-limit", "0x10", "--color", "never"],
            "",
            id="valid",
        ),
        pytest.param(["--post-renderer", "", "--post-renderer-args", "x"], "", id="no-post-renderer"),
        pytest.param(
            ["--server-side=false", "--create-namespace", "--description", "d", "--keyring", "k"], "", id="more"
        ),
    ],
)
def test_flags_without_effect(chart: str, template: Command, arguments: list[str], error: str) -> None:
    outcome = template(chart, *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (0, template(chart).out, error)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(
            ["--timeout", "x"], 'invalid argument "x" for "--timeout" flag: time: invalid duration "x"', id="timeout"
        ),
        pytest.param(
            ["-l", "a"], 'invalid argument "a" for "-l, --labels" flag: a must be formatted as key=value', id="labels"
        ),
        pytest.param(
            ["--labels", "a=b,name=x"],
            "user supplied labels contains system reserved label name. System labels: [name owner status version "
            "createdAt modifiedAt]",
            id="system-labels",
        ),
        pytest.param(
            ["--burst-limit", "x"],
            'invalid argument "x" for "--burst-limit" flag: strconv.ParseInt: parsing "x": invalid syntax',
            id="int",
        ),
        pytest.param(
            ["--qps", "x"],
            'invalid argument "x" for "--qps" flag: strconv.ParseFloat: parsing "x": invalid syntax',
            id="float",
        ),
        pytest.param(
            ["--wait=x"],
            'invalid argument "x" for "--wait" flag: invalid wait input "x". Valid inputs are watcher, hookOnly, and '
            "legacy",
            id="wait",
        ),
        pytest.param(
            ["--force-replace", "--force-conflicts"],
            "if any flags in the group [force-replace force-conflicts] are set none of the others can be; "
            "[force-conflicts force-replace] were all set",
            id="exclusive",
        ),
        pytest.param(
            ["--dry-run=false"], 'invalid dry-run value ("false"). Must be "server" or "client"', id="dry-run"
        ),
        pytest.param(["--dry-run=none"], 'invalid dry-run value ("none"). Must be "server" or "client"', id="none"),
        pytest.param(["--name-template", "{{"], "template: name-template:1: unclosed action", id="name-parse"),
        pytest.param(
            ["--name-template", '{{ fail "x" }}'],
            'template: name-template:1:3: executing "name-template" at <fail "x">: error calling fail: x',
            id="name-run",
        ),
    ],
)
def test_flags_that_are_wrong(chart: str, template: Command, arguments: list[str], error: str) -> None:
    outcome = template(chart, *arguments)
    assert (outcome.code, outcome.out, outcome.err) == (1, "", f"Error: {error}\n")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param(["--dry-run=server"], "rendering with a cluster's answers is not supported", id="cluster"),
        pytest.param(["--validate"], "rendering with a cluster's answers is not supported", id="validate"),
        pytest.param(["--post-renderer", "x"], "--post-renderer x: plugins are not supported yet", id="plugin"),
        pytest.param(["-f", "https://h/v.yaml"], "https://h/v.yaml: values are not fetched from URLs", id="values"),
    ],
)
def test_what_is_refused(chart: str, template: Command, arguments: list[str], error: str) -> None:
    outcome = template(chart, *arguments)
    assert (outcome.code, outcome.out) == (1, "")
    assert f"Error: {error}\n\nhint: " in outcome.err


def test_dependencies_that_are_missing(charts: Charts, template: Command) -> None:
    chart = charts.write(f"{CHART_YAML}dependencies: [{{name: x, version: 1.x}}]\n", x="a: 1")
    error = (
        "Error: an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' "
        "to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: x"
    )
    assert template(chart).err == f"{error}\n"


def test_dependencies_are_fetched_where_that_is_asked_for(tmp_path: Path, template: Command) -> None:
    entry = "{name: lib, version: 1.x, repository: file://lib}"
    lib = tmp_path / "app" / "lib"
    (lib / "templates").mkdir(parents=True)
    (lib / "Chart.yaml").write_text("apiVersion: v2\nname: lib\nversion: 1.4.0\n")
    (lib / "templates" / "_lib.tpl").write_text('{{ define "lib" }}from lib{{ end }}')
    chart = str(tmp_path / "app")
    (lib.parent / "Chart.yaml").write_text(f"{CHART_YAML}dependencies: [{entry}]\n")
    (lib.parent / "templates").mkdir()
    (lib.parent / "templates" / "x.yaml").write_text('a: {{ include "lib" . }}')
    outcome = template(chart, "--dependency-update")
    assert (outcome.code, outcome.err) == (0, "Saving 1 charts\nDeleting outdated charts\n")
    assert outcome.out == "---\n# Source: app/templates/x.yaml\na: from lib\n"
    assert template(chart, "--dependency-update").err == ""


def test_dependencies_of_an_archive_cannot_be_fetched(tmp_path: Path, template: Command) -> None:
    archive = tmp_path / "app.tgz"
    archive.write_bytes(packed({"Chart.yaml": f"{CHART_YAML}dependencies: [{{name: lib, version: 1.x}}]\n"}))
    outcome = template(str(archive), "--dependency-update")
    assert (outcome.code, outcome.err) == (1, "Error: only unpacked charts can be updated\n")


def test_a_v3_chart_is_refused_in_helms_words(charts: Charts, template: Command) -> None:
    outcome = template(charts.write("apiVersion: v3\nname: app\nversion: 1.0.0\n", x="a: 1"))
    assert (outcome.code, outcome.err.partition("\n\nhint: ")[0]) == (1, "Error: invalid chart apiVersion")
