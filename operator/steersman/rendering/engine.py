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
        # Go takes the local zone from TZ; without it, containers are in UTC.
        self._time_zone = load_location(os.environ.get("TZ", "UTC"))

    def load(self, archive: bytes, compiled: bytes | None) -> LoadedChart:
        """Unpack and parse the archive. Raises ChartError."""
        return LoadedChart(load_archive(archive), self._known(compiled))

    def render(self, chart: LoadedChart, request: RenderRequest, lookup: LookupCall) -> Rendered:
        """Render with this machine's clock and randomness; host names are never resolved, as in Helm's default."""
        effects = Effects(clock=time.time_ns, entropy=os.urandom, lookup=lookup, time_zone=self._time_zone)
        return render(chart.chart, request, chart.compiled, effects)

    def compiled(self, chart: LoadedChart) -> bytes | None:
        """The compiled templates, if there are more of them than were handed out before."""
        return chart.compiled.to_bytes() if chart.compiled.grown else None

    def _known(self, compiled: bytes | None) -> CompiledChart:
        if compiled is not None:
            try:
                return CompiledChart.from_bytes(self._environment, compiled)
            except StaleCompiledTemplate:
                pass
        return CompiledChart(self._environment)
