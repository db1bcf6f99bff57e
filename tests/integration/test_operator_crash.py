"""kill -9 at any instant loses nothing, doubles nothing and makes no needless revision: install, upgrade and uninstall
of a chart with hooks, each killed at twenty random moments.

Moments are drawn from an uninterrupted run. Three releases are worked on at once: one is killed so long after a step of
its own as the drawn moment was, the others are begun so that they have been under way for theirs by then. A kill counts
only where the API server shows, while no operator runs, that an action was left half done.

The operator comes back under its old identity, as the next container of a pod does, and so has its Lease at once; the
renderer is a process beside it, as in `deploy/`, and lives on.
"""

import base64
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from integration.operating import PATIENCE, Bench, Object, PushedChart, ReleaseHandle, is_condition, operating
from integration.sidecar import rendering
from testenv.audit import Audit, Requests
from testenv.instance import Instance

KILLS = 20
AT_ONCE = 3
ROUNDS = 12
SEED = 1912
OPERATOR = "steersman/"
"""The operator's user agent."""

HOOK = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
  annotations:
    helm.sh/hook: {events}
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: job, image: busybox}}]
"""
OBJECTS = """\
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}
---
{apiVersion: v1, kind: Secret, metadata: {name: web}, stringData: {text: {{ .Values.text | quote }}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {text: {{ .Values.text | quote }}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: {{ .Values.other }}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web, namespace: {{ .Release.Namespace }}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {text: {{ .Values.text | quote }}}}
    spec: {containers: [{name: web, image: nginx}]}
"""
FIRST = {"text": "one", "other": "legacy"}
SECOND = {"text": "two", "other": "modern"}
"""The upgrade changes the Secret, a ConfigMap and the Deployment, prunes `legacy` and creates `modern`."""

COLLECTIONS = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "ReleaseInventory": "/apis/steersman.dev/v1alpha1/namespaces/{}/releaseinventories",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "Service": "/api/v1/namespaces/{}/services",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
}
NOT_OURS = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
"""What every namespace holds."""
KEPT = {(kind, "web") for kind in COLLECTIONS if kind not in ("Job", "ReleaseInventory")}
OWNED = {1: KEPT | {("ConfigMap", "legacy")}, 2: KEPT | {("ConfigMap", "modern")}}
"""What each revision consists of."""
KINDS = {path.rpartition("/")[2]: kind for kind, path in COLLECTIONS.items()}

Uids = dict[tuple[str, str], str]
"""By kind and name."""


@dataclass(frozen=True)
class Action:
    """What is killed, and what it does exactly once, however often. Revision 0: none is left, nor any object."""

    name: str
    begin: Callable[[ReleaseHandle, PushedChart], object]
    revision: int
    created: frozenset[tuple[str, str]]
    deleted: frozenset[tuple[str, str]]


HOOKS = {("Job", "before"), ("Job", "after")}
FAREWELL = {("Job", "farewell")}
INSTALL = Action(
    "install",
    lambda release, chart: release.apply(chart.by_digest(), values=FIRST),
    1,
    frozenset(OWNED[1] | HOOKS),
    frozenset(HOOKS),
)
UPGRADE = Action(
    "upgrade",
    lambda release, chart: release.apply(chart.by_digest(), values=SECOND),
    2,
    frozenset({("ConfigMap", "modern")} | HOOKS),
    frozenset({("ConfigMap", "legacy")} | HOOKS),
)
UNINSTALL = Action("uninstall", lambda release, _: release.delete(), 0, frozenset(FAREWELL), frozenset(FAREWELL))


@dataclass
class Fleet:
    """The releases, by how far they are, and the operator that is killed."""

    bench: Bench
    chart: PushedChart
    audit: Audit
    chance: random.Random
    installed: list[ReleaseHandle] = field(default_factory=list)
    upgraded: list[ReleaseHandle] = field(default_factory=list)

    def pick(self, action: Action) -> ReleaseHandle:
        """A release that the action can be begun on."""
        if action is INSTALL:
            return self.bench.release(self.bench.namespace("crash"), "web")
        for ready in (self.upgraded, self.installed) if action is UNINSTALL else (self.installed,):
            if ready:
                return ready.pop()
        release = self.pick(INSTALL)
        INSTALL.begin(release, self.chart)
        release.wait_ready(1)
        return release

    def keep(self, release: ReleaseHandle, action: Action) -> None:
        """Hand a release on to the next action."""
        if action is not UNINSTALL:
            (self.installed if action is INSTALL else self.upgraded).append(release)

    def measure(self, action: Action) -> list[float]:
        """When an uninterrupted run was through with each of its steps, in seconds after its begin."""
        release, log, began = self.pick(action), StepLog(self.bench.operator.log), time.time()
        action.begin(release, self.chart)
        await_end(release, action)
        self.keep(release, action)
        return [moment - began for moment in log.ends(release)]

    def kill_amid(self, releases: list[ReleaseHandle], action: Action, steps: list[float]) -> None:
        """Begin the action on each, at such times that a drawn moment of each is when the operator is killed."""
        first, *others = releases
        done = self.chance.randrange(len(steps))
        pause = self.chance.uniform(0, steps[done] - (steps[done - 1] if done else 0))
        death = steps[done] + pause
        begins = [(death - self.chance.uniform(0, steps[-1]), release) for release in others]
        log, earliest = StepLog(self.bench.operator.log), time.monotonic()
        schedule = sorted([(0.0, first), *begins], key=lambda entry: entry[0])
        for begin, release in schedule:
            time.sleep(max(earliest + begin - schedule[0][0] - time.monotonic(), 0))
            action.begin(release, self.chart)
        log.wait(first, done)
        time.sleep(pause)
        self.bench.operator.kill()


class StepLog:
    """The operator's log from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._from = path.stat().st_size

    def ends(self, release: ReleaseHandle) -> list[float]:
        """When the operator was through with each step of this release."""
        with self._path.open() as log:
            log.seek(self._from)
            lines = [json.loads(line) for line in log if line.endswith("\n")]
        return [
            datetime.fromisoformat(line["timestamp"]).timestamp()
            for line in lines
            if line["message"] == "step done" and line["release"] == f"{release.namespace}/{release.name}"
        ]

    def wait(self, release: ReleaseHandle, count: int) -> None:
        """Until the operator is through with so many steps of this release; to the millisecond, nearly."""
        deadline = time.monotonic() + PATIENCE
        while len(self.ends(release)) < count:
            assert time.monotonic() < deadline, release.describe()
            time.sleep(0.001)


@pytest.fixture(scope="module")
def fleet(own_control_plane: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("crash")
    socket = folder / "renderer.sock"
    arguments = ("--identity", "steersman-0", "--renderer-socket", str(socket))
    with rendering(socket), operating(own_control_plane, folder, *arguments) as bench:
        files = {
            "templates/before.yaml": HOOK.format(name="before", events="pre-install,pre-upgrade"),
            "templates/farewell.yaml": HOOK.format(name="farewell", events="pre-delete"),
            "templates/after.yaml": HOOK.format(name="after", events="post-install,post-upgrade"),
            "templates/objects.yaml": OBJECTS,
        }
        chart = bench.chart("web", files, values=FIRST)
        audit = Audit(own_control_plane.audit_log, own_control_plane.api)
        yield Fleet(bench, chart, audit, random.Random(SEED))


@pytest.mark.slow
@pytest.mark.parametrize("action", [INSTALL, UPGRADE, UNINSTALL], ids=lambda action: action.name)
def test_an_action_killed_at_any_moment_ends_as_if_it_had_not_been(fleet: Fleet, action: Action) -> None:
    steps, met = fleet.measure(action), Counter[str]()
    survivors = []
    for _ in range(ROUNDS):
        victims = [fleet.pick(action) for _ in range(AT_ONCE)]
        before = {release.namespace: live_objects(release) for release in victims}
        mark = fleet.audit.mark()
        fleet.kill_amid(victims, action, steps)
        met.update(filter(None, (standing(release, action) for release in victims)))
        fleet.bench.operator.start()
        for release in victims:
            await_end(release, action)
        asked = fleet.audit.since(mark).by(OPERATOR)
        for release in victims:
            assert_exact(release, action, before[release.namespace])
            assert_done_once(asked.within(release.namespace), action, before[release.namespace])
            survivors.append(release)
        if met.total() >= KILLS:
            break
    assert met.total() >= KILLS, f"too few kills met an action under way: {met}"
    assert len(met) >= 3, f"the kills were not spread over the action: {met}"
    for release in survivors:
        assert_records(release, action)
        fleet.keep(release, action)


# --- looking --------------------------------------------------------------------------------------------------------


def await_end(release: ReleaseHandle, action: Action) -> None:
    if action.revision:
        release.wait_ready(action.revision)
    else:
        release.wait_gone()


def live_objects(release: ReleaseHandle) -> Uids:
    """Everything in the release's namespace but its records, by kind and name."""
    found: Uids = {}
    for kind, path in COLLECTIONS.items():
        listed = release.bench.read(path.format(release.namespace))
        assert listed is not None
        for item in listed["items"]:
            key = (kind, item["metadata"]["name"])
            if key not in NOT_OURS and item.get("type") != "helm.sh/release.v1":
                found[key] = item["metadata"]["uid"]
    return found


def records(release: ReleaseHandle) -> dict[int, Object]:
    """The release records by revision, as Helm reads them."""
    path = COLLECTIONS["Secret"].format(release.namespace)
    found = {}
    for secret in (release.bench.read(path) or {})["items"]:
        if secret["type"] == "helm.sh/release.v1":
            record = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
            found[record["version"]] = record
    return found


def standing(release: ReleaseHandle, action: Action) -> str:
    """Where a dead operator left the action; "" where it had not begun or was through."""
    obj, stored = release.object(), records(release)
    if obj is None:
        return ""
    if action is UNINSTALL:
        return _uninstall_standing(obj, stored)
    record = stored.get(action.revision)
    if record is not None:
        return "" if is_condition(obj, "Ready", "True") else _record_standing(record)
    begun = obj["metadata"].get("finalizers") if action is INSTALL else is_condition(obj, "Reconciling", "True")
    return "no record yet" if begun else ""


def _uninstall_standing(obj: Object, stored: dict[int, Object]) -> str:
    if not stored:
        return "records gone"
    record = stored[max(stored)]
    return _record_standing(record) if record["info"]["status"] == "uninstalling" else ""


def _record_standing(record: Object) -> str:
    ran = {hook["name"]: hook.get("last_run", {}).get("phase") or "not yet" for hook in record["hooks"]}
    return ", ".join([record["info"]["status"], *(f"{name} {phase}" for name, phase in sorted(ran.items()))])


# --- judging --------------------------------------------------------------------------------------------------------


def assert_exact(release: ReleaseHandle, action: Action, before: Uids) -> None:
    """Exactly the objects of the revision are there, the old ones among them never replaced, and listed by uid."""
    live = live_objects(release)
    if not action.revision:
        assert live == {}
        return
    inventory = live.pop(("ReleaseInventory", release.name))
    assert set(live) == OWNED[action.revision]
    assert {key: uid for key, uid in live.items() if key in before} == {
        key: uid for key, uid in before.items() if key in live
    }
    page = release.bench.read(f"{COLLECTIONS['ReleaseInventory'].format(release.namespace)}/{release.name}")
    assert page is not None
    assert page["metadata"]["uid"] == inventory == before.get(("ReleaseInventory", release.name), inventory)
    assert {(entry["k"], entry["n"]): entry["uid"] for entry in page["spec"]["entries"]} == live
    assert page["spec"]["head"]["revision"] == action.revision
    assert_records(release, action)


def assert_records(release: ReleaseHandle, action: Action) -> None:
    """One record a revision, the last deployed with all its hooks run, and a status that says the same."""
    stored = records(release)
    if not action.revision:
        assert stored == {}
        return
    expected = dict.fromkeys(range(1, action.revision), "superseded") | {action.revision: "deployed"}
    assert {revision: record["info"]["status"] for revision, record in stored.items()} == expected
    ran = {hook["name"]: hook.get("last_run", {}).get("phase", "") for hook in stored[action.revision]["hooks"]}
    assert ran == {"before": "Succeeded", "after": "Succeeded", "farewell": ""}
    status = release.status()
    assert status["release"]["revision"] == action.revision
    assert sorted(entry["revision"] for entry in status["history"]) == sorted(expected)
    assert status.get("failures", 0) == 0


def assert_done_once(asked: Requests, action: Action, before: Uids) -> None:
    """Every object and every hook was created once and deleted once, by however many operators."""
    deleted = action.deleted if action.revision else action.deleted | before.keys()
    for verb, success, expected in (("patch", 201, action.created), ("delete", 200, deleted)):
        done = Counter(_keys(asked, verb, {success}))
        # Of a request that the kill cut off the audit log tells no success, though it may have had one.
        cut_off = set(_keys(asked, verb, range(500, 600)))
        assert not done - Counter(expected), f"more than one {verb}"
        assert set(expected - done.keys()) <= cut_off, f"no {verb}"


def _keys(asked: Requests, verb: str, codes: Container[int]) -> list[tuple[str, str]]:
    """The objects, but the records, of such requests. Dry runs do nothing."""
    real = [each for each in asked if each.verb == verb and each.code in codes and "dryRun" not in each.uri]
    named = [(KINDS[each.resource], each.name) for each in real if each.resource in KINDS]
    return [key for key in named if not key[1].startswith("sh.helm.release.")]
