"""One run of `steersman dependency build` or `update`, or of `template --dependency-update`: from paths and flags to
plans, to what others have to be asked, to the folders.

With several charts, one that fails does not stop the others. Next stop: `dependency_build`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

from steersman.cli.chartflags import ChartFlags
from steersman.cli.dependency_build import Builder, Plan, Tell, plan_build, plan_update
from steersman.cli.helmrepos import HelmRepository, helm_repositories
from steersman.cli.output import EXIT_ERROR, write, write_error
from steersman.core.chart.dependency_places import NamedRepository, Place, clean_path, place_of
from steersman.core.chart.package import DEFAULT_TIME
from steersman.core.golang.numbers import NumberRangeError, NumberSyntaxError, parse_int
from steersman.core.golang.quote import quote
from steersman.errors import InvalidInput, SteersmanError

_Planner = Callable[[str, Callable[[], Sequence[NamedRepository]]], Plan | None]


def run_build(paths: Sequence[str], flags: ChartFlags, *, refresh: bool = True) -> int:
    """`dependency build` of chart folders; the exit code. Raises SteersmanError where there is only one."""
    return asyncio.run(_run("Building", plan_build, paths, _Reach(flags, refresh=refresh, unsigned_too=True)))


def run_update(paths: Sequence[str], flags: ChartFlags, *, refresh: bool = True) -> int:
    """`dependency update` of chart folders; the exit code. Raises SteersmanError where there is only one."""
    return asyncio.run(_run("Updating", plan_update, paths, _Reach(flags, refresh=refresh)))


def update_folder(path: str, flags: ChartFlags, tell: Tell) -> None:
    """`dependency update` of one chart folder, for another command. Raises SteersmanError."""
    asyncio.run(_update(path, _Reach(flags), tell))


class _Reach:
    """How others are reached: flags, what `dependency_remote.Asking` holds, and the repositories that were added."""

    def __init__(self, flags: ChartFlags, *, refresh: bool = True, unsigned_too: bool = False) -> None:
        self.flags = flags
        self.refresh = refresh
        self.unsigned_too = unsigned_too
        self._named: Sequence[HelmRepository] | None = None

    def named(self) -> Sequence[HelmRepository]:
        """What `helm repo add` wrote down. Raises ChartError."""
        if self._named is None:
            self._named = helm_repositories(self.flags)
        return self._named


async def _update(path: str, reach: _Reach, tell: Tell) -> None:
    plan = plan_update(clean_path(path), reach.named)
    if plan is not None:
        async with _builder([plan], reach, tell) as builder:
            await builder.carry_out(plan)


async def _run(doing: str, planner: _Planner, paths: Sequence[str], reach: _Reach) -> int:
    plans = [_planned(planner, clean_path(path), reach) for path in paths]
    alone = len(plans) == 1
    failed = 0
    async with _builder([plan for plan in plans if isinstance(plan, Plan)], reach, _print) as builder:
        for path, plan in zip(paths, plans, strict=True):
            if not alone:
                _print(f"==> {doing} {path}")
            try:
                await _carry_out(builder, plan)
            except SteersmanError as error:
                if alone:
                    raise
                error.message = f"{path}: {error.message}"
                write_error(error)
                failed += 1
    if failed:
        write_error(f"{failed} of {len(paths)} charts failed")
        return EXIT_ERROR
    return 0


@asynccontextmanager
async def _builder(plans: Sequence[Plan], reach: _Reach, tell: Tell) -> AsyncIterator[Builder]:
    """Somebody to carry these plans out; what others have is asked for from now on."""
    archive_time = _archive_time()
    wanted = [entry for plan in plans for entry in plan.remote()]
    async with AsyncExitStack() as stack:
        remote = None
        if wanted or reach.flags.asks_for_tls:  # Helm reads the files of TLS flags whatever the charts are
            # Its libraries take as long as all the rest.
            from steersman.cli.dependency_remote import Asking, remote_charts

            needs_names = any(place_of(entry.repository) is Place.REPOSITORY for entry in wanted)
            added = reach.named() if needs_names else ()
            asking = Asking(reach.refresh, reach.unsigned_too)
            remote = await stack.enter_async_context(remote_charts(reach.flags, asking, wanted, added))
        yield Builder(remote, _now(), archive_time, tell)


async def _carry_out(builder: Builder, plan: Plan | SteersmanError | None) -> None:
    if isinstance(plan, SteersmanError):
        raise plan
    if plan is not None:
        await builder.carry_out(plan)


def _print(line: str) -> None:
    write(f"{line}\n")


def _planned(planner: _Planner, path: str, reach: _Reach) -> Plan | SteersmanError | None:
    """The plan, or why there is none: the other charts are looked at all the same."""
    try:
        return planner(path, reach.named)
    except SteersmanError as error:
        return error


def _archive_time() -> int:
    """The time of what is packed: SOURCE_DATE_EPOCH, as for Helm, else one that never changes. Raises InvalidInput."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return DEFAULT_TIME
    try:
        seconds = parse_int(text, 10)
    except NumberSyntaxError as error:
        raise _invalid_epoch(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax") from error
    except NumberRangeError as error:
        raise _invalid_epoch(f"strconv.ParseInt: parsing {quote(text)}: value out of range") from error
    if seconds < 0:
        raise _invalid_epoch("must not be negative")
    return seconds


def _invalid_epoch(problem: str) -> InvalidInput:
    return InvalidInput(f"invalid SOURCE_DATE_EPOCH: {problem}")


def _now() -> str:
    """This moment, as Go writes it into JSON."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    local = datetime.fromtimestamp(seconds).astimezone().isoformat()
    whole, offset = local[:19], local[19:]
    fraction = f".{nanoseconds:09d}".rstrip("0").rstrip(".")
    return f"{whole}{fraction}{'Z' if offset == '+00:00' else offset}"
