"""`controller.desired`: the chart and the final values, without asking twice."""

from dataclasses import replace
from typing import Any

import pytest
from controller.sources import FIRST, PINNED, RANGE, SECOND, URL, Sources
from core.plan.builders import NOW, ahead, helm_release

from steersman.controller.desired import Resolver
from steersman.core.api.conditions import Reason
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.plan.observed import Desired, Problem


class Setting(Sources):
    """A resolver and what it stands on."""

    def __init__(self, key: bytes = b"key of this installation") -> None:
        super().__init__()
        self.resolver = Resolver(self.charts, self.configs, key)

    async def desired(self, release: HelmRelease, **later: float) -> Desired:
        resolved = await self.resolver.resolve(release, ahead(**later))
        assert isinstance(resolved, Desired)
        return resolved

    async def refused(self, release: HelmRelease) -> Problem:
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
    assert setting.asked == []


async def test_another_chart_is_another_input() -> None:
    setting = Setting()
    release = helm_release(RANGE)
    first = await setting.desired(release)
    assert (first.chart_digest, first.ask_again) == (FIRST, ahead(minutes=10))
    setting.sources.digests["1.x"] = SECOND
    later = await setting.desired(release, minutes=10)
    assert later.chart_digest == SECOND
    assert later.input_digest != first.input_digest


async def test_a_source_that_is_away_is_told_beside_the_chart_from_before() -> None:
    setting = Setting()
    release = helm_release(RANGE)
    first = await setting.desired(release)
    setting.sources.break_down()
    later = await setting.desired(release, minutes=10)
    assert later.source_problem is not None
    assert replace(later, source_problem=None, ask_again=first.ask_again) == first


@pytest.mark.parametrize(
    ("spec", "reason", "retryable", "words"),
    [
        ({"chart": {"url": URL, "version": "2.x"}}, Reason.SOURCE_NOT_READY, True, "2.x"),
        (
            {"chart": {"url": URL, "version": "1.x", "secretRef": {"name": "pull"}}},
            Reason.SOURCE_NOT_READY,
            True,
            "Secret demo/pull, which spec.chart.secretRef names, does not exist",
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
    problem = await setting.refused(helm_release(spec))
    assert (problem.reason, problem.retryable, problem.transient) == (reason, retryable, False)
    assert words in problem.message
    assert "hunter2" not in problem.message


async def test_credentials_missing_for_a_pinned_chart_show_when_it_is_fetched() -> None:
    setting = Setting()
    chart = {"url": URL, "digest": PINNED, "secretRef": {"name": "pull"}}
    release = helm_release({"chart": chart})
    await setting.desired(release)
    with pytest.raises(Exception, match=r"Secret demo/pull, which spec\.chart\.secretRef names, does not exist"):
        await setting.resolver.archives(release).fetch(URL, PINNED)
    setting.sources.cached.add(PINNED)
    assert await setting.resolver.archives(release).fetch(URL, PINNED) == b"kept"


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
    await setting.refused(release)
    setting.configs.put("ConfigMap", "base", **{"values.yaml": "a: 1"})
    assert (await setting.desired(release)).values == {"a": 1}


async def test_an_answer_is_kept_while_nothing_moved() -> None:
    setting = Setting()
    setting.configs.put("ConfigMap", "base", **{"values.yaml": "a: 1"})
    release = values_from(CONFIG_MAP)
    first = await setting.desired(release)
    assert await setting.desired(release, hours=9) == first
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
