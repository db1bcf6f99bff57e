"""Who may hold a thread: so that a host that does not answer slows nobody but those who ask it.

A host that answered last time may hold several threads at the same moment, any other one a single one, and all hosts
that failed last time together a few. One thread of eight is for those that answered: names of hosts that never will are
the users' to invent. Hosts take turns. Pure: `asking` waits and runs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

_W = TypeVar("_W")

_REMEMBERED = 256


class Standing(Enum):
    """How a host did last time."""

    UNKNOWN = "unknown"
    ANSWERS = "answers"
    FAILED = "failed"


@dataclass(slots=True)
class _Host(Generic[_W]):
    standing: Standing = Standing.UNKNOWN
    running: int = 0
    turn: int = 0
    """When somebody started last."""
    waiting: deque[_W] = field(default_factory=deque)

    @property
    def is_idle(self) -> bool:
        return not self.running and not self.waiting


class Lanes(Generic[_W]):
    """The threads, as places that are given to those who wait."""

    def __init__(self, threads: int, *, per_host: int = 0, failed: int = 0) -> None:
        self._threads = threads
        self._per_host = per_host or max(1, threads // 2)
        self._most_failed = failed or max(1, threads // 4)
        self._most_unproven = threads - threads // 8
        self._running = 0
        self._turn = 0
        self._hosts: dict[str, _Host[_W]] = {}

    def enter(self, host: str, waiter: _W) -> list[_W]:
        """Somebody wants to ask this host. Gives those who may go now."""
        self._hosts.setdefault(host, _Host()).waiting.append(waiter)
        return list(self._starting())

    def leave(self, host: str, *, answered: bool | None) -> list[_W]:
        """Somebody had a place and is done; None: without having asked. Gives those who may go now."""
        known = self._hosts[host]
        known.running -= 1
        self._running -= 1
        if answered is not None:
            known.standing = Standing.ANSWERS if answered else Standing.FAILED
        self._forget()
        return list(self._starting())

    def give_up(self, host: str, waiter: _W) -> bool:
        """Somebody waits no longer. False where a place was given meanwhile, which must be left."""
        waiting = self._hosts[host].waiting
        if waiter not in waiting:
            return False
        waiting.remove(waiter)
        return True

    def _starting(self) -> Iterator[_W]:
        waiting = [host for host in self._hosts.values() if host.waiting]
        for host in sorted(waiting, key=lambda host: host.turn):
            while host.waiting and self._has_room(host):
                self._turn += 1
                host.turn = self._turn
                host.running += 1
                self._running += 1
                yield host.waiting.popleft()

    def _has_room(self, host: _Host[_W]) -> bool:
        if self._running >= self._threads:
            return False
        match host.standing:
            case Standing.ANSWERS:
                return host.running < self._per_host
            case Standing.UNKNOWN:
                return host.running < 1 and self._unproven_running() < self._most_unproven
            case Standing.FAILED:
                is_free = host.running < 1 and self._unproven_running() < self._most_unproven
                return is_free and self._running_of(Standing.FAILED) < self._most_failed

    def _unproven_running(self) -> int:
        return self._running_of(Standing.UNKNOWN) + self._running_of(Standing.FAILED)

    def _running_of(self, standing: Standing) -> int:
        return sum(host.running for host in self._hosts.values() if host.standing is standing)

    def _forget(self) -> None:
        """Names of hosts are the users' to invent: what was asked last is remembered."""
        if len(self._hosts) > 2 * _REMEMBERED:
            idle = sorted((host.turn, name) for name, host in self._hosts.items() if host.is_idle)
            for _, name in idle[:-_REMEMBERED]:
                del self._hosts[name]
