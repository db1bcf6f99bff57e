"""The chart engine as `session` drives it: what `core.render` needs of the world, and what is kept between renders.

Loaded only in worker processes (and by the CLI where it renders in its own).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from steersman.core.chart.loader import load_archive
from steersman.core.chart.model import Chart
from steersman.core.golang.gotime import load_location
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.engine import render
from steersman.core.render.model import Rendered, RenderRequest
from steersman.core.template.compiled import StaleCompiledTemplate
from steersman.core.template.environment import Environment
from steersman.core.template.runtime import Effects
from steersman.rendering.session import LookupCall


@dataclass(frozen=True, slots=True)
class LoadedChart:
    """A chart, and as much of it as is compiled by now."""

    chart: Chart
    compiled: CompiledChart


class CoreEngine:
    """`session.Engine` on top of `core.render`. One per process: its environment keeps compiled `tpl` texts."""

    def __init__(self) -> None:
        self._environment = Environment()
        self._environment.preload()  # before the forks, so that workers share what it imports
        # Go takes the local zone from TZ; without it, containers are in UTC.
        self._time_zone = load_location(os.environ.get("TZ", "UTC"))

    def load(self, archive: bytes, compiled: bytes | None) -> LoadedChart:
        """The chart as it was compiled, else unpacked and parsed from the archive. Raises ChartError."""
        known = self._known(compiled)
        if known is not None and known.chart is not None:
            return LoadedChart(known.chart, known)
        chart = load_archive(archive)
        return LoadedChart(chart, CompiledChart(self._environment, chart=chart))

    def render(self, chart: LoadedChart, request: RenderRequest, lookup: LookupCall) -> Rendered:
        """Render with this machine's clock and randomness; host names are never resolved, as in Helm's default."""
        effects = Effects(clock=time.time_ns, entropy=os.urandom, lookup=lookup, time_zone=self._time_zone)
        return render(chart.chart, request, chart.compiled, effects)

    def compiled(self, chart: LoadedChart) -> bytes | None:
        """The chart and its compiled templates, if there are more of them than were handed out before."""
        return chart.compiled.to_bytes() if chart.compiled.grown else None

    def _known(self, compiled: bytes | None) -> CompiledChart | None:
        if compiled is None:
            return None
        try:
            return CompiledChart.from_bytes(self._environment, compiled)
        except StaleCompiledTemplate:  # by an earlier version: it is compiled anew
            return None
