"""Reading HelmReleases: defaults, resolution of names, refusals that name the field."""

from datetime import UTC, datetime
from typing import Any

import pytest

from steersman.core.api.helmrelease import HelmRelease, SpecError, parse_spec
from steersman.core.api.names import FINALIZER
from steersman.core.api.spec import HelmReleaseSpec

CHART = {"url": "oci://registry.example/charts/web", "digest": "sha256:" + "a" * 64}


def release(spec: dict[str, Any] | None = None, **metadata: Any) -> HelmRelease:
    return HelmRelease.parse(
        {
            "metadata": {"name": "web", "namespace": "team", **metadata},
            "spec": {"chart": CHART, **(spec or {})},
        }
    )


def test_what_is_left_out_has_the_documented_meaning() -> None:
    spec = release().spec
    assert (spec.interval_seconds(), spec.history_limit(), spec.chart.interval_seconds()) == (3600, 5, 600)
    assert (spec.install_timeout(), spec.upgrade_timeout(), spec.uninstall_timeout()) == (300, 300, 300)
    assert (spec.install_retry_interval(), spec.upgrade_retry_interval()) == (None, None)
    assert (spec.install.crds, spec.upgrade.crds) == ("Create", "Skip")
    assert (spec.apply.conflicts, spec.deletion_policy, spec.uninstall.on_failure) == ("Force", "Delete", "Block")
    assert (spec.install.on_failure, spec.upgrade.on_failure, spec.fail_fast, spec.suspend) == (
        "Retry",
        "Retry",
        False,
        False,
    )
    assert spec.values == {}


@pytest.mark.parametrize(
    ("spec", "install", "upgrade"),
    [
        pytest.param({"timeout": "1m"}, 60, 60, id="common"),
        pytest.param({"timeout": "1m", "install": {"timeout": "2h30m"}}, 9000, 60, id="own wins"),
        pytest.param({"upgrade": {"timeout": "1.5s"}}, 300, 1.5, id="own without common"),
    ],
)
def test_timeouts(spec: dict[str, Any], install: float, upgrade: float) -> None:
    parsed = release(spec).spec
    assert (parsed.install_timeout(), parsed.upgrade_timeout()) == (install, upgrade)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({}, ("web", "team", "team"), id="its own name and namespace"),
        pytest.param({"targetNamespace": "shop"}, ("web", "shop", "shop"), id="records follow the target"),
        pytest.param(
            {"releaseName": "front", "targetNamespace": "shop", "storageNamespace": "vault"},
            ("front", "shop", "vault"),
            id="all given",
        ),
    ],
)
def test_names(spec: dict[str, Any], expected: tuple[str, str, str]) -> None:
    parsed = release(spec)
    assert (parsed.release_name, parsed.target_namespace, parsed.storage_namespace) == expected


def test_metadata() -> None:
    parsed = release(
        uid="u1",
        generation=3,
        resourceVersion="77",
        finalizers=[FINALIZER],
        annotations={"a": "b"},
        creationTimestamp="2026-01-01T00:00:00Z",
        deletionTimestamp="2026-01-02T00:00:00Z",
    )
    assert (parsed.uid, parsed.generation, parsed.resource_version) == ("u1", 3, "77")
    assert parsed.has_finalizer
    assert parsed.is_deleting
    assert parsed.creation_timestamp == datetime(2026, 1, 1, tzinfo=UTC)
    assert not release().has_finalizer
    assert not release().is_deleting


def test_values_keep_their_types_and_nulls() -> None:
    values = {"a": None, "b": [1, 1.0, "1", True], "c": {"d": {}}}
    parsed = release({"values": values}).spec.values
    assert parsed == values
    assert [type(item) for item in parsed["b"]] == [int, float, str, bool]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        pytest.param(None, "spec", id="no spec"),
        pytest.param({}, "spec", id="no chart"),
        pytest.param({"chart": {**CHART, "url": "https://x/y"}}, "spec.chart.url", id="no chart's url"),
        pytest.param({"chart": CHART, "maxHistory": -1}, "spec.maxHistory", id="negative"),
        pytest.param(
            {"chart": CHART, "valuesFrom": [{"kind": "Pod", "name": "a"}]}, "spec.valuesFrom[0].kind", id="enum"
        ),
        pytest.param({"chart": CHART, "timeout": "soon"}, "spec.timeout", id="no duration"),
    ],
)
def test_a_spec_that_cannot_be_read_names_the_field(spec: Any, path: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(spec)
    assert caught.value.path == path
    assert caught.value.message.startswith(path)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(
            {"chart": {**CHART, "digest": "sha256:1"}},
            "spec.chart.digest must be sha256: and 64 hexadecimal digits in lower case",
            id="a pattern",
        ),
        pytest.param(
            {"chart": CHART, "valuesFrom": [{"kind": "Secret", "name": "A"}]},
            "spec.valuesFrom[].name must be an object's name: lower case letters, digits, `-` and `.`",
            id="a pattern in a list",
        ),
        pytest.param({"chart": {"url": CHART["url"]}}, "spec.chart needs `digest` or `version`", id="nothing pinned"),
        pytest.param({"chart": {"version": "1"}}, "spec.chart must have `url` or `repository`", id="no place"),
        pytest.param({"chart": {**CHART, "name": "web"}}, "spec.chart.name is the chart's name in", id="a name alone"),
        pytest.param(
            {"chart": {"repository": {}, "name": "web", "version": "1"}},
            "spec.chart.repository must have `url` or `ref`",
            id="no repository",
        ),
        pytest.param(
            {"chart": {"repository": {"ref": {"name": "a"}}, "name": "web", "version": "1", "insecure": True}},
            "spec.chart.repository.ref names a ChartRepository, which brings its own terms of access",
            id="terms beside a ChartRepository",
        ),
        pytest.param(
            {"chart": {"url": "http://h/c.tgz"}}, "spec.chart.insecure must be true for http://", id="plain HTTP"
        ),
        pytest.param(
            {"chart": {**CHART, "verify": {"provider": "cosign"}}}, "spec.chart.verify must say who signs", id="nobody"
        ),
        pytest.param(
            {"chart": {**CHART, "provider": "aws", "secretRef": {"name": "a"}}},
            "spec.chart.provider takes credentials from the cloud",
            id="two kinds of credentials",
        ),
        pytest.param(
            {"chart": {**CHART, "version": "*", "versionFilter": "a"}},
            "spec.chart.versionFilter chooses among the versions of a range",
            id="a filter and a digest",
        ),
        pytest.param(
            {"chart": CHART, "valuesFrom": [{"kind": "Secret", "name": "a", "literal": True}]},
            "spec.valuesFrom[].literal only works with targetPath",
            id="literal without a path",
        ),
        pytest.param({"chart": CHART, "suspend": "no"}, "spec.suspend: Expected `bool`, got `str`", id="a type"),
    ],
)
def test_without_an_api_server_the_rules_say_the_same(spec: Any, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(spec)
    assert caught.value.message.startswith(message)


def test_fields_of_other_versions_are_passed_over() -> None:
    assert isinstance(parse_spec({"chart": CHART, "someLaterField": 1}), HelmReleaseSpec)
