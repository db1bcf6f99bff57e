"""Errors as data: which classes cross, and what a worker that lies can make of it."""

from __future__ import annotations

import pytest

from steersman.core.chart.errors import PatternError
from steersman.core.chart.gunzip import NotGzip
from steersman.core.chart.refusals import ArchiveFault, ArchiveRefused
from steersman.core.manifest.errors import ManifestError
from steersman.core.render.errors import IncompatibleCluster, KubeVersionError, RenderError
from steersman.core.template.errors import Place, TemplateError
from steersman.core.values.errors import ValuesError
from steersman.errors import ClusterError, SteersmanError
from steersman.rendering.errors import RenderCrashed, RenderLimitExceeded
from steersman.rendering.errortable import from_wire, to_wire
from steersman.rendering.limits import RenderLimits
from steersman.rendering.protocol import WireError


class AnotherRenderError(RenderError):
    """A class the table does not hold."""


def hinted(error: SteersmanError) -> SteersmanError:
    error.hint = "do this"
    return error


@pytest.mark.parametrize(
    "error",
    [
        TemplateError("broken", Place("web/templates/a.yaml", 3, 7, "excerpt")),
        TemplateError("broken"),
        ManifestError("no kind", path="web/templates/a.yaml"),
        hinted(ValuesError("no map")),
        IncompatibleCluster("too old"),
        RenderError("a library"),
        KubeVersionError("no version"),
        NotGzip("no archive"),
        ArchiveRefused(ArchiveFault.LINK, "a link", entry="web/x"),
        PatternError("no pattern"),
        RenderLimits().memory(),
        RenderCrashed("gone"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_back_as_they_were(error: SteersmanError) -> None:
    back = from_wire(to_wire(error))
    assert type(back) is type(error)
    assert vars(back) == vars(error)
    assert str(back) == str(error)


def test_a_subclass_comes_back_as_its_nearest_ancestor() -> None:
    assert type(from_wire(to_wire(AnotherRenderError("x")))) is RenderError


@pytest.mark.parametrize("error", [KeyError("hunter2"), ClusterError("hunter2"), MemoryError()])
def test_what_no_render_raises_is_a_bug_and_is_not_quoted(error: Exception) -> None:
    back = from_wire(to_wire(error))
    assert type(back) is RenderCrashed
    assert "hunter2" not in str(back)


@pytest.mark.parametrize(
    "wire",
    [
        WireError("SystemExit", "x"),
        WireError("steersman.kube.errors.Conflict", "x"),
        WireError("TemplateError", "x", fields={"template": ["a"], "line": "3", "column": None, "excerpt": {}}),
        WireError("RenderLimitExceeded", "x", fields={"limit": {"a": 1}}),
        WireError("YAMLError", "x", fields={"line": "x"}),
        WireError("ArchiveRefused", "x", fields={"fault": ["a"], "entry": {}}),
    ],
)
def test_lies_make_an_error_of_the_table_all_the_same(wire: WireError) -> None:
    assert isinstance(from_wire(wire), SteersmanError)


def test_limits_name_themselves() -> None:
    back = from_wire(to_wire(RenderLimits(wall_seconds=1.5).wall_time()))
    assert isinstance(back, RenderLimitExceeded)
    assert (back.limit, back.allowed) == ("wall time", "1.5 s")


def test_of_a_long_text_both_ends_come_back() -> None:
    back = from_wire(to_wire(TemplateError("where" + "x" * 200_000 + "why")))
    assert back.message.startswith("where")
    assert back.message.endswith("why")
    assert len(back.message) < 70_000
