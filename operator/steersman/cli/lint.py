"""`steersman lint`: what `helm lint` finds in charts, in its words, and what our own checks find.

Flags and exit codes are Helm's; `--only-helm` leaves our checks out, and the output is then Helm's byte for byte. Next
stop: `core.lint.run`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from steersman.cli.chart_folders import inner_charts, read_chart_folder
from steersman.cli.chartflags import chart_flags, read_chart_flags
from steersman.cli.charts import LocatedChart
from steersman.cli.flags import HelmCommand, is_given, read_value_flags, render_flags, value_flags
from steersman.cli.impure import real_effects
from steersman.cli.installflags import global_flags
from steersman.cli.output import EXIT_ERROR, write, write_error, write_log
from steersman.cli.sources import is_object_file, is_remote
from steersman.cli.subjects import NameFlags, Subject, subject_of
from steersman.cli.values import ValueFlags
from steersman.core.chart.errors import ChartError
from steersman.core.lint.model import Finding, LintRequest, Severity
from steersman.core.lint.run import lint_chart
from steersman.core.render.capabilities import check_kube_version
from steersman.errors import SteersmanError


@dataclass(frozen=True, slots=True)
class _Report:
    """What came out for one chart: findings, or why it could not be looked at."""

    path: str
    findings: Sequence[Finding] = ()
    problem: str = ""

    def is_bad(self, worst_allowed: Severity) -> bool:
        """Whether something is worse than that."""
        return bool(self.problem) or any(finding.severity > worst_allowed for finding in self.findings)

    def text(self, *, quiet: bool) -> str:
        """The report's lines, with an empty one after them."""
        shown = [finding for finding in self.findings if not quiet or finding.severity > Severity.INFO]
        problem = [f"Error {self.problem}"] if self.problem else []
        return "".join(f"{line}\n" for line in (f"==> Linting {self.path}", *problem, *shown, ""))


@click.command(cls=HelmCommand)
@click.argument("charts", nargs=-1, metavar="CHART...")
@value_flags
@click.option("--strict", is_flag=True, help="Fail on warnings too.")
@click.option("--quiet", is_flag=True, help="Print only warnings and errors.")
@click.option("--with-subcharts", is_flag=True, help="Lint the charts in charts/ too.")
@click.option("--kube-version", default="", help="Kubernetes version for .Capabilities and for removed APIs.")
@chart_flags
@render_flags
@click.option("--only-helm", is_flag=True, help="Only the checks that helm lint has.")
@click.option("--debug", is_flag=True, hidden=True, expose_value=False)
@global_flags
@click.pass_context
def lint(ctx: click.Context, /, charts: tuple[str, ...], **options: Any) -> int:
    """Look for faults in charts, named as for `template`, or in those of HelmReleases in YAML files."""
    if not charts:
        usage = "Usage:  steersman lint CHART... [flags]"
        raise click.UsageError(f'"steersman lint" requires at least 1 argument\n\n{usage}')
    strict, quiet, with_subcharts = (options.pop(name) for name in ("strict", "quiet", "with_subcharts"))
    names = NameFlags(options["namespace"], is_given(ctx, "namespace"), "", False, options.pop("objects"))
    sources, values = read_chart_flags(options), read_value_flags(options)
    check_kube_version(options["kube_version"])
    paths = (*charts, *(inner for path in charts for inner in inner_charts(path))) if with_subcharts else charts
    request = LintRequest(values.merged(), **options)

    def find(path: str) -> Subject | None:
        """What is pulled, or is a HelmRelease; None for what lies here."""
        if is_object_file(path) or is_remote(path, sources):
            return subject_of((path,), names, sources)
        return None

    found = [_report(path, request, values, find) for path in paths]
    return _print(found, strict=strict, quiet=quiet)


def _report(path: str, request: LintRequest, values: ValueFlags, find: Callable[[str], Subject | None]) -> _Report:
    """Lint what an argument means: what is pulled, or is a HelmRelease with values of its own, is found first."""
    try:
        subject = find(path)
    except SteersmanError as error:  # the other charts are looked at all the same
        return _Report(path, problem=str(error))
    if subject is None:
        return _lint(path, LocatedChart(path), request)
    given = values.merged(subject.values) if subject.values else request.values
    return _lint(path, subject.chart, replace(request, values=given, namespace=subject.namespace))


def _lint(path: str, chart: LocatedChart, request: LintRequest) -> _Report:
    log: list[str] = []
    try:
        folder = read_chart_folder(chart, log.append)
        return _Report(path, lint_chart(folder, request, real_effects(), log.append))
    except ChartError as error:
        return _Report(path, problem=str(error))
    finally:
        write_log(log)


def _print(reports: Sequence[_Report], *, strict: bool, quiet: bool) -> int:
    told = [report for report in reports if not quiet or report.is_bad(Severity.INFO)]
    write("".join(report.text(quiet=quiet) for report in told))
    failed = sum(report.is_bad(Severity.INFO if strict else Severity.WARNING) for report in reports)
    summary = f"{len(reports)} chart(s) linted, {failed} chart(s) failed"
    if failed:
        write_error(summary)
        return EXIT_ERROR
    if told:
        write(f"{summary}\n")
    return 0
