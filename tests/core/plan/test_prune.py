"""`core.plan.prune`: what left the release, and the rules under which it may be deleted."""

from dataclasses import dataclass
from typing import Any

import pytest
from core.plan.builders import OWNER, config_map, inventory

from steersman.core.manifest.identity import KubernetesObject, ObjectId, ref_of
from steersman.core.plan.ownership import stamp
from steersman.core.plan.prune import Candidate, Verdict, candidates, is_kept, may_delete

KEEP = {"helm.sh/resource-policy": "keep"}


def living(uid: str = "a-uid", **metadata: Any) -> KubernetesObject:
    """A live object of the release."""
    obj = stamp(config_map("a", annotations=metadata.pop("annotations", None)), OWNER)
    labels = {**obj["metadata"]["labels"], **metadata.pop("labels", {})}
    return {**obj, "metadata": {**obj["metadata"], "uid": uid, "labels": labels, **metadata}}


def applied(uid: str = "a-uid", annotations: dict[str, str] | None = None) -> Candidate:
    manifest = config_map("a", annotations=annotations)
    return Candidate(ref_of(manifest), uid, manifest)


@dataclass(frozen=True)
class Row:
    """A candidate, its live object, and the verdict; `why` is a part of the reason."""

    id: str
    candidate: Candidate
    live: KubernetesObject | None
    verdict: Verdict
    why: str = ""


DELETE, GONE, KEPT = Verdict(True), Verdict(False, gone=True), Verdict(False)
LEAVING = Verdict(False, gone=True, leaving=True)
STRANGER = {"meta.helm.sh/release-name": "other", "meta.helm.sh/release-namespace": "demo"}
CONTROLLER = {"kind": "Backup", "name": "nightly", "controller": True}

ROWS = [
    Row("as recorded", applied(), living(), DELETE),
    Row("uid never recorded, ownership exact", applied(uid=""), living(), DELETE),
    Row("gone", applied(), None, GONE, "is gone"),
    Row("made again by somebody", applied(), living(uid="new"), GONE, "made again"),
    Row("going", applied(), living(deletionTimestamp="2026-01-01T00:00:00Z"), LEAVING, "being deleted"),
    Row("somebody else's, going", applied(uid=""),
        {**config_map("a", uid="x", deletionTimestamp="2026-01-01T00:00:00Z")}, GONE, "being deleted"),
    Row("nobody's", applied(), config_map("a", uid="a-uid"), KEPT, "invalid ownership metadata"),
    Row("uid never recorded, nobody's", applied(uid=""), config_map("a", uid="x"), KEPT, "invalid ownership"),
    Row("another release's", applied(), {**living(), "metadata": {**living()["metadata"], "annotations": STRANGER}},
        KEPT, "'web' but is 'other'"),
    Row("another HelmRelease's", applied(), living(labels={"steersman.dev/name": "shop"}), KEPT, "'web' but is 'shop'"),
    Row("live says keep", applied(), living(annotations=KEEP), KEPT, "resource-policy: keep"),
    Row("live says Keep, spaced", applied(), living(annotations={"helm.sh/resource-policy": " Keep "}), KEPT, "keep"),
    Row("the manifest said keep", applied(annotations=KEEP), living(), KEPT, "resource-policy: keep"),
    Row("another resource policy", applied(), living(annotations={"helm.sh/resource-policy": "delete"}), DELETE),
    Row("prune disabled", applied(), living(annotations={"steersman.dev/prune": "disabled"}), KEPT, "prune: disabled"),
    Row("prune enabled", applied(), living(annotations={"steersman.dev/prune": "enabled"}), DELETE),
    Row("kubectl's ApplySet", applied(), living(labels={"applyset.kubernetes.io/part-of": "x"}), KEPT, "ApplySet"),
    Row("an ApplySet by the KEP's name", applied(), living(labels={"applyset.k8s.io/part-of": "x"}), KEPT, "ApplySet"),
    Row("controlled", applied(), living(ownerReferences=[CONTROLLER]), KEPT, "controlled by Backup nightly"),
    Row("owned, not controlled", applied(), living(ownerReferences=[{**CONTROLLER, "controller": False}]), DELETE),
    Row("no manifest is known", Candidate(applied().ref, "a-uid", None), living(), DELETE),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_may_delete(row: Row) -> None:
    verdict = may_delete(row.candidate, row.live, OWNER)
    assert (verdict.delete, verdict.gone, verdict.leaving) == (
        row.verdict.delete,
        row.verdict.gone,
        row.verdict.leaving,
    )
    assert row.why in verdict.why
    assert verdict.delete is not bool(verdict.why)


def test_candidates_are_the_inventory_and_newer_manifests() -> None:
    newer = config_map("b")
    found = candidates(inventory("a"), [{ref_of(newer).id: (ref_of(newer), newer)}])
    assert {str(identity): candidate.uid for identity, candidate in found.items()} == {
        "ConfigMap demo/a": "a-uid",
        "ConfigMap demo/b": "",
    }
    assert found[ref_of(newer).id].manifest is newer


def test_a_uid_is_not_trusted_where_a_newer_revision_may_have_made_the_object_anew() -> None:
    """Somebody deletes an object, the next upgrade makes it anew, then fails: the inventory has the old uid still."""
    newer = config_map("a")
    (candidate,) = candidates(inventory("a"), [{ref_of(newer).id: (ref_of(newer), newer)}]).values()
    assert candidate.uid == ""
    assert may_delete(candidate, living(uid="made anew"), OWNER).delete


def test_without_an_inventory_the_manifests_count() -> None:
    older, newer = config_map("a"), config_map("a", annotations=KEEP)
    ref = ref_of(older)
    found = candidates(None, [{ref.id: (ref, older)}, {ref.id: (ref, newer)}])
    assert list(found) == [ObjectId("", "ConfigMap", "demo", "a")]
    assert found[ref.id].manifest is newer


def test_nothing_known_gives_no_candidates() -> None:
    assert candidates(None, []) == {}


@pytest.mark.parametrize(
    ("obj", "kept"),
    [
        (None, False),
        ({"metadata": None}, False),
        ({"metadata": {"annotations": None}}, False),
        (config_map("a", annotations={"helm.sh/resource-policy": "KEEP"}), True),
        (config_map("a", annotations={"helm.sh/resource-policy": None}), False),
    ],
    ids=["nothing", "no metadata", "no annotations", "upper case", "null"],
)
def test_is_kept(obj: KubernetesObject | None, kept: bool) -> None:
    assert is_kept(obj) is kept
