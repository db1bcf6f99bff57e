"""A small world in memory for the actions: an API server, records, inventories, a chart, time that moves when told to.

The API server keeps what the actions rely on: a uid for every new object, a resourceVersion for every change and none
for an apply that changes nothing, uids as preconditions, finalizers that hold a deleted object, fields that other
managers hold. Every write can be made to fail or to end the process (`World.break_at`), before or after it took effect.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from core.plan.builders import CLUSTER, NOW, helm_release

from steersman.actions.base import Edges, Request
from steersman.actions.runner import run_step
from steersman.controller.cache import ReleaseCache
from steersman.controller.observe import Looker
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.inventory import Inventory, InventoryConflict, PageState
from steersman.core.api.status import HelmReleaseStatus
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, ref_of
from steersman.core.manifest.parse import sort_manifests
from steersman.core.plan.attempt import advance, begin, looked, noticed, recall
from steersman.core.plan.decide import decide
from steersman.core.plan.decision import Decision, Done, Run, Stalled, Wait
from steersman.core.plan.observed import Attempt, Desired, Observed, Problem
from steersman.core.plan.state import State, determine
from steersman.core.plan.status import next_status
from steersman.core.release.errors import RecordConflict, RecordExists
from steersman.core.release.model import Release, ReleaseStatus
from steersman.core.render.engine import manifest_text
from steersman.core.render.model import Capabilities, ChartInfo, Rendered, RenderRequest
from steersman.errors import ClusterError, FieldConflictError, NotJudged, StaleObjectError
from steersman.ports import Applied, Propagation

MAX_TURNS = 300
"""More decisions than any scenario needs: a loop that makes no progress is found by running into it."""

_CLUSTER_SCOPED = frozenset({"Namespace", "ClusterRole", "CustomResourceDefinition"})


class Killed(Exception):
    """The process ended here."""


class Unavailable(ClusterError):
    """The API server did not answer."""

    retryable = True
    transient = True


class WebhookDown(NotJudged):
    """A webhook takes no part in dry runs."""


class Denied(ClusterError):
    """The API server refuses this."""

    reason = "AccessDenied"
    retryable = True


@dataclass(frozen=True)
class Break:
    """What happens at the write of this number: `error` is raised, before or after the write took effect."""

    write: int
    error: Exception
    after: bool = False
    lasting: int = 1


@dataclass
class World:
    """Everything outside the actions. `chart` maps template names to text; changing it needs another `digest`."""

    chart: dict[str, str] = field(default_factory=dict)
    digest: str = "input-1"
    desired: Desired | Problem | None = None
    now: datetime = NOW
    release: HelmRelease = field(default_factory=lambda: helm_release(finalizer=False))
    objects: dict[ObjectId, KubernetesObject] = field(default_factory=dict)
    records: dict[int, Release] = field(default_factory=dict)
    inventory: Inventory | None = None
    unknown_kinds: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    held_fields: set[str] = field(default_factory=set)
    no_dry_runs: bool = False
    broken: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    hook_runs: list[str] = field(default_factory=list)
    created: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    writes: int = 0
    breaks: Break | None = None
    versions: Any = field(default_factory=lambda: itertools.count(100))
    uids: Any = field(default_factory=lambda: itertools.count(1))

    def break_at(self, write: int, error: Exception, *, after: bool = False, lasting: int = 1) -> None:
        """Fail the write of this number, counted from the next one on, and `lasting` in a row."""
        self.breaks = Break(self.writes + write, error, after, lasting)

    def write(self, what: str) -> "_Write":
        """Around every change: counts it, and fails it where that was asked for."""
        self.writes += 1
        number, broken = self.writes, self.breaks
        due = broken is not None and broken.write <= number < broken.write + broken.lasting
        if due and broken is not None and not broken.after:
            raise broken.error
        self.log.append(what)
        return _Write(broken.error if due and broken is not None else None)

    def version(self) -> str:
        return str(next(self.versions))

    # --- what happens outside

    def place(self, obj: KubernetesObject, **metadata: Any) -> KubernetesObject:
        """Put an object there that somebody else made."""
        merged = {**obj["metadata"], "uid": f"uid-{next(self.uids)}", "resourceVersion": self.version(), **metadata}
        placed = {**obj, "metadata": merged}
        self.objects[ref_of(placed).id] = placed
        return placed

    def recreate(self, name: str) -> None:
        """Somebody deletes an object and makes it again as it was."""
        identity = next(each for each in self.objects if each.name == name)
        self.place(self.objects[identity])

    def let_go(self) -> None:
        """What held deleted objects is over."""
        self.stuck.clear()
        for identity, obj in list(self.objects.items()):
            if "deletionTimestamp" in obj["metadata"]:
                del self.objects[identity]

    def progress(self) -> bool:
        """Controllers do their work: Deployments become ready and Jobs complete, or fail where `broken` names them, or
        are under way where `busy` does. Whether anything changed."""
        changed = False
        for identity, obj in list(self.objects.items()):
            status = self._status(identity, obj)
            if status is not None and obj.get("status") != status:
                self.objects[identity] = self._touched({**obj, "status": status})
                changed = True
        return changed

    def _status(self, identity: ObjectId, obj: KubernetesObject) -> dict[str, Any] | None:
        fails = identity.name in self.broken
        if identity.name in self.busy:
            return {"observedGeneration": obj["metadata"]["generation"], "conditions": []}
        if identity.kind == "Job":
            return {"conditions": [{"type": "Failed" if fails else "Complete", "status": "True", "reason": "ByTest"}]}
        if identity.kind == "Deployment":
            stuck = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "stuck"}
            ready = [{"type": "Available", "status": "True"}, {"type": "Progressing", "status": "True"}]
            ready[1]["reason"] = "NewReplicaSetAvailable"
            counts = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
            generation = obj["metadata"]["generation"]
            if fails:
                return {"observedGeneration": generation, "conditions": [stuck]}
            return {"observedGeneration": generation, "conditions": ready, **counts}
        return None

    def _touched(self, obj: KubernetesObject) -> KubernetesObject:
        return {**obj, "metadata": {**obj["metadata"], "resourceVersion": self.version()}}

    # --- asking

    def names(self, kind: str = "ConfigMap") -> list[str]:
        """Names of the live objects of a kind."""
        return sorted(identity.name for identity in self.objects if identity.kind == kind)

    def get(self, name: str, kind: str = "ConfigMap") -> KubernetesObject:
        return self.objects[next(each for each in self.objects if (each.kind, each.name) == (kind, name))]

    def statuses(self) -> dict[int, str]:
        """Revision → status of its record."""
        return {number: str(record.status) for number, record in sorted(self.records.items())}

    def entries(self) -> dict[str, str]:
        """Name → uid, as the inventory has them."""
        return {entry.n: entry.uid for entry in self.inventory.entries} if self.inventory else {}

    # --- the spec

    def spec(self, spec: Mapping[str, Any]) -> None:
        """Somebody changes the spec."""
        self.release = _again(self.release, spec=spec, generation=self.release.generation + 1)

    def annotate(self, **annotations: str) -> None:
        """Somebody annotates the HelmRelease."""
        self.release = _again(self.release, annotations=annotations)

    def want(self, digest: str, chart: dict[str, str]) -> None:
        """The spec asks for another chart."""
        self.digest, self.chart = digest, chart
        self.release = _again(self.release, generation=self.release.generation + 1)

    def delete_release(self) -> None:
        """Somebody deletes the HelmRelease."""
        self.release = _again(self.release, deleting=self.now, generation=self.release.generation + 1)

    def helm_upgrades(self, status: str = "deployed") -> None:
        """Somebody runs `helm upgrade` on the release."""
        if not self.records:
            return
        newest = self.records[max(self.records)]
        for number, record in self.records.items():
            if record.status == "deployed" and status == "deployed":
                self._write_record(number, replace(record, status=ReleaseStatus.SUPERSEDED))
        theirs = replace(newest, revision=newest.revision + 1, status=ReleaseStatus(status), last_deployed=self.now)
        self._write_record(theirs.revision, theirs)

    def _write_record(self, number: int, record: Release) -> None:
        self.records[number] = replace(record, resource_version=self.version())

    def lose_status(self) -> None:
        """Somebody restores the HelmRelease from a file."""
        self.release = _again(self.release, status=HelmReleaseStatus())

    def create_release(self, uid: str = "uid-2") -> None:
        """Somebody makes a HelmRelease of that name again."""
        self.release = helm_release(uid=uid, finalizer=False, version=self.version())


@dataclass(frozen=True)
class _Write:
    """Where a write took effect and is to fail all the same, `answer` raises."""

    error: Exception | None

    def answer(self) -> None:
        if self.error is not None:
            raise self.error


def _again(release: HelmRelease, **changes: Any) -> HelmRelease:
    """The HelmRelease after somebody changed it."""
    raw = release.raw
    fields = {
        "spec": changes.get("spec", {key: value for key, value in raw["spec"].items() if key != "chart"}),
        "generation": changes.get("generation", release.generation),
        "deleting": changes.get("deleting", release.deletion_timestamp),
        "finalizer": changes.get("finalizer", release.has_finalizer),
        "uid": release.uid,
        "version": str(int(release.resource_version) + 1),
    }
    asked = release.requests()
    kept = {name: getattr(asked, name) for name in ("reconcile_at", "force_at", "reset_at") if getattr(asked, name)}
    spec = fields.pop("spec")
    return helm_release(
        spec, status=changes.get("status", release.status), **fields, **{**kept, **changes.get("annotations", {})}
    )


# --- the ports -------------------------------------------------------------------------------------------------------


class MemoryCluster:
    """`ports.Cluster` and `ports.Observer`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def capabilities(self) -> Capabilities:
        return Capabilities("v1.37.1", ("v1", "apps/v1", "batch/v1"))

    async def is_namespaced(self, ref: ObjectRef) -> bool:
        return ref.id.kind not in _CLUSTER_SCOPED

    async def knows(self, ref: ObjectRef) -> bool:
        return ref.id.kind not in self._world.unknown_kinds

    async def get(self, ref: ObjectRef) -> KubernetesObject | None:
        self._reach(ref)
        return self._world.objects.get(ref.id)

    async def list(self, ref: ObjectRef) -> KubernetesObject:
        return {"items": [obj for obj in self._world.objects.values() if obj["kind"] == ref.id.kind]}

    async def live(self, refs: Sequence[ObjectRef]) -> dict[ObjectId, KubernetesObject | None]:
        return {ref.id: self._world.objects.get(ref.id) for ref in refs}

    def track(self, owner: tuple[str, str], refs: Iterable[ObjectRef]) -> None:
        return

    def forget(self, owner: tuple[str, str]) -> None:
        return

    async def apply(self, obj: KubernetesObject, *, force: bool, dry_run: bool = False) -> Applied:
        world, ref = self._world, ref_of(obj)
        self._reach(ref)
        live = world.objects.get(ref.id)
        self._check(obj, live, force=force)
        applied = self._merged(obj, live)
        if dry_run and world.no_dry_runs:
            raise WebhookDown("a webhook has side effects")
        if dry_run or applied is live:
            return Applied(applied, live is None)
        done = world.write(f"apply {ref}")
        if live is None:
            world.created[ref.id.name] += 1
            run = (obj["metadata"].get("annotations") or {}).get("steersman.dev/hook-run", "")
            world.hook_runs += [f"{ref.id.name} {run.rpartition('/')[2]}"] if run else []
        world.objects[ref.id] = applied = self._stored(applied)
        done.answer()
        return Applied(applied, live is None)

    async def delete(
        self,
        ref: ObjectRef,
        *,
        uid: str | None = None,
        resource_version: str | None = None,
        propagation: Propagation = "Background",
    ) -> bool:
        world = self._world
        self._reach(ref)
        live = world.objects.get(ref.id)
        if live is None or (uid is not None and live["metadata"]["uid"] != uid):
            return False
        done = world.write(f"delete {ref}")
        if ref.id.name in world.stuck:
            world.objects[ref.id] = {
                **live,
                "metadata": {**live["metadata"], "deletionTimestamp": world.now.isoformat()},
            }
        else:
            del world.objects[ref.id]
        done.answer()
        return True

    async def refresh_discovery(self) -> None:
        self._world.unknown_kinds.clear()

    def _reach(self, ref: ObjectRef) -> None:
        if ref.id.kind in self._world.unknown_kinds:
            raise Denied(f"the cluster knows no kind {ref.id.kind}")

    def _check(self, obj: KubernetesObject, live: KubernetesObject | None, *, force: bool) -> None:
        uid = obj["metadata"].get("uid")
        if uid and (live is None or live["metadata"]["uid"] != uid):
            raise StaleObjectError(f"{ref_of(obj)} was deleted or recreated")
        if live is not None and obj["metadata"]["name"] in self._world.held_fields and not force:
            raise FieldConflictError("1 field is held by others: .data.key (kubectl)")

    def _merged(self, obj: KubernetesObject, live: KubernetesObject | None) -> KubernetesObject:
        """The object after the apply; the live one itself where nothing changes."""
        given = {key: value for key, value in obj["metadata"].items() if key not in ("uid", "resourceVersion")}
        if live is None:
            return {**obj, "metadata": {**given, "generation": 1}}
        kept = {key: live["metadata"][key] for key in _SERVERS if key in live["metadata"]}
        merged = {**obj, "metadata": {**given, **kept}, **({"status": live["status"]} if "status" in live else {})}
        if merged == live:
            return live
        grown = live["metadata"].get("generation", 1) + (merged.get("spec") != live.get("spec"))
        return {**merged, "metadata": {**merged["metadata"], "generation": grown}}

    def _stored(self, obj: KubernetesObject) -> KubernetesObject:
        world = self._world
        uid = obj["metadata"].get("uid") or f"uid-{next(world.uids)}"
        return {**obj, "metadata": {**obj["metadata"], "uid": uid, "resourceVersion": world.version()}}


_SERVERS = ("uid", "resourceVersion", "generation", "deletionTimestamp")


class MemoryRecords:
    """`ports.ReleaseStore`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def history(self, namespace: str, name: str) -> tuple[Release, ...]:
        return tuple(record for _, record in sorted(self._world.records.items()))

    async def create(self, release: Release) -> Release:
        if release.revision in self._world.records:
            raise RecordExists("this revision exists already")
        return self._keep(release, "create")

    async def update(self, release: Release) -> Release:
        held = self._world.records.get(release.revision)
        if held is None or held.resource_version != release.resource_version:
            raise RecordConflict("it was changed by somebody else")
        return self._keep(release, "update")

    async def delete(self, release: Release) -> None:
        if release.revision in self._world.records:
            done = self._world.write(f"delete record {release.revision}")
            del self._world.records[release.revision]
            done.answer()

    def _keep(self, release: Release, verb: str) -> Release:
        done = self._world.write(f"{verb} record {release.revision} {release.status}")
        kept = replace(release, resource_version=self._world.version())
        self._world.records[release.revision] = kept
        done.answer()
        return kept


class MemoryInventories:
    """`ports.InventoryStore`: one page, whose resourceVersion guards it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def read(self, release: HelmRelease) -> Inventory | None:
        return self._world.inventory

    async def write(self, inventory: Inventory) -> Inventory:
        held = self._world.inventory
        if (held.pages[0].resource_version if held else "") != (
            inventory.pages[0].resource_version if inventory.pages else ""
        ):
            raise InventoryConflict("it was changed by somebody else")
        done = self._world.write(f"write inventory of revision {inventory.head.revision}")
        page = PageState(frozenset(), inventory.head, "", "", "page-uid", self._world.version())
        self._world.inventory = replace(inventory, pages={0: page})
        done.answer()
        return self._world.inventory

    async def delete(self, inventory: Inventory) -> None:
        done = self._world.write("delete inventory")
        self._world.inventory = None
        done.answer()


class MemoryReleases:
    """`ports.HelmReleases`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def add_finalizer(self, release: HelmRelease) -> None:
        self._change("add finalizer", finalizer=True)

    async def drop_finalizer(self, release: HelmRelease) -> None:
        self._change("drop finalizer", finalizer=False)

    async def write_status(self, release: HelmRelease, status: HelmReleaseStatus) -> None:
        self._change("write status", status=status)

    def _change(self, what: str, **changes: Any) -> None:
        done = self._world.write(what)
        self._world.release = _again(self._world.release, **changes)
        done.answer()


class MemoryCharts:
    """`ports.ChartArchives` and `ports.Renderer`: the chart of the world, whatever digest is asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def fetch(self, url: str, digest: str) -> bytes:
        return b"an archive"

    async def render(self, request: RenderRequest, chart: bytes, lookup: Any = None) -> Rendered:
        files = {f"shop/templates/{name}.yaml": text for name, text in self._world.chart.items()}
        hooks, manifests = sort_manifests(files, self._world.log.append)
        metadata = {"name": "shop", "version": "1.0.0"}
        return Rendered(
            chart=ChartInfo("shop", "1.0.0", "", metadata, {}),
            manifest=manifest_text(manifests),
            manifests=manifests,
            hooks=hooks,
            notes="",
        )


class MemoryFacts:
    """What the looker asks of the cluster."""

    def __init__(self, world: World) -> None:
        self.cluster_uid = CLUSTER

    async def terminating(self, namespaces: Iterable[str]) -> frozenset[str]:
        return frozenset()

    async def is_crd_deleting(self) -> bool:
        return False


class MemoryResolver:
    """What the spec asks for: the chart of the world under its digest."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def resolve(self, release: HelmRelease, now: datetime) -> Desired | Problem:
        world = self._world
        if world.desired is not None:
            return world.desired
        return Desired("oci://registry.example/charts/shop", world.digest, "1.0.0", {}, "v", (), world.digest)

    def archives(self, release: HelmRelease) -> MemoryCharts:
        return MemoryCharts(self._world)

    def retold(self, release: HelmRelease, problem: Problem) -> Problem:
        return problem

    def forget(self, release_uid: str) -> None:
        return


class MemoryClock:
    """`ports.Clock`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> datetime:
        return self._world.now


def edges_of(world: World) -> Edges:
    """The ports of this world."""
    cluster, charts = MemoryCluster(world), MemoryCharts(world)
    return Edges(
        cluster=cluster,
        observer=cluster,
        records=MemoryRecords(world),
        inventories=MemoryInventories(world),
        releases=MemoryReleases(world),
        charts=charts,
        renderer=charts,
        clock=MemoryClock(world),
    )


# --- the loop --------------------------------------------------------------------------------------------------------


class Driver:
    """One process: it has a memory, which is lost with it, and drives the release of a world step by step."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.edges = edges_of(world)
        self.attempt = recall(world.release)
        self.steps: list[str] = []
        cache = ReleaseCache()
        cache.put(world.release.raw)
        self._looker = Looker(self.edges, MemoryResolver(world), cache, MemoryFacts(world))  # type: ignore[arg-type]

    async def look(self) -> tuple[State, Observed, Decision]:
        """One look, and what follows from it."""
        observed = await self._looker.look(self.world.release, self.attempt)
        state = determine(observed)
        observed = replace(observed, attempt=noticed(state, observed, None))
        decision = decide(state, observed)
        if isinstance(decision, (Done, Stalled)) and state.status is not State.SUSPENDED:
            observed = replace(observed, attempt=looked(observed.attempt, self.world.release))
        self.attempt = observed.attempt
        status = next_status(state, observed, decision)
        self.world.release = _again(self.world.release, status=status)
        return state.status, replace(observed, release=self.world.release), decision

    async def run(self, observed: Observed, decision: Run) -> None:
        """Run one step."""
        step = decision.step
        self.steps.append(f"{step.kind.value} {step.event}".strip())
        attempt: Attempt = begin(observed.attempt, step, observed.release)
        request = Request(step, replace(observed, attempt=attempt), decision.problem)
        outcome = await run_step(request, self.edges)
        self.attempt = advance(attempt, step, outcome, decision.problem, self.world.now, None)

    async def go(self, *, waits: bool = True) -> Decision:
        """On until the release rests, is stalled, or (`waits` False) something has to be waited for.

        Waiting lets the controllers work; when they have nothing to do, time goes on to the end of the wait."""
        for _ in range(MAX_TURNS):
            _, observed, decision = await self.look()
            match decision:
                case Run():
                    await self.run(observed, decision)
                case Done() | Stalled():
                    return decision
                case _ if not waits:
                    return decision
                case Wait(until=until):
                    self.world.now += timedelta(seconds=1)
                    if not self.world.progress():
                        self.world.now = max(self.world.now, until)
                case _:
                    self.world.progress()
                    self.world.now = max(decision.at, self.world.now)
        raise AssertionError(f"no end after {MAX_TURNS} decisions; the last: {decision}; steps: {self.steps[-20:]}")
