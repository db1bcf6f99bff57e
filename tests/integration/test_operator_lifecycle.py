"""Real charts from install to uninstall, by the operator, with Helm, kubectl and `helm template` as witnesses.

Each chart is installed, upgraded with other values, and deleted once; what was to be seen at each stage is kept
(`Seen`), so that the tests below assert on it in any order.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from integration.operating import Bench, Object, PushedChart, ReleaseHandle, conditions


@dataclass(frozen=True)
class Case:
    """A chart, and what its upgrade changes. `changed` are fields of a live object: kind, name, path, before, after."""

    name: str
    package: str
    values: Object
    upgrade: Object
    changed: tuple[str, str, str, Any, Any]
    pruned: tuple[str, ...]
    objects: int
    app_version: str
    crds: tuple[str, ...] = ()
    hooks: dict[str, list[str]] = field(default_factory=dict)
    """Events by hook, of the hooks that ran."""
    claims: tuple[str, ...] = ()
    """PersistentVolumeClaims that a StatefulSet leaves behind."""
    elsewhere: bool = False
    """Installed into a namespace that is made for it."""


_PASSWORD = {"postgresql": {"auth": {"postgresPassword": "a-test", "password": "a-test"}}}

CASES = (
    Case(
        name="prometheus",
        package="prometheus-community_helm-charts/prometheus-29.27.0.tgz",
        values={"server": {"retention": "7d"}},
        upgrade={"server": {"retention": "30d", "replicaCount": 1}, "prometheus-pushgateway": {"enabled": False}},
        changed=(
            "Deployment",
            "prometheus-server",
            "spec.template.spec.containers.1.args.0",
            "--storage.tsdb.retention.time=7d",
            "--storage.tsdb.retention.time=30d",
        ),
        pruned=("ServiceAccount", "Service", "Deployment"),
        objects=23,
        app_version="v3.14.0",
        claims=("storage-prometheus-alertmanager-0",),
    ),
    Case(
        name="karpenter",
        package="kubernetes-sigs_karpenter/karpenter-0.35.0.tgz",
        values={"controller": {"image": {"repository": "example.com/karpenter"}}},
        upgrade={
            "controller": {"image": {"repository": "example.com/karpenter"}},
            "logLevel": "debug",
            "podDisruptionBudget": {"name": "renamed"},
        },
        changed=("Deployment", "karpenter", "spec.template.spec.containers.0.env.2.value", "info", "debug"),
        pruned=("PodDisruptionBudget",),
        objects=15,
        app_version="0.35.0",
        crds=(
            "capacitybuffers.autoscaling.x-k8s.io",
            "kwoknodeclasses.karpenter.kwok.sh",
            "nodeclaims.karpenter.sh",
            "nodeoverlays.karpenter.sh",
            "nodepools.karpenter.sh",
        ),
        elsewhere=True,
    ),
    Case(
        name="kong",
        package="bitnami_charts/kong-15.4.23.tgz",
        values={**_PASSWORD, "pdb": {"create": True}},
        upgrade={**_PASSWORD, "pdb": {"create": False}, "replicaCount": 3},
        changed=("Deployment", "kong", "spec.replicas", 2, 3),
        pruned=("PodDisruptionBudget",),
        objects=18,
        app_version="3.9.1",
        crds=("kongplugins.configuration.konghq.com",),
        hooks={"kong-migrate": ["post-install", "pre-upgrade"]},
        claims=("data-kong-postgresql-0",),
    ),
    Case(
        name="contour",
        package="bitnami_charts/contour-21.1.5.tgz",
        # Without its CRDs: an API server that has just made one may take minutes to delete it ("storage is
        # (re)initializing").
        values={"contour": {"manageCRDs": False, "replicaCount": 1}},
        upgrade={"contour": {"manageCRDs": False, "replicaCount": 2, "certgen": {"networkPolicy": {"enabled": False}}}},
        changed=("Deployment", "contour-contour", "spec.replicas", 1, 2),
        pruned=("NetworkPolicy",),
        objects=15,
        app_version="1.32.1",
        hooks={"contour-contour-certgen": ["pre-install", "pre-upgrade"]},
    ),
)


@dataclass(frozen=True)
class Place:
    """A case under way: its HelmRelease, where the release goes, its chart."""

    case: Case
    release: ReleaseHandle
    namespace: str
    chart: PushedChart


@dataclass(frozen=True)
class Seen:
    """What was to be seen when the release was Ready."""

    status: Object
    inventory: list[Object]
    listed: Object
    told: Object
    history: list[Object]
    manifest: str
    templated: str
    values: Object
    live: dict[tuple[str, str], Object]


@dataclass(frozen=True)
class Left:
    """What was left when the HelmRelease was gone."""

    objects: str
    labelled: str
    records: str
    inventories: str
    claims: list[str]
    crds: list[str]
    namespace_phase: str


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def place(request: pytest.FixtureRequest, bench: Bench, shared: Path) -> Place:
    case: Case = request.param
    home = bench.namespace(case.name)
    chart = bench.push(shared / "charts" / "packages" / case.package)
    return Place(case, bench.release(home, case.name), f"{home}-made" if case.elsewhere else home, chart)


@pytest.fixture(scope="module")
def installed(place: Place) -> Seen:
    _apply(place, place.case.values)
    return _see(place, place.case.values, revision=1)


@pytest.fixture(scope="module")
def upgraded(place: Place, installed: Seen) -> Seen:
    _apply(place, place.case.upgrade)
    return _see(place, place.case.upgrade, revision=2)


@pytest.fixture(scope="module")
def left(place: Place, upgraded: Seen) -> Left:
    place.release.delete()
    place.release.wait_gone()
    return _left(place, upgraded)


# --- install --------------------------------------------------------------------------------------------------------


def test_install_is_ready_by_every_condition(installed: Seen, place: Place) -> None:
    status = installed.status
    found = {name: (each["status"], each["reason"]) for name, each in conditions(status).items()}
    assert found["Ready"] == ("True", "InstallSucceeded")
    assert found["Released"] == ("True", "InstallSucceeded")
    assert found["Healthy"] == ("True", "HealthCheckSucceeded")
    assert not found.keys() & {"Reconciling", "Stalled", "Remediated", "TestSuccess"}
    assert {each["observedGeneration"] for each in conditions(status).values()} == {1}
    assert status["observedGeneration"] == 1
    assert status.get("failures", 0) == 0
    assert "nextAttempt" not in status


def test_status_names_the_source_and_the_release(installed: Seen, place: Place, bench: Bench) -> None:
    chart, status = place.chart, installed.status
    assert status["source"]["url"] == chart.url
    assert status["source"]["digest"] == chart.digest
    assert status["source"]["version"] == chart.version
    release = dict(status["release"])
    cluster = bench.read("/api/v1/namespaces/kube-system")
    assert cluster is not None
    assert release.pop("firstDeployed") == release.pop("lastDeployed")
    assert release == {
        "name": place.case.name,
        "namespace": place.namespace,
        "revision": 1,
        "status": "deployed",
        "chart": f"{place.case.name}-{chart.version}",
        "appVersion": place.case.app_version,
        "clusterUID": cluster["metadata"]["uid"],
    }
    (snapshot,) = status["history"]
    assert snapshot["revision"] == 1
    assert snapshot["status"] == "deployed"
    assert snapshot["chart"] == f"{place.case.name}-{chart.version}"
    assert snapshot["digest"].startswith("sha256:")


def test_inventory_holds_exactly_the_objects_of_the_manifest(installed: Seen, place: Place) -> None:
    counted = installed.status["inventory"]
    assert (counted["total"], counted["ready"]) == (place.case.objects, place.case.objects)
    assert not counted.get("notReady")
    rendered = [doc for doc in yaml.safe_load_all(installed.manifest) if doc]
    assert {(doc["kind"], doc["metadata"]["name"]) for doc in rendered} == installed.live.keys()
    assert {(entry["k"], entry["n"]): entry["uid"] for entry in installed.inventory} == _uids(installed)
    assert len(installed.inventory) == place.case.objects
    assert {entry["revision"] for entry in installed.inventory} == {1}


def test_every_object_is_stamped_for_helm_and_for_us(installed: Seen, place: Place) -> None:
    for obj in installed.live.values():
        labels, annotations = obj["metadata"]["labels"], obj["metadata"]["annotations"]
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["steersman.dev/name"] == place.release.name
        assert labels["steersman.dev/namespace"] == place.release.namespace
        assert annotations["meta.helm.sh/release-name"] == place.case.name
        assert annotations["meta.helm.sh/release-namespace"] == place.namespace


def test_helm_agrees_about_the_install(installed: Seen, place: Place) -> None:
    assert installed.listed["revision"] == "1"
    assert installed.listed["status"] == "deployed"
    assert installed.listed["chart"] == f"{place.case.name}-{place.chart.version}"
    assert installed.listed["app_version"] == place.case.app_version
    assert installed.told["info"]["description"] == "Install complete"
    assert [(each["revision"], each["status"]) for each in installed.history] == [(1, "deployed")]
    assert installed.values == place.case.values


def test_stored_manifest_is_what_helm_template_prints(installed: Seen) -> None:
    assert installed.manifest.strip() == installed.templated.strip()


def test_record_is_what_helm_would_write(installed: Seen, place: Place, bench: Bench) -> None:
    values = _values_file(place, place.case.values)
    dry = bench.helm.json(
        "install", place.case.name, str(place.chart.package), "-n", place.namespace, "-f", values, "--dry-run=client"
    )
    assert installed.told["info"].get("notes") == dry["info"].get("notes")
    assert installed.manifest == dry["manifest"] + "\n"


def test_crds_of_the_chart_are_served(installed: Seen, place: Place, bench: Bench) -> None:
    for name in place.case.crds:
        assert bench.read(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}") is not None


def test_install_hooks_ran_and_were_cleaned_up(installed: Seen, place: Place, bench: Bench) -> None:
    _assert_hooks_ran(installed, place, "install", bench)


def test_install_is_told_by_an_event(installed: Seen, place: Place) -> None:
    place.release.wait_event("InstallSucceeded", f"{place.case.name}-{place.chart.version} is revision 1")


# --- upgrade --------------------------------------------------------------------------------------------------------


def test_upgrade_is_ready_at_revision_two(upgraded: Seen) -> None:
    found = {name: (each["status"], each["reason"]) for name, each in conditions(upgraded.status).items()}
    assert found["Ready"] == ("True", "UpgradeSucceeded")
    assert found["Released"] == ("True", "UpgradeSucceeded")
    assert found["Healthy"][0] == "True"
    assert not found.keys() & {"Reconciling", "Stalled"}
    assert upgraded.status["observedGeneration"] == 2
    assert [(each["revision"], each["status"]) for each in upgraded.status["history"]] == [
        (2, "deployed"),
        (1, "superseded"),
    ]


def test_upgrade_keeps_the_first_deployment(installed: Seen, upgraded: Seen) -> None:
    before, after = installed.status["release"], upgraded.status["release"]
    assert after["lastDeployed"] >= before["lastDeployed"]
    assert upgraded.status["values"]["digest"] != installed.status["values"]["digest"]
    assert upgraded.history[0]["revision"] == 1


def test_helm_agrees_about_the_upgrade(upgraded: Seen, place: Place) -> None:
    assert upgraded.listed["revision"] == "2"
    assert upgraded.listed["status"] == "deployed"
    assert upgraded.told["info"]["description"] == "Upgrade complete"
    assert [(each["revision"], each["status"]) for each in upgraded.history] == [(1, "superseded"), (2, "deployed")]
    assert upgraded.values == place.case.upgrade
    assert upgraded.manifest.strip() == upgraded.templated.strip()


def test_upgrade_changes_the_objects(installed: Seen, upgraded: Seen, place: Place) -> None:
    kind, name, path, before, after = place.case.changed
    assert _at(installed.live[kind, name], path) == before
    assert _at(upgraded.live[kind, name], path) == after
    stayed = installed.live.keys() & upgraded.live.keys()
    assert all(_uids(installed)[key] == _uids(upgraded)[key] for key in stayed)


def test_upgrade_prunes_what_left_the_chart(installed: Seen, upgraded: Seen, place: Place, bench: Bench) -> None:
    gone = installed.live.keys() - upgraded.live.keys()
    assert sorted(kind for kind, _ in gone) == sorted(place.case.pruned)
    for key in gone:
        path = f"{key[0]}/{key[1]}"
        assert bench.kubectl("get", path, "-n", place.namespace, "--ignore-not-found", "-o", "name").stdout == ""
    assert {(entry["k"], entry["n"]) for entry in upgraded.inventory} == upgraded.live.keys()


def test_upgrade_hooks_ran_and_were_cleaned_up(upgraded: Seen, place: Place, bench: Bench) -> None:
    _assert_hooks_ran(upgraded, place, "upgrade", bench)


# --- uninstall ------------------------------------------------------------------------------------------------------


def test_deleting_removes_every_object(left: Left) -> None:
    assert left.objects == ""
    assert left.labelled == ""


def test_deleting_removes_records_and_inventory(left: Left) -> None:
    assert left.records == ""
    assert left.inventories == ""


def test_deleting_leaves_what_helm_leaves(left: Left, place: Place) -> None:
    assert tuple(left.claims) == place.case.claims
    assert set(place.case.crds) <= set(left.crds)
    assert left.namespace_phase == "Active"


# --- helpers --------------------------------------------------------------------------------------------------------


def _apply(place: Place, values: Object) -> None:
    more: Object = {}
    if place.case.elsewhere:
        more = {"targetNamespace": place.namespace, "install": {"createNamespace": True}}
    place.release.apply(place.chart.by_digest(), values=values, **more)


def _see(place: Place, values: Object, revision: int) -> Seen:
    bench, name, namespace = place.release.bench, place.case.name, place.namespace
    status = place.release.wait_ready(revision)
    inventory = _inventory(place)
    manifest = bench.helm("get", "manifest", name, "-n", namespace).stdout
    template = ["template", name, str(place.chart.package), "-n", namespace, "-f", _values_file(place, values)]
    upgrade = ["--is-upgrade"] if revision > 1 else []
    (listed,) = bench.helm.json("list", "-n", namespace)
    return Seen(
        status=status,
        inventory=inventory,
        listed=listed,
        told=bench.helm.json("status", name, "-n", namespace),
        history=bench.helm.json("history", name, "-n", namespace),
        manifest=manifest,
        templated=bench.helm(*template, "--no-hooks", "--dry-run=server", *upgrade).stdout,
        values=bench.helm.json("get", "values", name, "-n", namespace),
        live=_live(bench, inventory),
    )


def _values_file(place: Place, values: Object) -> str:
    path = place.release.bench.folder / f"{place.case.name}-values.json"
    path.write_text(json.dumps(values))
    return str(path)


def _inventory(place: Place) -> list[Object]:
    path = f"/apis/steersman.dev/v1alpha1/namespaces/{place.release.namespace}/releaseinventories"
    pages = (place.release.bench.read(path) or {})["items"]
    return [entry for page in pages for entry in page["spec"]["entries"]]


def _live(bench: Bench, entries: list[Object]) -> dict[tuple[str, str], Object]:
    """The objects of an inventory as they are in the cluster; all are there, or kubectl complains."""
    found = json.loads(bench.kubectl("get", "-o", "json", "-f", "-", stdin=_asked(entries)).stdout)
    return {(obj["kind"], obj["metadata"]["name"]): obj for obj in found["items"]}


def _asked(entries: list[Object]) -> str:
    """The objects of an inventory, for `kubectl get -f`."""
    items = [
        {
            "apiVersion": f"{entry['g']}/{entry['v']}" if entry.get("g") else entry["v"],
            "kind": entry["k"],
            "metadata": {"name": entry["n"], **({"namespace": entry["ns"]} if entry.get("ns") else {})},
        }
        for entry in entries
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _left(place: Place, before: Seen) -> Left:
    bench, namespace = place.release.bench, place.namespace
    home = place.release.namespace

    def names(*arguments: str, stdin: str | None = None) -> str:
        return bench.kubectl("get", *arguments, "--ignore-not-found", "-o", "name", stdin=stdin).stdout

    crds = [line.partition("/")[2] for line in names("crds").split()]
    listable = bench.kubectl("api-resources", "--verbs=list", "-o", "name").stdout.split()
    # None of the charts makes custom resources, and the first list of a new kind takes the API server a second.
    kinds = [kind for kind in listable if kind not in crds or kind.endswith(".steersman.dev")]
    selector = f"steersman.dev/name={place.release.name},steersman.dev/namespace={home}"
    made = bench.read(f"/api/v1/namespaces/{namespace}")
    assert made is not None
    # What controllers make for a Service, with a copy of its labels, goes a moment after it.
    bench.until("no more endpoints", lambda: not names("endpointslices,endpoints", "-A", "-l", selector))
    return Left(
        objects=names("-f", "-", stdin=_asked(before.inventory)),
        labelled=names(",".join(kinds), "-A", "-l", selector),
        records=names("secrets", "-n", namespace, "-l", f"owner=helm,name={place.case.name}"),
        inventories=names("releaseinventories", "-n", home),
        claims=[line.partition("/")[2] for line in names("pvc", "-n", namespace).split()],
        crds=crds,
        namespace_phase=made["status"]["phase"],
    )


def _uids(seen: Seen) -> dict[tuple[str, str], str]:
    return {key: obj["metadata"]["uid"] for key, obj in seen.live.items()}


def _at(obj: Object, path: str) -> Any:
    """`spec.containers.0.image` of an object."""
    found: Any = obj
    for key in path.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def _assert_hooks_ran(seen: Seen, place: Place, action: str, bench: Bench) -> None:
    ran = {each["name"]: each for each in seen.told.get("hooks") or ()}
    for name, events in place.case.hooks.items():
        assert ran[name]["events"] == events
        assert any(event.endswith(action) for event in events)
        last = ran[name]["last_run"]
        assert last["phase"] == "Succeeded"
        assert last["started_at"] <= last["completed_at"]
        job = bench.read(f"/apis/batch/v1/namespaces/{place.namespace}/jobs/{name}")
        assert job is None, "its policy is hook-succeeded"
