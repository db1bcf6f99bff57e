"""The documents against the code: what they name exists, what exists is named, and their examples are accepted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from steersman.cli.lint import lint
from steersman.cli.run import run
from steersman.cli.template import template
from steersman.core.api.chartrepository import ChartRepository
from steersman.core.api.conditions import Reason
from steersman.core.api.crd import chart_repository, helm_release
from steersman.core.api.helmrelease import parse_spec
from steersman.core.jinja.access import STRING_METHODS
from steersman.rendering.limits import RenderLimits

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)\s]+)\)")
PATH = re.compile(r"`((?:docs|deploy|crds|tools|tests|requirements|operator)/[\w./-]*[\w/])`")
ROW = re.compile(r"^\| (`[^|]+) \| *([^|]*?) *\|", re.MULTILINE)
FORBIDDEN = re.compile(
    r"(?<![\w.-])/(?:work|tmp|root|home)/|\bsessions?\b|\bassistants?\b|\bhelpers?\b|\bartifactory\b"
    r"|\b(?:ghcr|gcr|quay|pkg)\.(?:io|dev)\b|files\.pythonhosted|proxy\.golang",
    re.IGNORECASE,
)


@pytest.fixture(params=DOCUMENTS, ids=lambda path: path.name)
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_what_a_document_links_to_is_there(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        name, _, anchor = target.partition("#")
        linked = document.parent / name if name else document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_files_that_a_document_names_are_there(document: Path) -> None:
    missing = [path for path in PATH.findall(document.read_text()) if not (ROOT / path).exists()]
    assert missing == []


def test_a_document_speaks_of_the_project_only(document: Path) -> None:
    assert FORBIDDEN.findall(document.read_text()) == []


def test_every_flag_of_template_has_a_row_and_every_row_a_flag() -> None:
    text = (ROOT / "docs" / "cli.md").read_text().partition("### Flags")[2].partition("\n## ")[0]
    named = {name for cell, _ in ROW.findall(text) for name in re.findall(r"`(-[^`]+)`", cell)}
    flags = [option for option in template.params if isinstance(option, click.Option)]
    assert named == {name for option in flags if not option.hidden for name in option.opts}
    others = set(re.findall(r"`(--[a-z-]+)", text)) - named
    assert others <= {name for option in flags for name in option.opts}


def test_flags_of_lint() -> None:
    named = set(re.findall(r"`(--?[a-z-]+)`", (ROOT / "docs" / "lint.md").read_text()))
    flags, shared = (
        {
            name
            for option in command.params
            if isinstance(option, click.Option) and not option.hidden
            for name in option.opts
        }
        for command in (lint, template)
    )
    assert flags - shared <= named <= flags


def test_every_field_of_the_spec_has_a_row() -> None:
    text = (ROOT / "docs" / "helmrelease.md").read_text()
    named = {name for cell, _ in ROW.findall(text) for name in re.findall(r"`([^`]+)`", cell)}
    spec = schema()["properties"]["spec"]
    assert [path for path in leaves(spec) if path not in named] == []
    # And no row tells of a field that is not there.
    until_uninstall = text.partition("## Annotations")[0]
    known = set(leaves(spec))
    told = {name for cell, _ in ROW.findall(until_uninstall) for name in re.findall(r"`([^`]+)`", cell)}
    assert told - known == set()


def test_every_field_of_a_repository_has_a_row() -> None:
    text = (ROOT / "docs" / "chartrepository.md").read_text()
    spec, _, status = text.partition("## Status")
    told = {name for cell, _ in ROW.findall(spec) for name in re.findall(r"`([^`]+)`", cell)}
    assert told == set(leaves(repository_schema()["properties"]["spec"]))
    fields = repository_schema()["properties"]["status"]["properties"]
    assert [name for name in fields if f"| `{name}` |" not in status] == []


def test_every_field_of_the_status_is_described() -> None:
    text = (ROOT / "docs" / "helmrelease.md").read_text().partition("## Status")[2]
    assert [name for name in schema()["properties"]["status"]["properties"] if f"`{name}`" not in text] == []


@pytest.mark.parametrize("field", ["install.crds", "upgrade.crds", "install.createNamespace", "deletionPolicy"])
def test_a_default_that_the_schema_has_is_the_one_in_the_table(field: str) -> None:
    node = schema()["properties"]["spec"]
    for name in field.split("."):
        node = node["properties"][name]
    rows = ROW.findall((ROOT / "docs" / "helmrelease.md").read_text())
    (shown,) = [default for cell, default in rows if f"`{field}`" in cell]
    assert shown == f"`{str(node['default']).lower() if node['type'] == 'boolean' else node['default']}`"


def test_every_flag_of_the_operator_has_a_row_with_its_default() -> None:
    rows = dict(ROW.findall((ROOT / "docs" / "install.md").read_text()))
    options = {option.opts[0]: option for option in run.params if isinstance(option, click.Option)}
    flags = {cell.strip("`"): default for cell, default in rows.items() if cell.startswith("`--")}
    assert flags.keys() == options.keys()
    for name, option in options.items():
        if isinstance(option.default, int | float | str) and option.default:
            assert flags[name] == f"`{shown(option.default)}`", name


def test_every_reason_has_an_entry_in_the_runbook() -> None:
    headings = anchors(ROOT / "docs" / "runbook.md")
    assert [reason for reason in Reason if reason.value.lower() not in headings] == []


def test_methods_of_strings_in_jinja_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "jinja.md").read_text()
    (told,) = re.findall(r"^- of strings: ((?:.|\n)*?);", text, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", told)) == STRING_METHODS | {"join"}


def test_limits_of_a_render_are_those_of_the_code() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    limits, mib = RenderLimits(), 1024**2
    for row in (
        f"| wall time | {limits.wall_seconds:g} s |",
        f"| CPU time | {limits.cpu_seconds:g} s |",
        f"| memory, on top of what an idle worker needs | {limits.memory_bytes // mib} MiB |",
        f"| output | {limits.output_bytes // mib} MiB |",
        f"| chart archive | {limits.chart_bytes // mib} MiB; unpacked 100 MiB |",
        f"| depth of calls | {limits.recursion:,} |",
    ):
        assert row in text


@pytest.mark.parametrize(
    ("path", "example"),
    [
        pytest.param(path, example, id=f"{path.name}-{number}")
        for path in DOCUMENTS
        for number, example in enumerate(re.findall(r"```yaml\n(.*?)```", path.read_text(), re.DOTALL), 1)
        if "kind: HelmRelease\n" in example
    ],
)
def test_an_example_is_a_helm_release(path: Path, example: str) -> None:
    for document in yaml.safe_load_all(example):
        assert document["apiVersion"] == "steersman.dev/v1alpha1"
        spec = document["spec"]
        if document["kind"] == "ChartRepository":
            assert ChartRepository.parse(document).spec.url == spec["url"]
            assert unknown_fields(repository_schema()["properties"]["spec"], spec) == []
            continue
        assert parse_spec(spec).chart.url == spec["chart"].get("url")
        assert unknown_fields(schema()["properties"]["spec"], spec) == []


def schema() -> dict[str, Any]:
    """The schema of a HelmRelease."""
    found: dict[str, Any] = helm_release()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def repository_schema() -> dict[str, Any]:
    """The schema of a ChartRepository."""
    found: dict[str, Any] = chart_repository()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


def leaves(node: dict[str, Any], path: str = "") -> Iterator[str]:
    """`chart.url`, `valuesFrom[].kind`: every field that holds no fields of ours."""
    for name, field in node.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        if field["type"] == "array":
            yield from leaves(field["items"], f"{here}[]")
        elif "properties" in field:
            yield from leaves(field, here)
        else:
            yield here


def unknown_fields(node: dict[str, Any], value: Any, path: str = "spec") -> list[str]:
    """What the API server would drop."""
    if isinstance(value, list):
        return [name for item in value for name in unknown_fields(node["items"], item, f"{path}[]")]
    if not isinstance(value, dict) or "properties" not in node:
        return []
    known = node["properties"]
    below = [name for key, item in value.items() if key in known for name in unknown_fields(known[key], item, key)]
    return [*(f"{path}.{key}" for key in value if key not in known), *below]


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def shown(default: object) -> str:
    """A default as the tables show it."""
    return f"{default:g}" if isinstance(default, float) else str(default)


SHOWN = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_what_a_comparison_names_as_its_proof_is_a_test() -> None:
    shown = SHOWN.findall((ROOT / "docs" / "sources.md").read_text())
    assert len(shown) > 30
    texts = {path: (ROOT / "tests" / path).read_text() for path, _ in shown}
    missing = [name for path, name in shown if not re.search(rf"^(async )?def {name}\(", texts[path], re.M)]
    assert missing == []
