"""Writes `docs/runbook.md` from the table of reasons in `core.api.reasons`: `python tools/runbook.py`.

`tests/core/api/test_reasons.py` fails where the page is not what this writes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steersman.core.api.conditions import Reason
    from steersman.core.api.reasons import ReasonInfo

ROOT = Path(__file__).resolve().parent.parent
RUNBOOK = ROOT / "docs" / "runbook.md"

INTRODUCTION = """\
<!-- Generated from operator/steersman/core/api/reasons.py by tools/runbook.py. Do not edit. -->
# Runbook: what each reason means and what to do

Every condition in the status of a HelmRelease or a ChartRepository has a reason. This page has one entry for each: what
it says, what Steersman does about it by itself, and what you can do. `kubectl get hrel` (`crepo`) shows the message of
`Ready` in its last column; `kubectl describe hrel NAME` shows all conditions and the events.

`Ready` sums up the others. `Reconciling` is there while an action is under way or another attempt is due, `Stalled`
while nothing will happen until somebody changes something. Neither is there when all is well.

What happens after a reason was set:

| word | what Steersman does |
|---|---|
| done | nothing: this is a good end |
| progress | goes on with the action |
| wait | waits for something else, which it sees by itself |
| retry | tries again, after growing pauses or `retryInterval`; `status.nextAttempt` says when |
| stall | nothing, until the spec, an object that it names or a request annotation changes; a range is resolved again |
"""


def render(reasons: dict[Reason, ReasonInfo]) -> str:
    """The page."""
    overview = [
        f"| [{reason}](#{reason.lower()}) | {', '.join(row.conditions)} | "
        f"{row.flow}{', or retry' if row.exception else ''} |"
        for reason, row in reasons.items()
    ]
    parts = [INTRODUCTION, "\n| reason | conditions | then |\n|---|---|---|\n", "\n".join(overview), "\n"]
    parts += [_entry(reason, row) for reason, row in reasons.items()]
    return "".join(parts)


def _entry(reason: Reason, row: ReasonInfo) -> str:
    on = ", ".join(f"`{condition}`" for condition in row.conditions)
    next_step = f"\n**What to do:** {row.next_step}\n" if row.next_step else ""
    but = f"; but {row.exception}" if row.exception else ""
    return f"\n## {reason}\n\nOn {on}. Then: {row.flow}{but}.\n\n{row.meaning}\n{next_step}"


def main() -> None:
    """Write the page."""
    sys.path.insert(0, str(ROOT / "operator"))
    from steersman.core.api.reasons import REASONS

    RUNBOOK.parent.mkdir(exist_ok=True)
    RUNBOOK.write_text(render(dict(REASONS)), encoding="utf-8")


if __name__ == "__main__":
    main()
