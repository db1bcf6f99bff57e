"""Whose objects are: conflicts with somebody else's, pruning, deletion, and Helm at a prompt beside the operator.

In all of them the worst that may happen is that something stays which could have gone; never the reverse.
"""

import json
from concurrent.futures import ThreadPoolExecutor

from integration.operating import (
    Bench,
    Object,
    PushedChart,
    ReleaseHandle,
    conditions,
    config_map,
    deployment,
    hook_job,
    objects,
)

# --- objects of somebody else ---------------------------------------------------------------------------------------


def test_an_object_of_somebody_else_stops_the_install_before_anything_is_written(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    bench.kubectl.apply(config_map("taken", {"whose": "theirs"}), namespace=release.namespace)
    release.apply(anything.by_digest(), values=objects(config_map("free"), config_map("taken", {"whose": "ours"})))
    message = release.wait_condition("Ready", "False", "OwnershipConflict")["message"]
    assert f"ConfigMap {release.namespace}/taken" in message
    assert "app.kubernetes.io/managed-by" in message
    assert _map(bench, release, "free") is None
    assert _data(bench, release, "taken") == {"whose": "theirs"}
    assert _records(bench, release) == ""
    bench.kubectl("delete", "configmap", "taken", "-n", release.namespace)
    release.annotate(reset_at="they-removed-it")
    release.wait_ready(1)
    assert _data(bench, release, "taken") == {"whose": "ours"}


def test_an_object_of_another_release_is_not_shared(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    first = bench.release(release.namespace, "first").apply(anything.by_digest(), values=objects(config_map("one")))
    first.wait_ready(1)
    release.apply(anything.by_digest(), values=objects(config_map("one")))
    message = release.wait_condition("Ready", "False", "OwnershipConflict")["message"]
    assert f"ConfigMap {release.namespace}/one" in message
    assert "first" in message


def test_an_upgrade_that_would_take_an_object_of_somebody_else_changes_nothing(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a", {"at": "one"})))
    release.wait_ready(1)
    bench.kubectl.apply(config_map("taken"), namespace=release.namespace)
    release.apply(anything.by_digest(), values=objects(config_map("a", {"at": "two"}), config_map("taken")))
    release.wait_condition("Ready", "False", "OwnershipConflict")
    assert _data(bench, release, "a") == {"at": "one"}
    assert _history(bench, release) == [(1, "deployed")]


def test_two_helm_releases_cannot_be_one_release(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a")))
    release.wait_ready(1)
    second = bench.release(release.namespace, "second")
    second.apply(anything.by_digest(), releaseName="probe", values=objects(config_map("b")))
    message = second.wait_condition("Ready", "False", "OwnershipConflict")["message"]
    assert f"the release probe in namespace {release.namespace} belongs to another HelmRelease" in message
    second.delete()
    second.wait_gone()
    assert _names(bench, release) == {"a"}
    assert _history(bench, release) == [(1, "deployed")]


def test_a_helm_release_that_helm_made_is_not_taken_over(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    values = bench.folder / "prompt.json"
    values.write_text(json.dumps(objects(config_map("a", {"whose": "prompt"}))))
    bench.helm("install", "probe", str(anything.package), "-n", release.namespace, "-f", str(values))
    release.apply(anything.by_digest(), values=objects(config_map("a", {"whose": "operator"})))
    message = release.wait_condition("Ready", "False", "OwnershipConflict")["message"]
    assert f"a Helm release probe exists in namespace {release.namespace}" in message
    assert "Stalled" in conditions(release.status())
    release.delete()
    release.wait_gone()
    assert _data(bench, release, "a") == {"whose": "prompt"}
    assert _history(bench, release) == [(1, "deployed")]


# --- fields of somebody else ----------------------------------------------------------------------------------------


def test_a_field_of_another_manager_fails_the_upgrade_where_asked(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a", {"ours": "1"})), apply={"conflicts": "Fail"})
    release.wait_ready(1)
    _set_field(bench, release, "a", {"theirs": "2"})
    both = objects(config_map("0-first"), config_map("a", {"ours": "1", "theirs": "3"}))
    release.apply(anything.by_digest(), values=both, apply={"conflicts": "Fail"})
    message = release.wait_condition("Ready", "False", "Conflict")["message"]
    assert f"ConfigMap {release.namespace}/a" in message
    assert ".data.theirs" in message
    assert "somebody" in message
    assert _data(bench, release, "a") == {"ours": "1", "theirs": "2"}
    assert _names(bench, release) == {"a"}, "a dry run comes before the first write"
    assert _history(bench, release) == [(1, "deployed")]


def test_a_field_of_another_manager_is_taken_and_the_loser_named(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a", {"ours": "1"})))
    release.wait_ready(1)
    _set_field(bench, release, "a", {"theirs": "2"})
    release.apply(anything.by_digest(), values=objects(config_map("a", {"ours": "1", "theirs": "3"})))
    release.wait_ready(2)
    assert _data(bench, release, "a") == {"ours": "1", "theirs": "3"}
    note = release.wait_event("Conflict", f"ConfigMap {release.namespace}/a")
    assert ".data.theirs" in note
    assert "somebody" in note


def test_fields_that_others_add_are_left_alone(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a", {"ours": "1"})))
    release.wait_ready(1)
    _set_field(bench, release, "a", {"theirs": "2"})
    release.apply(anything.by_digest(), values=objects(config_map("a", {"ours": "2"})))
    release.wait_ready(2)
    assert _data(bench, release, "a") == {"ours": "2", "theirs": "2"}


# --- pruning --------------------------------------------------------------------------------------------------------


def test_pruning_keeps_what_says_so_and_what_is_not_ours_any_more(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    plain = [config_map(name) for name in ("stays", "goes", "vetoed", "foreign", "stripped")]
    kept = config_map("kept", kept=True)
    release.apply(anything.by_digest(), values=objects(*plain, kept))
    release.wait_ready(1)
    release.patch({"spec": {"suspend": True}})
    release.wait("suspended", lambda obj: obj["spec"]["suspend"])
    namespace = release.namespace
    bench.kubectl("annotate", "configmap", "vetoed", "-n", namespace, "steersman.dev/prune=disabled")
    bench.kubectl("annotate", "configmap", "stripped", "-n", namespace, "meta.helm.sh/release-name-")
    bench.kubectl("delete", "configmap", "foreign", "-n", namespace)
    bench.kubectl.apply(config_map("foreign", {"made": "again"}), namespace=namespace)
    release.apply(anything.by_digest(), values=objects(config_map("stays")))
    release.patch({"spec": {"suspend": False}})
    status = release.wait_ready(2)
    assert _names(bench, release) == {"stays", "kept", "vetoed", "foreign", "stripped"}
    assert _data(bench, release, "foreign") == {"made": "again"}
    assert status["inventory"]["total"] == 1
    for name in ("kept", "vetoed", "stripped"):
        release.wait_event("Kept", f"ConfigMap {namespace}/{name}")


def test_nothing_is_pruned_by_an_upgrade_that_fails_to_apply(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a"), config_map("b")))
    release.wait_ready(1)
    bad = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "labels": {"bad": "no such value!"}}}
    release.apply(anything.by_digest(), values=objects(config_map("a", {"new": "data"}), bad))
    message = release.wait_condition("Ready", "False", "ManifestRefused")["message"]
    assert f"ConfigMap {release.namespace}/c" in message
    assert _names(bench, release) == {"a", "b"}
    assert _data(bench, release, "a") == {"key": "value"}, "a dry run comes before the first write"


# --- deletion -------------------------------------------------------------------------------------------------------


def test_orphaning_leaves_the_release_as_it_is(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a")), deletionPolicy="Orphan")
    release.wait_ready(1)
    release.delete()
    release.wait_gone()
    assert _data(bench, release, "a") == {"key": "value"}
    assert _history(bench, release) == [(1, "deployed")]
    assert _inventories(bench, release) == []


def test_suspended_and_deleted_uninstalls_nothing(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a")))
    release.wait_ready(1)
    release.apply(anything.by_digest(), values=objects(config_map("a")), suspend=True)
    release.delete()
    release.wait_gone()
    assert _data(bench, release, "a") == {"key": "value"}
    assert _history(bench, release) == [(1, "deployed")]


def test_a_release_left_behind_is_taken_up_by_a_successor_of_the_same_name(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a"), config_map("b")), deletionPolicy="Orphan")
    release.wait_ready(1)
    release.delete()
    release.wait_gone()
    release.apply(anything.by_digest(), values=objects(config_map("a", {"from": "successor"})))
    release.wait_ready(2)
    assert _names(bench, release) == {"a"}
    assert _data(bench, release, "a") == {"from": "successor"}


def test_uninstalling_keeps_what_helm_keeps(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("kept", kept=True), config_map("goes")))
    release.wait_ready(1)
    release.delete()
    release.wait_gone()
    assert _names(bench, release) == {"kept"}
    assert _records(bench, release) == ""


def test_keep_history_leaves_the_records_marked_uninstalled(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a")), uninstall={"keepHistory": True})
    release.wait_ready(1)
    release.delete()
    release.wait_gone()
    assert _names(bench, release) == set()
    assert _history(bench, release) == [(1, "uninstalled")]
    (listed,) = bench.helm.json("list", "-n", release.namespace, "--uninstalled")
    assert listed["status"] == "uninstalled"
    release.apply(anything.by_digest(), values=objects(config_map("a")))
    status = release.wait_ready(2)
    assert conditions(status)["Ready"]["reason"] == "InstallSucceeded"


def test_delete_hooks_run_around_the_deletion(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    hooks = [hook_job("before", "pre-delete"), hook_job("after", "post-delete")]
    release.apply(anything.by_digest(), values=objects(config_map("a"), *hooks))
    release.wait_ready(1)
    release.delete()
    release.wait_gone()
    jobs = bench.read(f"/apis/batch/v1/namespaces/{release.namespace}/jobs")
    assert jobs is not None
    done = {job["metadata"]["name"]: job["status"].get("succeeded") for job in jobs["items"]}
    assert done == {"before": 1, "after": 1}, "Helm leaves hooks without hook-succeeded"
    assert _names(bench, release) == set()


def test_deleting_in_the_middle_of_an_install_takes_back_what_there_is(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    values = objects(config_map("a"), deployment("app", healthy=False), hook_job("never", "post-install"))
    release.apply(anything.by_digest(), values=values, timeout="10m")
    waiting = f"Deployment {release.namespace}/app"
    release.wait("it waits", lambda obj: waiting in conditions(obj["status"])["Ready"]["message"])
    release.delete()
    release.wait_gone()
    assert _names(bench, release) == set()
    assert bench.read(f"/apis/apps/v1/namespaces/{release.namespace}/deployments/app") is None
    assert _records(bench, release) == ""
    assert _inventories(bench, release) == []


def test_a_failed_delete_hook_blocks_until_it_is_let_go(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    hook = hook_job("before", "pre-delete", succeeds=False)
    release.apply(anything.by_digest(), values=objects(config_map("a"), hook))
    release.wait_ready(1)
    release.delete()
    message = release.wait_condition("Ready", "False", "HookFailed")["message"]
    assert f"pre-delete hook Job {release.namespace}/before failed" in message
    assert _names(bench, release) == {"a"}
    release.patch({"spec": {"deletionPolicy": "Orphan"}})
    release.wait_gone()
    assert _names(bench, release) == {"a"}


def test_dependents_stay_where_they_are_to_be_orphaned(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(deployment("app")), uninstall={"deletionPropagation": "orphan"})
    release.wait_ready(1)
    release.delete()
    release.wait_gone()
    assert bench.read(f"/apis/apps/v1/namespaces/{release.namespace}/deployments/app") is None
    left = bench.read(f"/apis/apps/v1/namespaces/{release.namespace}/replicasets")
    assert left is not None
    (replica_set,) = left["items"]
    assert "ownerReferences" not in replica_set["metadata"]


def test_an_object_that_will_not_go_is_named_and_waited_for(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a"), config_map("b")))
    release.wait_ready(1)
    _finalizers(bench, release, "a", ["example.com/hold"])
    release.delete()
    held = f"ConfigMap {release.namespace}/a"
    release.wait("the object is named", lambda obj: held in conditions(obj["status"])["Ready"]["message"])
    assert _names(bench, release) == {"a"}
    _finalizers(bench, release, "a", [])
    release.wait_gone(patience=30)


def test_a_namespace_is_deleted_with_the_release_in_it(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    hook = hook_job("never", "pre-delete", succeeds=False)
    release.apply(anything.by_digest(), values=objects(config_map("a"), hook))
    release.wait_ready(1)
    bench.kubectl("delete", "namespace", release.namespace, "--wait=false")
    bench.until(
        f"namespace {release.namespace} is gone",
        lambda: bench.read(f"/api/v1/namespaces/{release.namespace}") is None,
        told=release.describe,
    )


# --- Helm beside us -------------------------------------------------------------------------------------------------


def test_an_upgrade_at_a_prompt_is_brought_back_to_the_spec(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a", {"whose": "operator"})))
    release.wait_ready(1)
    values = bench.folder / "prompt.json"
    values.write_text(json.dumps(objects(config_map("a", {"whose": "prompt"}), config_map("extra"))))
    bench.helm("upgrade", "probe", str(anything.package), "-n", release.namespace, "-f", str(values),
               "--force-conflicts")  # fmt: skip
    status = release.wait_ready(3)
    assert _data(bench, release, "a") == {"whose": "operator"}
    assert _names(bench, release) == {"a"}, "what Helm added left with its revision"
    assert _history(bench, release) == [(1, "superseded"), (2, "superseded"), (3, "deployed")]
    assert [(each["revision"], bool(each.get("digest"))) for each in status["history"]] == [
        (3, True),
        (2, False),
        (1, True),
    ]
    release.wait_event("ForeignRevision", "revision 2")


def test_an_upgrade_at_a_prompt_is_waited_for(bench: Bench, release: ReleaseHandle, anything: PushedChart) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a", {"whose": "operator"})))
    release.wait_ready(1)
    values = bench.folder / "slow.json"
    values.write_text(json.dumps(objects(config_map("a", {"whose": "prompt"}), deployment("app", healthy=False))))
    slow = ("upgrade", "probe", str(anything.package), "-n", release.namespace, "-f", str(values))
    with ThreadPoolExecutor() as pool:
        helm = pool.submit(bench.helm, *slow, "--force-conflicts", "--wait", "--timeout", "4s", check=False)
        ready = release.wait_condition("Ready", "False", "ForeignActionInProgress")
        assert "revision 2" in ready["message"]
        assert _data(bench, release, "a") == {"whose": "prompt"}
        assert helm.result().returncode != 0
    release.wait_ready(3)
    assert _data(bench, release, "a") == {"whose": "operator"}
    assert _history(bench, release) == [(1, "superseded"), (2, "failed"), (3, "deployed")]
    assert bench.read(f"/apis/apps/v1/namespaces/{release.namespace}/deployments/app") is None


def test_an_uninstall_at_a_prompt_is_undone_when_helm_is_done(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a"), deployment("app")))
    release.wait_ready(1)
    before = _map(bench, release, "a")
    bench.helm("uninstall", "probe", "-n", release.namespace)
    bench.until("it is made again", lambda: _map(bench, release, "a") not in (before, None), told=release.describe)
    status = release.wait_ready(1)
    assert conditions(status)["Ready"]["reason"] == "InstallSucceeded"
    assert (status["inventory"]["total"], status["inventory"]["ready"]) == (2, 2)
    assert _history(bench, release) == [(1, "deployed")]
    (installs,) = [note for reason, note in release.events() if reason == "InstallSucceeded"]
    assert installs == "anything-0.1.0 is revision 1"


def test_an_uninstall_at_a_prompt_that_keeps_the_history_is_undone(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    release.apply(anything.by_digest(), values=objects(config_map("a")))
    release.wait_ready(1)
    bench.helm("uninstall", "probe", "-n", release.namespace, "--keep-history")
    status = release.wait_ready(2)
    assert conditions(status)["Ready"]["reason"] == "InstallSucceeded"
    assert _data(bench, release, "a") == {"key": "value"}
    assert _history(bench, release) == [(1, "uninstalled"), (2, "deployed")]


def test_a_rollback_at_a_prompt_is_brought_back_to_the_spec(
    bench: Bench, release: ReleaseHandle, anything: PushedChart
) -> None:
    for revision in (1, 2):
        release.apply(anything.by_digest(), values=objects(config_map("a", {"at": str(revision)})))
        release.wait_ready(revision)
    bench.helm("rollback", "probe", "1", "-n", release.namespace, "--force-conflicts")
    release.wait_ready(4)
    assert _data(bench, release, "a") == {"at": "2"}
    assert _history(bench, release)[-1] == (4, "deployed")


# --- helpers --------------------------------------------------------------------------------------------------------


def _map(bench: Bench, release: ReleaseHandle, name: str) -> Object | None:
    return bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps/{name}")


def _data(bench: Bench, release: ReleaseHandle, name: str) -> dict[str, str]:
    found = _map(bench, release, name)
    assert found is not None, f"ConfigMap {name} is not there"
    data: dict[str, str] = found["data"]
    return data


def _names(bench: Bench, release: ReleaseHandle) -> set[str]:
    """The ConfigMaps of the namespace, but for the one that every namespace has."""
    found = bench.read(f"/api/v1/namespaces/{release.namespace}/configmaps")
    assert found is not None
    return {each["metadata"]["name"] for each in found["items"]} - {"kube-root-ca.crt"}


def _set_field(bench: Bench, release: ReleaseHandle, name: str, data: dict[str, str]) -> None:
    """Somebody else applies more data."""
    document = config_map(name, data)
    bench.kubectl("apply", "--server-side", "--field-manager=somebody", "-n", release.namespace, "-f", "-",
                  stdin=json.dumps(document))  # fmt: skip


def _finalizers(bench: Bench, release: ReleaseHandle, name: str, finalizers: list[str]) -> None:
    change = json.dumps({"metadata": {"finalizers": finalizers}})
    bench.kubectl("patch", "configmap", name, "-n", release.namespace, "--type=merge", "-p", change)


def _history(bench: Bench, release: ReleaseHandle) -> list[tuple[int, str]]:
    found = bench.helm.json("history", release.name, "-n", release.namespace)
    return [(each["revision"], each["status"]) for each in found]


def _records(bench: Bench, release: ReleaseHandle) -> str:
    return bench.kubectl("get", "secrets", "-n", release.namespace, "-l", "owner=helm", "-o", "name").stdout


def _inventories(bench: Bench, release: ReleaseHandle) -> list[Object]:
    found = bench.read(f"/apis/steersman.dev/v1alpha1/namespaces/{release.namespace}/releaseinventories")
    assert found is not None
    items: list[Object] = found["items"]
    return items
