"""The CRDs: the files are what the types say, and every bound the API server needs is there."""

from collections.abc import Iterator
from typing import Any

import crdgen
import pytest
import yaml

from steersman.core.api.crd import all_crds, chart_repository, helm_release

FILES = sorted(all_crds())
LEAVES_WITHOUT_BOUND = {"apiVersion", "kind", "name"}
"""Of the root: the API server bounds apiVersion and kind, and metadata.name."""


@pytest.mark.parametrize("name", FILES)
def test_checked_in_crds_are_current(name: str) -> None:
    written = (crdgen.CRDS / name).read_text(encoding="utf-8")
    assert written == crdgen.render(all_crds()[name]), "run `python tools/crdgen.py`"


@pytest.mark.parametrize("name", FILES)
def test_the_text_reads_back_as_the_crd(name: str) -> None:
    assert yaml.safe_load(crdgen.render(all_crds()[name])) == all_crds()[name]


def schemas(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in a schema, with its path."""
    yield path, schema
    for name, part in schema.get("properties", {}).items():
        yield from schemas(part, f"{path}.{name}")
    if "items" in schema:
        yield from schemas(schema["items"], f"{path}[]")


def parts(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of spec and status."""
    root = all_crds()[name]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for top in ("spec", "status"):
        if top in root["properties"]:
            yield from schemas(root["properties"][top], top)


@pytest.mark.parametrize("name", FILES)
def test_every_string_and_list_is_bounded(name: str) -> None:
    unbounded = [
        path
        for path, schema in parts(name)
        if (schema["type"] == "string" and "enum" not in schema and "maxLength" not in schema)
        or (schema["type"] == "array" and "maxItems" not in schema)
    ]
    assert unbounded == []


@pytest.mark.parametrize("name", FILES)
def test_every_field_is_described(name: str) -> None:
    silent = [path for path, schema in parts(name) if "description" not in schema and not path.endswith("[]")]
    assert silent == []


@pytest.mark.parametrize("name", FILES)
def test_only_leaf_enums_and_booleans_have_defaults(name: str) -> None:
    defaulted = [path for path, schema in parts(name) if "default" in schema]
    leaves = [path for path, schema in parts(name) if schema["type"] == "boolean" or "enum" in schema]
    assert set(defaulted) <= set(leaves)


@pytest.mark.parametrize(("name", "least"), [("helmreleases", 50), ("chartrepositories", 20)])
def test_every_rule_names_its_field_and_a_remedy(name: str, least: int) -> None:
    rules = [
        (path, rule["message"])
        for path, schema in parts(f"steersman.dev_{name}.yaml")
        for rule in schema.get("x-kubernetes-validations", ())
    ]
    assert len(rules) > least
    assert [message for _, message in rules if "{path}" in message] == []
    assert [(path, message) for path, message in rules if "spec." not in message] == []
    remedies = ("must ", "set ", "remove", "Put it back")
    assert [(path, message) for path, message in rules if not any(word in message for word in remedies)] == []


@pytest.mark.parametrize(
    ("crd", "names"),
    [
        pytest.param(helm_release(), ["Ready", "Version", "Rev", "Age", "Status"], id="HelmRelease"),
        pytest.param(chart_repository(), ["Ready", "URL", "Charts", "Age", "Status"], id="ChartRepository"),
    ],
)
def test_status_comes_last_among_the_columns(crd: dict[str, Any], names: list[str]) -> None:
    columns = crd["spec"]["versions"][0]["additionalPrinterColumns"]
    assert [column["name"] for column in columns if not column.get("priority")] == names
