"""The first step of an install or upgrade: everything that can fail before anything is written does so here.

Chart, crds/, render, plan, ownership, dry run of what changed, namespace; then the pending record, which is the intent
that recovery works from. `Resume` takes a pending or failed record up again in its own revision, from its stored
manifest; `Abandon` closes a pending one whose input is no longer wanted.
"""

from __future__ import annotations

from dataclasses import replace

from steersman.actions.base import Edges, Request, side_by_side
from steersman.actions.crds import apply_crds
from steersman.actions.finish import set_back_inventory
from steersman.actions.manifests import (
    READS_AT_ONCE,
    check_ownership,
    plan_of,
    scoped,
    stored_manifests,
    stored_objects,
)
from steersman.core.api.conditions import Reason
from steersman.core.api.helmrelease import HelmRelease
from steersman.core.api.names import LABEL_INPUT
from steersman.core.manifest.identity import KubernetesObject, ObjectId, ObjectRef, split_api_version
from steersman.core.plan.apply import ApplyPlan, Planned, changed_objects
from steersman.core.plan.attempt import Event, Outcome
from steersman.core.plan.inventory import owned
from steersman.core.plan.observed import ActionPlan, Desired, Observed
from steersman.core.plan.pinned import OTHER_ENTRY_HINT, OTHER_VERSION_HINT, other_entry, other_version
from steersman.core.release.history import newest_deployed, next_revision
from steersman.core.release.model import (
    HookPhase,
    HookRun,
    Release,
    ReleaseChart,
    ReleaseHook,
    ReleaseStatus,
    record_labels,
)
from steersman.core.render.model import ReleaseInfo, Rendered, RenderRequest
from steersman.errors import AbsentError, InvalidInput, NotJudged, SourceError
from steersman.ports import Lookup

INSTALL_UNDERWAY = "Initial install underway"
UPGRADE_UNDERWAY = "Preparing upgrade"


class WrongVersion(SourceError):
    """The digest and the version of a spec mean different charts."""

    reason = "DigestMismatch"


class OtherEntry(SourceError):
    """The index of a repository and the chart that it lists contradict each other."""

    reason = "ChartInvalid"


class Prepare:
    """Render the new revision, check it, and write its pending record."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        desired = observed.desired
        assert isinstance(desired, Desired)
        try:
            rendered = await _render(desired, observed, edges)
        except InvalidInput as error:
            if error.reason == Reason.CHART_INVALID:
                error.message = f"{desired.chart_url}: {error.message}"
            raise
        plan = await plan_of(rendered.manifests, observed, edges)
        hooks = [await scoped(hook, observed, edges) for hook in rendered.hooks]
        known = known_uids(observed)
        await check_ownership(plan.objects, known, observed, edges)
        warnings = await _dry_run(plan, observed, edges)
        if observed.release.spec.install.create_namespace and not observed.ever_deployed():
            await _create_namespace(observed.release.target_namespace, edges)
        record = await edges.records.create(_pending(rendered, desired, observed, edges))
        return Outcome(
            plan=ActionPlan(record.revision, plan, tuple(hooks)),
            warnings=(*rendered.warnings, *warnings),
            bundled=rendered.chart.bundled,
            events=_undone(observed),
        )


class Resume:
    """Load the plan of the newest record again; a failed one becomes pending again, in the same revision."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        observed = request.observed
        record = observed.newest
        assert record is not None
        plan = await plan_of(await stored_manifests(record), observed, edges)
        hooks = [await scoped(hook, observed, edges) for hook in record.hooks]
        await check_ownership(plan.objects, known_uids(observed), observed, edges)
        if not record.status.is_pending:
            await edges.records.update(_reopened(record, observed, edges))
        return Outcome(plan=ActionPlan(record.revision, plan, tuple(hooks)))


class Abandon:
    """Close a pending record whose input is no longer wanted; what it applied is known from its manifest."""

    async def run(self, request: Request, edges: Edges) -> Outcome:
        record = request.observed.newest
        assert record is not None
        await set_back_inventory(request.observed, edges)
        await edges.records.update(
            record.with_status(ReleaseStatus.FAILED, "Superseded by a change of the spec before it completed")
        )
        return Outcome()


def _undone(observed: Observed) -> tuple[Event, ...]:
    """The Event of a revision that somebody else made and that this one takes back."""
    newest = observed.newest
    if newest is None or observed.is_ours(newest):
        return ()
    text = (
        f"revision {newest.revision} was made by somebody else ({newest.chart.label}, {newest.status}): going back to "
        "the spec; change the spec instead, or set spec.suspend while working by hand"
    )
    return (("Warning", "ForeignRevision", text),)


def known_uids(observed: Observed) -> dict[ObjectId, str]:
    """The uids that the inventory holds."""
    return {ref.id: entry.uid for ref, entry in owned(observed.inventory)}


async def _render(desired: Desired, observed: Observed, edges: Edges) -> Rendered:
    """The chart rendered; once more where its crds/ taught the API server new kinds."""
    release = observed.release
    assert edges.charts is not None
    chart = await edges.charts.fetch(desired.chart_url, desired.chart_digest)
    upgrade = observed.ever_deployed()
    policy = release.spec.upgrade.crds if upgrade else release.spec.install.crds
    info = ReleaseInfo(
        name=release.release_name,
        namespace=release.target_namespace,
        revision=next_revision(observed.records),
        is_install=not upgrade,
        is_upgrade=upgrade,
    )
    render = RenderRequest(
        chart_digest=desired.chart_digest,
        values=dict(desired.values),
        release=info,
        capabilities=await edges.cluster.capabilities(),
        include_crds=True,
    )
    lookup = _lookup(edges)
    rendered = await edges.renderer.render(render, chart, lookup)
    _check_version(release, desired, rendered.chart.version)
    if policy == "Skip" or not rendered.crds:
        return rendered
    if not await apply_crds(rendered.crds, replace_existing=policy == "CreateReplace", edges=edges):
        return rendered
    again = render._replace(capabilities=await edges.cluster.capabilities())
    return await edges.renderer.render(again, chart, lookup)


def _check_version(release: HelmRelease, desired: Desired, version: str) -> None:
    """A chart pinned by digest whose version is asked for too must be of that version, and one that an index lists of
    the version that it lists: what was chosen by its version would be another one."""
    other = other_version(release.spec.chart, version)
    if other:
        raise WrongVersion(other, hint=OTHER_VERSION_HINT)
    other = other_entry(desired.chart_url, desired.chart_version, version)
    if other:
        raise OtherEntry(f"{desired.chart_url.partition('?')[0]}: {other}", hint=OTHER_ENTRY_HINT)


def _lookup(edges: Edges) -> Lookup:
    """The template function `lookup`, answered by the API server: an object, a list where no name is given, or {}."""

    async def answer(api_version: str, kind: str, namespace: str, name: str) -> KubernetesObject:
        group, version = split_api_version(api_version)
        ref = ObjectRef(ObjectId(group, kind, namespace, name), version)
        if not name:
            return await edges.cluster.list(ref)
        return await edges.cluster.get(ref) or {}

    return answer


async def _dry_run(plan: ApplyPlan, observed: Observed, edges: Edges) -> tuple[str, ...]:
    """On an upgrade, have the API server judge everything that changed before the first write.

    Where a webhook keeps it from judging, the upgrade goes on unjudged: it may be what brings that webhook back."""
    deployed = newest_deployed(observed.records)
    if deployed is None:
        return ()
    (before,) = await stored_objects([deployed], observed, edges)
    force = observed.release.spec.apply.conflicts == "Force"
    made = {planned.ref.id.name for planned in plan.objects if planned.ref.id.kind == "Namespace"}

    async def judge(planned: Planned) -> tuple[str, ...]:
        try:
            return (await edges.cluster.apply(planned.object, force=force, dry_run=True)).warnings
        except AbsentError:
            if planned.ref.id.namespace not in made:
                raise
            return ()  # its namespace comes with this upgrade: the object would be created
        except NotJudged as error:
            return (f"{planned.ref} could not be checked before the upgrade: {error.message}",)

    changed = changed_objects(plan, {identity: obj for identity, (_, obj) in before.items()})
    answers = await side_by_side(judge, changed, at_once=READS_AT_ONCE)
    return tuple(warning for answer in answers for warning in answer)


async def _create_namespace(name: str, edges: Edges) -> None:
    """As Helm: only the label `name`, never forced, not part of the release."""
    namespace: KubernetesObject = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"name": name}},
    }
    await edges.cluster.apply(namespace, force=False)


def _pending(rendered: Rendered, desired: Desired, observed: Observed, edges: Edges) -> Release:
    upgrade = observed.ever_deployed()
    now = edges.clock.now()
    revision = next_revision(observed.records)
    first = observed.records[0].first_deployed if observed.records else None
    return Release(
        name=observed.release.release_name,
        namespace=observed.release.target_namespace,
        revision=revision,
        status=ReleaseStatus.PENDING_UPGRADE if upgrade else ReleaseStatus.PENDING_INSTALL,
        chart=ReleaseChart(rendered.chart.metadata, rendered.chart.values),
        config=desired.values,
        manifest=rendered.manifest,
        hooks=tuple(map(ReleaseHook.of, rendered.hooks)),
        notes=rendered.notes,
        description=UPGRADE_UNDERWAY if upgrade else INSTALL_UNDERWAY,
        first_deployed=first or now,
        last_deployed=now,
        labels={**record_labels(observed.release.uid, revision), LABEL_INPUT: desired.input_digest},
        stored_in=observed.release.storage_namespace,
    )


def _reopened(record: Release, observed: Observed, edges: Edges) -> Release:
    upgrade = observed.ever_deployed()
    status = ReleaseStatus.PENDING_UPGRADE if upgrade else ReleaseStatus.PENDING_INSTALL
    again = tuple(
        replace(hook, last_run=HookRun()) if hook.last_run.phase is not HookPhase.SUCCEEDED else hook
        for hook in record.hooks
    )
    pending = record.with_status(status, UPGRADE_UNDERWAY if upgrade else INSTALL_UNDERWAY)
    return replace(pending, hooks=again, last_deployed=edges.clock.now())
