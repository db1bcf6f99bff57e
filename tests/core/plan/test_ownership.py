"""`core.plan.ownership`: whose an object is, and how ours are marked."""

from typing import Any

import pytest
from core.plan.builders import OWNER, config_map

from steersman.core.manifest.identity import ObjectId
from steersman.core.plan.ownership import (
    OwnershipConflict,
    is_our_hook,
    ownership_problem,
    stamp,
    stamp_hook,
)

HELM_LABELS = {"app.kubernetes.io/managed-by": "Helm"}
HELM_ANNOTATIONS = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "demo"}
OUR_LABELS = {"steersman.dev/name": "web", "steersman.dev/namespace": "demo"}


def live(labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    return config_map("a", labels=labels, annotations=annotations)


def test_stamp_says_whose_it_is_to_helm_and_to_us() -> None:
    given = live({"app": "web", "app.kubernetes.io/managed-by": "me"}, {"note": "x"})
    stamped = stamp(given, OWNER)
    assert stamped["metadata"]["labels"] == {"app": "web", **HELM_LABELS, **OUR_LABELS}
    assert stamped["metadata"]["annotations"] == {"note": "x", **HELM_ANNOTATIONS}
    assert given["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "me"
    assert ownership_problem(stamped, OWNER) == ""


def test_what_only_the_server_writes_is_not_sent() -> None:
    """A rendered uid or resourceVersion would be a precondition that never holds."""
    rendered = config_map("a", uid="x", resourceVersion="7", creationTimestamp=None, managedFields=[], generation=3)
    for stamped in (stamp(rendered, OWNER), stamp_hook(rendered, OWNER, "uid-1/1/pre-install")):
        assert sorted(stamped["metadata"]) == ["annotations", "labels", "name", "namespace"]


def test_hooks_carry_our_labels_and_their_run_only() -> None:
    stamped = stamp_hook(live(), OWNER, "uid-1/3/pre-upgrade")
    assert stamped["metadata"]["labels"] == OUR_LABELS
    assert stamped["metadata"]["annotations"] == {"steersman.dev/hook-run": "uid-1/3/pre-upgrade"}
    assert is_our_hook(stamped, OWNER)


@pytest.mark.parametrize(
    ("labels", "annotations", "words"),
    [
        (HELM_LABELS, HELM_ANNOTATIONS, ()),
        ({**HELM_LABELS, **OUR_LABELS}, HELM_ANNOTATIONS, ()),
        (None, None, ("managed-by' must be 'Helm' but is missing", "release-name' must be 'web' but is missing")),
        ({"app.kubernetes.io/managed-by": "flux"}, HELM_ANNOTATIONS, ("must be 'Helm' but is 'flux'",)),
        (HELM_LABELS, {**HELM_ANNOTATIONS, "meta.helm.sh/release-name": "other"}, ("'web' but is 'other'",)),
        (HELM_LABELS, {**HELM_ANNOTATIONS, "meta.helm.sh/release-namespace": "prod"}, ("'demo' but is 'prod'",)),
        (
            {**HELM_LABELS, **OUR_LABELS, "steersman.dev/namespace": "prod"},
            HELM_ANNOTATIONS,
            ("label 'steersman.dev/namespace' must be 'demo' but is 'prod'",),
        ),
    ],
    ids=[
        "a Helm release of this name",
        "ours",
        "nobody's",
        "another tool's",
        "another release's",
        "of another namespace",
        "another HelmRelease's",
    ],
)
def test_ownership_problem(
    labels: dict[str, str] | None, annotations: dict[str, str] | None, words: tuple[str, ...]
) -> None:
    problem = ownership_problem(live(labels, annotations), OWNER)
    assert bool(problem) is bool(words)
    assert all(word in problem for word in words)


@pytest.mark.parametrize(
    ("labels", "ours"),
    [(OUR_LABELS, True), ({**OUR_LABELS, "app": "x"}, True), ({"steersman.dev/name": "web"}, False), ({}, False)],
    ids=["our labels", "and others", "half of them", "none"],
)
def test_is_our_hook(labels: dict[str, str], ours: bool) -> None:
    assert is_our_hook(live(labels), OWNER) is ours


def test_conflict_names_three_and_counts_the_rest() -> None:
    conflict = OwnershipConflict(tuple((ObjectId("", "ConfigMap", "demo", f"c{n}"), "is Bob's") for n in range(5)))
    assert "ConfigMap demo/c2 is Bob's (+2 more)" in str(conflict)
    assert "c3" not in str(conflict)
    assert "nothing was changed" in str(conflict)
