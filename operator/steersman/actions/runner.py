"""Which class does which step, and the one place where errors of steps become problems."""

from __future__ import annotations

from collections.abc import Mapping

from steersman.actions.apply import Apply
from steersman.actions.base import Action, Edges, Request, problem_of
from steersman.actions.finish import Fail, Finish, Prune
from steersman.actions.hooks import HookEnd, HookStart
from steersman.actions.prepare import Abandon, Prepare, Resume
from steersman.actions.uninstall import AddFinalizer, Delete, Purge, ReleaseFinalizer, UninstallStart
from steersman.core.plan.attempt import Outcome
from steersman.core.plan.observed import StepKind
from steersman.errors import SteersmanError

ACTIONS: Mapping[StepKind, Action] = {
    StepKind.ADD_FINALIZER: AddFinalizer(),
    StepKind.PREPARE: Prepare(),
    StepKind.RESUME: Resume(),
    StepKind.ABANDON: Abandon(),
    StepKind.HOOK_START: HookStart(),
    StepKind.HOOK_END: HookEnd(),
    StepKind.APPLY: Apply(),
    StepKind.PRUNE: Prune(),
    StepKind.FINISH: Finish(),
    StepKind.FAIL: Fail(),
    StepKind.UNINSTALL_START: UninstallStart(),
    StepKind.DELETE: Delete(),
    StepKind.PURGE: Purge(),
    StepKind.RELEASE_FINALIZER: ReleaseFinalizer(),
}


async def run_step(request: Request, edges: Edges) -> Outcome:
    """Run one step. An error on purpose becomes the outcome's problem; a bug is let through."""
    try:
        return await ACTIONS[request.step.kind].run(request, edges)
    except SteersmanError as error:
        return Outcome(problem=problem_of(error))
