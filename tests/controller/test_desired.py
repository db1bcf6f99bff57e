"""`controller.desired`: specs resolved to a chart digest and final values, without asking twice."""

import base64
import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
from core.plan.builders import NOW, ahead, helm_release

from steersman.controller.desired import Resolver
from steersman.core.api.conditions import Reason
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.plan.observed import Desired, Problem
from steersman.ports import ConfigData, Resolved
from steersman.registry.access import Access
from steersman.registry.errors import RegistryUnavailable, TagNotFound

URL = "oci://registry.example/charts/shop"
PINNED = "sha256:" + "a" * 64
RANGE = {"chart": {"url": URL, "version": "1.x"}}


@dataclass
class MemoryConfigs:
    """`ports.Configs`: (kind, name) → data; a change gets another resourceVersion."""

    objects: dict[tuple[str, str], ConfigData] = field(default_factory=dict)
    versions: int = 0

    def put(self, kind: str, name: str, **data: str) -> None:
        self.versions += 1
        self.objects[kind, name] = ConfigData(str(self.versions), {key: text.encode() for key, text in data.items()})

    async def read(self, kind: Literal["ConfigMap", "Secret"], namespace: str, name: str) -> ConfigData | None:
        assert namespace == "demo"
        return self.objects.get((kind, name))


@dataclass
class MemorySources:
    """`ports.ChartSource` of every release: the tags of one registry, and how often it was asked."""

    digests: dict[str, str] = field(default_factory=lambda: {"1.x": "sha256:" + "b" * 64})
    asked: list[tuple[str, Access]] = field(default_factory=list)
    down: bool = False
    access: Access = field(default_factory=Access)

    def source(self, access: Access) -> "MemorySources":
        return replace(self, access=access, asked=self.asked)

    async def resolve(self, url: str, version: str = "", version_filter: str = "") -> Resolved:
        self.asked.append((version, self.access))
        if self.down:
            raise RegistryUnavailable("registry.example", "no connection")
        if version not in self.digests:
            raise TagNotFound("registry.example/charts/shop", version)
        return Resolved(url, "1.4.0", self.digests[version])


@dataclass
class Setting:
    """A resolver and what it stands on."""

    configs: MemoryConfigs = field(default_factory=MemoryConfigs)
    sources: MemorySources = field(default_factory=MemorySources)
    key: bytes = b"key of this installation"

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.sources, self.configs, self.key)  # type: ignore[arg-type]

    async def desired(self, release: HelmRelease, **later: float) -> Desired:
        resolved = await self.resolver.resolve(release, ahead(**later))
        assert isinstance(resolved, Desired)
        return resolved

    async def problem(self, release: HelmRelease) -> Problem:
        resolved = await self.resolver.resolve(release, NOW)
        assert isinstance(resolved, Problem)
        return resolved


def values_from(*sources: dict[str, Any], **spec: Any) -> HelmRelease:
    return helm_release({"valuesFrom": list(sources), **spec})


CONFIG_MAP = {"kind": "ConfigMap", "name": "base"}
SECRET = {"kind": "Secret", "name": "secret"}


# --- the chart -------------------------------------------------------------------------------------------------------


async def test_a_digest_needs_no_registry() -> None:
    setting = Setting()
    resolved = await setting.desired(helm_release())
    assert (resolved.chart_url, resolved.chart_digest, resolved.chart_version) == (URL, PINNED, "")
    assert setting.sources.asked == []


async def test_a_range_is_resolved_once_an_interval() -> None:
    setting = Setting()
    release = helm_release(RANGE)
    first = await setting.desired(release)
    assert (first.chart_version, first.chart_digest) == ("1.4.0", "sha256:" + "b" * 64)
    setting.sources.digests["1.x"] = "sha256:" + "c" * 64
    assert await setting.desired(release, minutes=9) == first
    later = await setting.desired(release, minutes=10)
    assert later.chart_digest == "sha256:" + "c" * 64
    assert later.input_digest != first.input_digest
    assert len(setting.sources.asked) == 2


async def test_releases_that_ask_the_same_share_the_answer() -> None:
    setting = Setting()
    for number in range(5):
        await setting.desired(helm_release(RANGE, name=f"web-{number}", uid=f"uid-{number}"))
    assert len(setting.sources.asked) == 1


async def test_other_credentials_are_another_question() -> None:
    setting = Setting()
    setting.configs.put("Secret", "pull", username="me", password="word")
    chart = {**RANGE["chart"], "secretRef": {"name": "pull"}}
    await setting.desired(helm_release(RANGE))
    await setting.desired(helm_release({"chart": chart}, uid="uid-2"))
    anonymous, known = (access.credential for _, access in setting.sources.asked)
    assert anonymous is None
    assert known is not None


async def test_docker_credentials_are_read() -> None:
    setting = Setting()
    auth = base64.b64encode(b"me:word").decode()
    setting.configs.put(
        "Secret", "pull", **{".dockerconfigjson": json.dumps({"auths": {"registry.example": {"auth": auth}}})}
    )
    chart = {**RANGE["chart"], "secretRef": {"name": "pull"}}
    await setting.desired(helm_release({"chart": chart}))
    ((_, access),) = setting.sources.asked
    assert access.credential is not None


async def test_a_failed_question_is_asked_again() -> None:
    setting = Setting()
    setting.sources.down = True
    assert (await setting.problem(helm_release(RANGE))).transient
    setting.sources.down = False
    assert (await setting.desired(helm_release(RANGE))).chart_version == "1.4.0"


@pytest.mark.parametrize(
    ("spec", "reason", "retryable", "words"),
    [
        ({"chart": {"url": URL, "version": "2.x"}}, Reason.SOURCE_NOT_READY, True, "2.x"),
        (
            {"chart": {"url": URL, "version": "1.x", "secretRef": {"name": "pull"}}},
            Reason.SOURCE_NOT_READY,
            True,
            "Secret demo/pull, which does not exist",
        ),
        ({"valuesFrom": [CONFIG_MAP]}, Reason.VALUES_ERROR, False, "ConfigMap demo/base does not exist"),
        ({"valuesFrom": [{**SECRET, "name": "empty"}]}, Reason.VALUES_ERROR, False, "has no key values.yaml"),
        ({"valuesFrom": [{**SECRET, "name": "list"}]}, Reason.VALUES_ERROR, False, "Secret demo/list, key values.yaml"),
        (
            {"valuesFrom": [CONFIG_MAP | {"name": "map"}, {**SECRET, "name": "list", "targetPath": "a.b"}]},
            Reason.VALUES_ERROR,
            False,
            "targetPath a.b",
        ),
    ],
    ids=["no such version", "no credentials", "no ConfigMap", "no key", "no map", "a path that cannot be set"],
)
async def test_what_cannot_be_resolved(spec: dict[str, Any], reason: Reason, retryable: bool, words: str) -> None:
    setting = Setting()
    setting.configs.put("Secret", "empty", other="x")
    setting.configs.put("Secret", "list", **{"values.yaml": "[hunter2]"})
    setting.configs.put("ConfigMap", "map", **{"values.yaml": "a: [hunter2]"})
    problem = await setting.problem(helm_release(spec))
    assert (problem.reason, problem.retryable, problem.transient) == (reason, retryable, False)
    assert words in problem.message
    assert "hunter2" not in problem.message


async def test_credentials_missing_for_a_pinned_chart_show_when_it_is_fetched() -> None:
    setting = Setting()
    chart = {"url": URL, "digest": PINNED, "secretRef": {"name": "pull"}}
    release = helm_release({"chart": chart})
    await setting.desired(release)
    with pytest.raises(Exception, match="Secret demo/pull, which does not exist"):
        await setting.resolver.source(release)


# --- values ----------------------------------------------------------------------------------------------------------


async def test_layers_in_order_and_the_spec_over_them() -> None:
    setting = Setting()
    setting.configs.put("ConfigMap", "base", **{"values.yaml": "{a: 1, b: 1, c: {d: 1, e: 1}}"})
    setting.configs.put("Secret", "secret", **{"values.yaml": "{b: 2, c: {e: 2}}", "token": "t,1"})
    release = values_from(
        CONFIG_MAP,
        SECRET,
        {**SECRET, "valuesKey": "token", "targetPath": "auth.token", "literal": True},
        values={"a": 3, "list": [1]},
    )
    assert (await setting.desired(release)).values == {
        "a": 3,
        "b": 2,
        "c": {"d": 1, "e": 2},
        "auth": {"token": "t,1"},
        "list": [1],
    }


async def test_what_was_read_is_told() -> None:
    setting = Setting()
    setting.configs.put("ConfigMap", "base", **{"values.yaml": "{}"})
    release = values_from(CONFIG_MAP, {**SECRET, "optional": True})
    sources = (await setting.desired(release)).values_from
    assert [(source.kind, source.name, source.resource_version) for source in sources] == [
        ("ConfigMap", "base", "1"),
        ("Secret", "secret", ""),
    ]


@pytest.mark.parametrize("data", [None, {}, {"other": "x"}], ids=["no object", "no data", "no key"])
async def test_what_is_optional_may_be_missing(data: dict[str, str] | None) -> None:
    setting = Setting()
    if data is not None:
        setting.configs.put("Secret", "secret", **data)
    assert (await setting.desired(values_from({**SECRET, "optional": True}, values={"a": 1}))).values == {"a": 1}


async def test_values_missing_then_created() -> None:
    setting = Setting()
    release = values_from(CONFIG_MAP)
    await setting.problem(release)
    setting.configs.put("ConfigMap", "base", **{"values.yaml": "a: 1"})
    assert (await setting.desired(release)).values == {"a": 1}


async def test_an_answer_is_kept_while_nothing_moved() -> None:
    setting = Setting()
    setting.configs.put("ConfigMap", "base", **{"values.yaml": "a: 1"})
    release = values_from(CONFIG_MAP)
    first = await setting.desired(release)
    assert await setting.desired(release, hours=9) is first
    setting.configs.put("ConfigMap", "base", **{"values.yaml": "a: 2"})
    second = await setting.desired(release)
    assert second.values == {"a": 2}
    setting.resolver.forget(release.uid)
    assert await setting.desired(release) is not second


async def test_another_generation_is_merged_anew() -> None:
    setting = Setting()
    assert (await setting.desired(helm_release({"values": {"a": 1}}))).values == {"a": 1}
    assert (await setting.desired(helm_release({"values": {"a": 2}}, generation=2))).values == {"a": 2}


# --- the digests -----------------------------------------------------------------------------------------------------


async def digest_of(spec: dict[str, Any], setting: Setting | None = None, **metadata: Any) -> str:
    return (await (setting or Setting()).desired(helm_release(spec, **metadata))).input_digest


async def test_only_chart_and_values_make_another_input() -> None:
    base = await digest_of({"values": {"a": 1, "b": 2}})
    assert await digest_of({"values": {"b": 2, "a": 1}}) == base
    assert await digest_of({"values": {"a": 1, "b": 2}, "interval": "5m"}, generation=7, uid="uid-7") == base
    assert await digest_of({"values": {"a": 2, "b": 2}}) != base
    assert await digest_of({"values": {"a": 1, "b": 2}, "chart": {"url": URL, "digest": "sha256:" + "c" * 64}}) != base


async def test_where_values_come_from_makes_no_other_input() -> None:
    setting = Setting()
    setting.configs.put("ConfigMap", "base", **{"values.yaml": "a: 1"})
    assert await digest_of({"valuesFrom": [CONFIG_MAP]}, setting) == await digest_of({"values": {"a": 1}})


async def test_digests_of_values_are_keyed() -> None:
    """Status shows them: nobody may find a password by trying."""
    other = Setting(key=b"key of another installation")
    spec = {"values": {"password": "hunter2"}}
    assert await digest_of(spec) != await digest_of(spec, other)
    here, there = await Setting().desired(helm_release(spec)), await other.desired(helm_release(spec))
    assert here.values_digest != there.values_digest


async def test_an_input_digest_fits_into_a_label() -> None:
    digest = await digest_of({})
    assert len(digest) <= 63
    assert digest.isalnum()
