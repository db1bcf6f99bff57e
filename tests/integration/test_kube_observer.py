"""Live objects from watches of the real API server: what the observer knows, whom it wakes, what less RBAC means."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from testenv.audit import Audit
from testenv.clients import Kubectl
from testenv.instance import Instance

from steersman.core.diff.fields import fingerprint
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, ref_of
from steersman.kube.client import KubeClient
from steersman.kube.cluster import KubeCluster
from steersman.kube.credentials import Credentials
from steersman.kube.discovery import Discovery
from steersman.kube.objects import Objects
from steersman.kube.observer import KubeObserver, ObserverSettings
from steersman.kube.requests import Selection
from steersman.kube.resources import CONFIG_MAPS
from steersman.kube.watch import Watched

PATIENCE = 20.0


class Wakes:
    """Collects what the observer tells."""

    def __init__(self) -> None:
        self.seen: list[tuple[ObjectId, Mapping[str, str]]] = []
        self._news = asyncio.Event()

    def __call__(self, identity: ObjectId, labels: Mapping[str, str]) -> None:
        self.seen.append((identity, labels))
        self._news.set()

    async def until(self, identity: ObjectId) -> None:
        async with asyncio.timeout(PATIENCE):
            while identity not in [seen for seen, _ in self.seen]:
                self._news.clear()
                await self._news.wait()


def labelled(kind: str, namespace: str, name: str, **rest: Any) -> KubernetesObject:
    version = {"Deployment": "apps/v1"}.get(kind, "v1")
    labels = {"steersman.dev/name": "web", "steersman.dev/namespace": namespace}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        **rest,
    }


def deployment(namespace: str, name: str) -> KubernetesObject:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app", "image": "nginx"}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": template}
    return labelled("Deployment", namespace, name, spec=spec)


@pytest.fixture
async def observer(kube_client: KubeClient) -> AsyncIterator[KubeObserver]:
    made = KubeObserver(kube_client, Discovery(kube_client), ObserverSettings(poll_every=0.2, linger=0.1))
    yield made
    await made.stop()


@pytest.fixture
def cluster(kube_client: KubeClient, observer: KubeObserver) -> KubeCluster:
    return KubeCluster(kube_client, witness=observer)


@pytest.fixture
def wakes(observer: KubeObserver) -> Wakes:
    made = Wakes()
    observer.subscribe(made)
    return made


async def one(observer: KubeObserver, ref: ObjectRef) -> KubernetesObject | None:
    return (await observer.live([ref]))[ref.id]


async def eventually(check: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await check():  # noqa: ASYNC110  (what is waited for is in another process)
            await asyncio.sleep(0.05)


async def test_what_was_applied_is_known_trimmed_and_with_its_fingerprint(
    cluster: KubeCluster, observer: KubeObserver, namespace: str
) -> None:
    intent = deployment(namespace, "known")
    applied = await cluster.apply(intent, force=False)
    live = await one(observer, ref_of(intent))
    assert live is not None
    assert live["metadata"]["fp"] == fingerprint(applied.object) != ""
    assert "managedFields" not in live["metadata"]
    assert live["spec"]["replicas"] == 1
    assert "template" not in live["spec"]


async def test_our_own_write_counts_before_its_event_comes(
    cluster: KubeCluster, observer: KubeObserver, namespace: str
) -> None:
    intent = labelled("ConfigMap", namespace, "own", data={"a": "1"})
    await cluster.apply(intent, force=False)
    await one(observer, ref_of(intent))
    applied = await cluster.apply({**intent, "data": {"b": "2"}}, force=False)
    live = await one(observer, ref_of(intent))
    assert live is not None
    assert live["metadata"]["resourceVersion"] == applied.object["metadata"]["resourceVersion"]


async def test_status_arrives_and_wakes_the_release(
    cluster: KubeCluster, observer: KubeObserver, wakes: Wakes, namespace: str
) -> None:
    intent = deployment(namespace, "status")
    ref = ref_of(intent)
    observer.track((namespace, "web"), [ref])
    await one(observer, ref)
    await cluster.apply(intent, force=False)

    async def available() -> bool:
        live = await one(observer, ref)
        return live is not None and live.get("status", {}).get("availableReplicas") == 1

    await wakes.until(ref.id)
    await eventually(available)
    assert all(labels["steersman.dev/namespace"] == namespace for identity, labels in wakes.seen if identity == ref.id)


async def test_our_own_apply_wakes_nobody(
    cluster: KubeCluster, observer: KubeObserver, wakes: Wakes, namespace: str
) -> None:
    quiet, loud = (labelled("ConfigMap", namespace, name, data={}) for name in ("quiet", "loud"))
    await one(observer, ref_of(quiet))
    await cluster.apply(quiet, force=False)
    await cluster.objects.apply(CONFIG_MAPS, loud)  # behind the observer's back
    await wakes.until(ref_of(loud).id)
    assert ref_of(quiet).id not in [identity for identity, _ in wakes.seen]


async def test_a_foreign_change_shows_as_another_fingerprint(
    cluster: KubeCluster, observer: KubeObserver, wakes: Wakes, kubectl: Kubectl, namespace: str
) -> None:
    intent = labelled("ConfigMap", namespace, "drifting", data={"a": "1"})
    ref = ref_of(intent)
    await cluster.apply(intent, force=False)
    before = await one(observer, ref)
    kubectl("patch", "configmap", "drifting", "-n", namespace, "--type=merge", "-p", '{"data":{"a":"2"}}')
    await wakes.until(ref.id)
    after = await one(observer, ref)
    assert before is not None
    assert after is not None
    assert before["metadata"]["fp"] != after["metadata"]["fp"]


async def test_a_deleted_object_is_known_to_be_gone(
    cluster: KubeCluster, observer: KubeObserver, wakes: Wakes, kubectl: Kubectl, namespace: str
) -> None:
    intent = labelled("ConfigMap", namespace, "going", data={})
    ref = ref_of(intent)
    await cluster.apply(intent, force=False)
    assert await one(observer, ref) is not None
    kubectl("delete", "configmap", "going", "-n", namespace)
    await wakes.until(ref.id)
    assert await one(observer, ref) is None
    again = await cluster.apply(intent, force=False)
    live = await one(observer, ref)
    assert live is not None
    assert live["metadata"]["uid"] == again.object["metadata"]["uid"]


async def test_an_object_that_lost_our_label_is_still_there(
    cluster: KubeCluster, observer: KubeObserver, wakes: Wakes, kubectl: Kubectl, namespace: str
) -> None:
    intent = labelled("ConfigMap", namespace, "unlabelled", data={})
    ref = ref_of(intent)
    await cluster.apply(intent, force=False)
    await one(observer, ref)
    kubectl("label", "configmap", "unlabelled", "-n", namespace, "steersman.dev/name-")
    await wakes.until(ref.id)
    assert await one(observer, ref) is not None


async def test_an_absent_object_is_asked_for_once(
    observer: KubeObserver, cluster: KubeCluster, namespace: str, audit: Audit
) -> None:
    ref = ref_of(labelled("ConfigMap", namespace, "absent"))
    await one(observer, ref)
    mark = audit.mark()
    for _ in range(3):
        assert await one(observer, ref) is None
    assert not [request for request in audit.since(mark).within(namespace) if request.name == "absent"]
    await cluster.apply(labelled("ConfigMap", namespace, "absent", data={}), force=False)
    assert await one(observer, ref) is not None


async def test_a_kind_the_cluster_does_not_know_has_no_objects(observer: KubeObserver) -> None:
    ref = ObjectRef(ObjectId("yard.example", "Sail", "default", "main"), "v1")
    assert await one(observer, ref) is None


async def test_streams_of_kinds_nobody_owns_end(cluster: KubeCluster, observer: KubeObserver, namespace: str) -> None:
    ref = ref_of(labelled("ConfigMap", namespace, "owned", data={}))
    observer.track((namespace, "web"), [ref])
    await one(observer, ref)
    assert streams() == 1
    observer.forget((namespace, "web"))

    async def ended() -> bool:
        return streams() == 0

    await eventually(ended)


def streams() -> int:
    return sum(task.get_name().startswith("feed ") for task in asyncio.all_tasks())


# --- with less RBAC -------------------------------------------------------------------------------------------------


@pytest.fixture
async def restricted(
    request: pytest.FixtureRequest, control_plane: Instance, kubectl: Kubectl, namespace: str
) -> AsyncIterator[KubeClient]:
    """A client that may do the verbs of the parameter with ConfigMaps of this namespace, and nothing anywhere else."""
    name = f"restricted-{abs(hash(request.node.name)) % 10**8}"
    kubectl("create", "serviceaccount", name, "-n", namespace)
    kubectl("create", "role", name, "-n", namespace, f"--verb={request.param}", "--resource=configmaps")
    kubectl("create", "rolebinding", name, "-n", namespace, f"--role={name}", f"--serviceaccount={namespace}:{name}")
    kubeconfig: Path = control_plane.service_account_kubeconfig(namespace, name)
    async with KubeClient.open(await Credentials.from_kubeconfig(str(kubeconfig))) as client:
        yield client


@pytest.mark.parametrize(
    ("restricted", "said"),
    [("get,list,watch", "watched in each namespace"), ("get", "are read every")],
    ids=["a watch per namespace", "polling"],
    indirect=["restricted"],
)
async def test_what_may_not_be_watched_everywhere_is_heard_of_all_the_same(
    restricted: KubeClient,
    objects: Objects,
    namespace: str,
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    observer = KubeObserver(restricted, Discovery(restricted), ObserverSettings(poll_every=0.2))
    wakes = Wakes()
    observer.subscribe(wakes)
    intent = labelled("ConfigMap", namespace, f"lesser-{len(said)}", data={"a": "1"})
    ref = ref_of(intent)
    await objects.apply(CONFIG_MAPS, intent)
    observer.track((namespace, "web"), [ref])
    assert await one(observer, ref) is not None
    await objects.apply(CONFIG_MAPS, {**intent, "data": {"b": "2"}})
    await wakes.until(ref.id)
    await objects.delete(CONFIG_MAPS, namespace, ref.id.name)

    async def gone() -> bool:
        return await one(observer, ref) is None

    await eventually(gone)
    await observer.stop()
    assert len([record for record in caplog.records if said in record.message]) == 1


# --- a kind the caller follows itself ---------------------------------------------------------------------------------


async def test_a_watched_selection_is_kept_by_metadata_alone(
    kube_client: KubeClient, objects: Objects, namespace: str
) -> None:
    changes: list[tuple[str, bool]] = []
    selection = Selection(CONFIG_MAPS, namespace, labels="watched=yes", metadata_only=True)
    watched = Watched(kube_client, selection, lambda identity, _, new: changes.append((identity.name, new is not None)))
    watched.start()
    await watched.synced.wait()
    made = labelled("ConfigMap", namespace, "watched", data={"secret": "no"})
    made["metadata"]["labels"] = {"watched": "yes"}
    await objects.apply(CONFIG_MAPS, made)
    await objects.delete(CONFIG_MAPS, namespace, "watched")

    async def heard() -> bool:
        return changes == [("watched", True), ("watched", False)]

    await eventually(heard)
    assert watched.silence < PATIENCE
    await watched.stop()
