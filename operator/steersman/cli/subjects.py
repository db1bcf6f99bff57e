"""What a command that renders is asked to render: a release's name and namespace, its chart, and for a HelmRelease in a
file the values that come with it.

Called by `template` and `lint`. Where the chart argument is a file of objects, `releasefile` reads it; else it is a
chart, which `sources` finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from steersman.cli.chartflags import ChartFlags
from steersman.cli.charts import NO_RELEASE, LocatedChart
from steersman.cli.impure import real_effects
from steersman.cli.sources import STDIN, is_object_file, locate, registries
from steersman.core.chart.errors import ChartError
from steersman.core.chart.model import Chart
from steersman.core.render.errors import RenderError
from steersman.core.template.environment import Environment, TemplateSet
from steersman.core.template.errors import TemplateError
from steersman.core.template.report import MARK_END, MARK_START

if TYPE_CHECKING:
    from steersman.cli.releasefile import ReleaseFile
    from steersman.core.api.helmrelease import HelmRelease

_DEFAULT_NAME = "release-name"
_NAME_TEMPLATE = "name-template"


class NameFlags(NamedTuple):
    """The flags that name things. `namespace_given`: on this command line, not by a default or the environment."""

    namespace: str
    namespace_given: bool
    name_template: str
    generate_name: bool
    objects: tuple[str, ...]


class Subject(NamedTuple):
    """A release to render. `values` are a HelmRelease's, which is `release`; for a chart there are none."""

    name: str
    namespace: str
    chart: LocatedChart
    values: Mapping[str, Any] = MappingProxyType({})
    release: HelmRelease | None = None

    def check(self, chart: Chart) -> None:
        """Refuse another chart than the HelmRelease asks for, as the operator does. Raises RenderError."""
        if self.release is None:
            return
        from steersman.core.plan.pinned import other_version

        if other := other_version(self.release.spec.chart, chart.metadata.version):
            raise RenderError(other)


def subject_of(arguments: tuple[str, ...], names: NameFlags, charts: ChartFlags) -> Subject:
    """What these arguments mean; a chart in a registry is pulled. Raises click.UsageError, ChartError, SourceError, and
    for HelmRelease files ValuesError and ReleaseFileError."""
    _check_arguments(arguments, names)
    name, reference = ("", arguments[0]) if len(arguments) == 1 else arguments
    if is_object_file(reference):
        from steersman.cli.releasefile import read_release_file  # the API's types, which charts do without

        file = read_release_file(reference, names.objects, names.namespace)
        if file is not None:
            return _subject_of_release(file, file.choose(name), names, charts)
        if reference == STDIN:
            raise ChartError("standard input holds no HelmRelease", hint=NO_RELEASE)
    if len(arguments) == 1:
        name = _name_from(names.name_template) if names.name_template else _DEFAULT_NAME
    return Subject(name, names.namespace, locate(reference, charts))


def _check_arguments(arguments: tuple[str, ...], names: NameFlags) -> None:
    if not arguments:
        usage = "Usage:  steersman template [NAME] [CHART] [flags]"
        raise click.UsageError(f'"steersman template" requires at least 1 argument\n\n{usage}')
    if len(arguments) > 2:
        raise click.UsageError(f"expected at most two arguments, unexpected arguments: {', '.join(arguments[2:])}")
    if len(arguments) == 2 and names.generate_name:
        raise click.UsageError("cannot set --generate-name and also specify a name")
    if len(arguments) == 2 and names.name_template:
        raise click.UsageError("cannot set --name-template and also specify a name")


def _name_from(text: str) -> str:
    try:
        templates = TemplateSet.parse(Environment(), {_NAME_TEMPLATE: text})
        return templates.execute(_NAME_TEMPLATE, None, templates.runtime(real_effects()))
    except TemplateError as error:
        # Go's own words: Helm rewrites those of charts alone.
        raise RenderError(str(error.__cause__ or error).replace(MARK_START, "").replace(MARK_END, "")) from error


def _subject_of_release(file: ReleaseFile, release: HelmRelease, names: NameFlags, charts: ChartFlags) -> Subject:
    _check_flags(release, names, charts)
    values = file.values(release)
    from steersman.cli.release_charts import ReleaseCharts

    chart = ReleaseCharts(file, registries(charts)).pull(release)
    return Subject(release.release_name, release.target_namespace, chart, values, release)


def _check_flags(release: HelmRelease, names: NameFlags, charts: ChartFlags) -> None:
    """Refuse flags that say what the HelmRelease says itself."""
    says_itself = {
        "--name-template": (names.name_template, "spec.releaseName"),
        "--version": (charts.version, "spec.chart"),
        "--devel": (charts.devel, "spec.chart.version"),
        "--repo": (charts.repo, "spec.chart"),
        "--verify": (charts.verify, "spec.chart.verify"),
    }
    for flag, (given, path) in says_itself.items():
        if given:
            raise click.UsageError(f"{flag} has no meaning for HelmRelease {release.name}, whose {path} says that")
    if names.namespace_given and names.namespace != release.namespace:
        raise click.UsageError(
            f"HelmRelease {release.name} is in namespace {release.namespace}, not in {names.namespace}: leave "
            "--namespace out, which is for objects that name none"
        )
