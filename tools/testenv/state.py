"""The record of an instance, `instance.json` in its folder: what runs, on which ports, for whom.

Written after every server that is started, so that whoever finds the record can end them all.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from testenv.ports import Ports
from testenv.processes import ProcessId


@dataclass(frozen=True)
class State:
    """One instance as last recorded."""

    name: str
    ports: Ports
    logs: str
    owner: ProcessId | None = None
    """The process whose end makes the instance rubbish; None for one that stays until `down`."""
    processes: dict[str, ProcessId] = field(default_factory=dict)
    ready: bool = False

    def with_process(self, name: str, process: ProcessId) -> "State":
        return replace(self, processes={**self.processes, name: process})

    def made_ready(self) -> "State":
        return replace(self, ready=True)

    def running(self) -> bool:
        """Whether it came up once and every server still runs."""
        return self.ready and all(process.alive() for process in self.processes.values())

    def orphaned(self) -> bool:
        return self.owner is not None and not self.owner.alive()


def load(path: Path) -> State | None:
    """The record; None where there is none."""
    try:
        raw = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return State(
        name=raw["name"],
        ports=Ports(**raw["ports"]),
        logs=raw["logs"],
        owner=_process(raw["owner"]),
        processes={name: ProcessId(**process) for name, process in raw["processes"].items()},
        ready=raw["ready"],
    )


def save(path: Path, state: State) -> None:
    """Replace the record, whole."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(state), indent=1))
    fresh.replace(path)


def _process(raw: dict[str, Any] | None) -> ProcessId | None:
    return ProcessId(**raw) if raw else None
