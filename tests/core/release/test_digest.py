"""Digests: what changes them and what does not."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from steersman.core.release import codec
from steersman.core.release.digest import record_digest, values_digest
from steersman.core.release.model import (
    HookPhase,
    HookRun,
    Release,
    ReleaseChart,
    ReleaseHook,
    ReleaseStatus,
    record_labels,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOOK = ReleaseHook("h", "Job", "p", "kind: Job\n", ("pre-install",))
RELEASE = Release(
    name="web",
    namespace="shop",
    revision=3,
    status=ReleaseStatus.DEPLOYED,
    chart=ReleaseChart({"name": "web", "version": "1.2.3"}, {"replicas": 1}),
    config={"whole": 2.0, "big": 2**60 + 1, "list": [1.5, {"a": None}]},
    manifest="kind: A\n",
    hooks=(HOOK,),
)


@pytest.mark.parametrize(
    "changed",
    [
        replace(RELEASE, status=ReleaseStatus.SUPERSEDED, description="Superseded"),
        replace(RELEASE, last_deployed=NOON, deleted=NOON),
        RELEASE.with_hook_run(0, HookRun(HookPhase.FAILED, NOON, NOON)),
        replace(RELEASE, labels=record_labels("u", 3), resource_version="9", record_uid="r", stored_in="vault"),
        replace(RELEASE, config={"whole": 2, "big": 2**60, "list": [1.5, {"a": None}]}),
        replace(RELEASE, config=dict(reversed(RELEASE.config.items()))),
    ],
    ids=["state", "times", "a hook's run", "where it is kept", "numbers through Helm", "order of keys"],
)
def test_what_does_not_count(changed: Release) -> None:
    assert record_digest(changed) == record_digest(RELEASE)


@pytest.mark.parametrize(
    "changed",
    [
        replace(RELEASE, name="other"),
        replace(RELEASE, namespace="other"),
        replace(RELEASE, revision=4),
        replace(RELEASE, manifest="kind: B\n"),
        replace(RELEASE, config={**RELEASE.config, "whole": 3}),
        replace(RELEASE, config={**RELEASE.config, "whole": True}),
        replace(RELEASE, chart=ReleaseChart({"name": "web", "version": "1.2.4"}, {"replicas": 1})),
        replace(RELEASE, chart=ReleaseChart({"name": "web", "version": "1.2.3"}, {"replicas": 2})),
        replace(RELEASE, hooks=(replace(HOOK, manifest="kind: Pod\n"),)),
        replace(RELEASE, hooks=(replace(HOOK, events=("pre-delete",)),)),
        replace(RELEASE, hooks=()),
    ],
    ids=["name", "namespace", "revision", "manifest", "value", "type", "chart", "defaults", "hook", "event", "no hook"],
)
def test_what_counts(changed: Release) -> None:
    assert record_digest(changed) != record_digest(RELEASE)


def test_a_record_has_the_digest_it_was_written_with() -> None:
    assert record_digest(codec.decode(codec.encode(RELEASE))) == record_digest(RELEASE)
    helm = (Path(__file__).parents[2] / "data" / "records" / "helm-4.3.1.payload").read_bytes()
    read = codec.decode(helm)
    assert record_digest(codec.decode(codec.encode(read))) == record_digest(read)


VALUES: dict[str, Any] = {"a": 1, "b": {"c": [None, "x", True]}}


@pytest.mark.parametrize(
    "other",
    [
        {"a": 1.0, "b": {"c": [None, "x", True]}},
        {"a": "1", "b": {"c": [None, "x", True]}},
        {"a": 1, "b": {"c": [None, True, "x"]}},
        {"a": 1},
        {"a": 2**70},
        {"a": "\udcff"},
        {"a": "\ufffd"},
    ],
    ids=["float", "text", "order of a list", "less", "huge", "bytes", "replaced bytes"],
)
def test_other_values_have_another_digest(other: dict[str, Any]) -> None:
    assert values_digest(other, b"key") != values_digest(VALUES, b"key")


def test_the_digest_of_values_depends_on_the_key_and_not_on_the_order() -> None:
    digest = values_digest(VALUES, b"key")
    assert digest == values_digest(dict(reversed(VALUES.items())), b"key")
    assert digest != values_digest(VALUES, b"other key")
    assert digest.startswith("hmac-sha256:")


def test_bytes_that_are_no_text_and_their_replacement_differ() -> None:
    assert values_digest({"a": "\udcff"}, b"k") != values_digest({"a": "\ufffd"}, b"k")
