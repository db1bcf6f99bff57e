"""`steersman template`: render a chart and print what `helm template` prints, byte for byte.

Flags are Helm's. The chart is a folder, an archive or in a registry (`sources`), or a HelmRelease in a file names it
(`subjects`). What would need a cluster, a plugin or an HTTP repository is refused. Next stops: `core.render.engine`
renders, `manifests` prints.
"""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

import click

from steersman.cli.cache import CompiledCharts
from steersman.cli.chartflags import ChartFlags, chart_flags, read_chart_flags
from steersman.cli.charts import OpenedChart, open_chart
from steersman.cli.flags import (
    FALSE,
    TRUE,
    HelmCommand,
    deprecated_flag,
    is_given,
    read_value_flags,
    render_flags,
    split_commas,
    value_flags,
)
from steersman.cli.impure import real_effects
from steersman.cli.installflags import EXCLUSIVE, check_labels, install_flags
from steersman.cli.manifests import Output
from steersman.cli.output import EXIT_ERROR, write_error, write_log
from steersman.cli.sources import STDIN
from steersman.cli.subjects import NameFlags, Subject, subject_of
from steersman.cli.values import ValueFlags
from steersman.core.chart.errors import ChartError
from steersman.core.chart.model import crd_files
from steersman.core.golang.quote import quote
from steersman.core.golang.types import from_bytes
from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.log import log_line
from steersman.core.render.capabilities import check_kube_version, default_capabilities
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.engine import Prepared, RenderOptions, assemble, check_chart, prepare, render_files
from steersman.core.render.errors import IncompatibleCluster, MissingDependencies, RenderError
from steersman.core.render.model import Capabilities, ReleaseInfo, RenderRequest
from steersman.core.template.environment import Environment
from steersman.core.template.errors import TemplateError
from steersman.errors import SteersmanError

_RELEASE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MAX_RELEASE_NAME = 53
_BROKEN_OUTPUT = (TemplateError, ManifestError, IncompatibleCluster)
"""Errors after which Helm has something to show under --debug, and says so."""
_UNSET = "unset"


class TemplateFlags(NamedTuple):
    """What is asked of one run, besides name, chart and values."""

    kube_version: str
    api_versions: tuple[str, ...]
    show_only: tuple[str, ...]
    output_dir: str
    include_crds: bool
    is_upgrade: bool
    no_hooks: bool
    skip_tests: bool
    skip_schema: bool
    release_name: bool
    enable_dns: bool
    allow_jinja: bool
    debug: bool
    dry_run: str
    validate: bool
    dependency_update: bool
    post_renderer: tuple[str, ...]
    labels: tuple[str, ...]


@click.command(
    cls=HelmCommand,
    optional_values={"--dry-run": _UNSET, "--wait": "watcher"},
    exclusive=EXCLUSIVE,
    no_args_is_help=False,
)
@click.argument("arguments", nargs=-1, metavar="[NAME] CHART")
@value_flags
@chart_flags
@render_flags
@click.option("--name-template", default="", help="A template that gives the name.")
@click.option("-s", "--show-only", multiple=True, help="Only manifests of these templates (pattern, may be repeated).")
@click.option("--output-dir", default="", help="Write files into this folder instead of standard output.")
@click.option("--release-name", is_flag=True, help="Add the release's name to the path in --output-dir.")
@click.option("--include-crds", is_flag=True, help="Print the files of crds/ too.")
@click.option("--skip-tests", is_flag=True, help="Leave out test hooks.")
@click.option("--no-hooks", is_flag=True, help="Leave out all hooks.")
@click.option("--is-upgrade", is_flag=True, help="Set .Release.IsUpgrade instead of .Release.IsInstall.")
@click.option("--kube-version", default="", help="Kubernetes version for .Capabilities.KubeVersion.")
@click.option("-a", "--api-versions", multiple=True, help="More API versions for .Capabilities.APIVersions.")
@click.option("--enable-dns", is_flag=True, help="Let templates look host names up.")
@click.option(
    "--debug",
    is_flag=True,
    default=lambda: os.environ.get("HELM_DEBUG") in TRUE,
    show_default=False,
    help="Print the text even where it is not valid YAML.",
)
@click.option("--dry-run", default="client", hidden=True)
@click.option("-g", "--generate-name", is_flag=True, hidden=True)
@click.option(
    "--dependency-update", is_flag=True, help="Fetch what is missing in charts/ of a chart in a folder first."
)
@click.option("--post-renderer", multiple=True, hidden=True)
@deprecated_flag("--validate", "use '--dry-run=server' instead", exposed=True)
@install_flags
@click.pass_context
def template(ctx: click.Context, /, arguments: tuple[str, ...], **options: Any) -> int:
    """Render a chart, or that of a HelmRelease in a YAML file, and print the result.

    CHART is a folder, an archive, https://host/chart.tgz, oci://host/path/chart, the chart's name beside --repo URL,
    or REPOSITORY/NAME in one that `helm repo add` named; or a file with a HelmRelease, - for standard input.
    """
    values, charts = read_value_flags(options), read_chart_flags(options)
    names = NameFlags(
        namespace_given=is_given(ctx, "namespace"),
        **{name: options.pop(name) for name in ("namespace", "name_template", "generate_name", "objects")},
    )
    options["api_versions"] = split_commas(options["api_versions"])
    flags = TemplateFlags(**options)
    if STDIN in arguments and STDIN in values.files:
        raise click.UsageError("standard input cannot hold the HelmRelease and values")
    capabilities = _capabilities(flags)
    _refuse_what_is_not_there(flags)
    return _print_chart(subject_of(arguments, names, charts), values, capabilities, flags, charts)


def _print_chart(
    subject: Subject, values: ValueFlags, capabilities: Capabilities, flags: TemplateFlags, charts: ChartFlags
) -> int:
    log: list[str] = []
    release = ReleaseInfo(subject.name, subject.namespace, is_install=not flags.is_upgrade, is_upgrade=flags.is_upgrade)
    merged = values.merged(subject.values)
    request = RenderRequest("", merged, release, capabilities, allow_jinja=flags.allow_jinja)
    cache = CompiledCharts()
    opened = open_chart(subject.chart, Environment(), cache, log.append)
    write_log(log)
    subject.check(opened.chart)
    try:
        check_chart(opened.chart)
    except MissingDependencies:
        if not flags.dependency_update:
            raise
        opened = _with_dependencies(subject, charts, cache)
        check_chart(opened.chart)
    _check_name(subject.name)
    prepared = prepare(opened.chart, request, RenderOptions(skip_schema=flags.skip_schema, show_values=True))
    check_labels(flags.labels)
    try:
        _print_prepared(prepared, opened.compiled, flags, subject.name)
    except _BROKEN_OUTPUT as error:
        write_error(error.message if flags.debug else f"{error.message}\n\nUse --debug flag to render out invalid YAML")
        _explain(error)
        return EXIT_ERROR
    opened.remember(cache)
    return 0


def _explain(error: SteersmanError) -> None:
    """What Helm does not say of an error: advice, and the place in the template."""
    if error.hint:
        write_log(["", f"hint: {error.hint}"])
    if isinstance(error, TemplateError) and error.excerpt:
        write_log(["", f"{error.template}, line {error.line}:", error.excerpt])


def _with_dependencies(subject: Subject, charts: ChartFlags, cache: CompiledCharts) -> OpenedChart:
    """The chart again, after its folder's `charts/` was filled. What that tells is no part of the manifests."""
    if subject.chart.archive is not None:
        raise ChartError("only unpacked charts can be updated", hint="package the chart with its dependencies")
    from steersman.cli.dependency_run import update_folder

    update_folder(subject.chart.place, charts, lambda line: write_log([line]))
    told_before: list[str] = []
    return open_chart(subject.chart, Environment(), cache, told_before.append)


def _print_prepared(prepared: Prepared, compiled: CompiledChart, flags: TemplateFlags, name: str) -> None:
    output = Output(
        folder=flags.output_dir,
        inside=name if flags.release_name else "",
        show_only=flags.show_only,
        no_hooks=flags.no_hooks,
        skip_tests=flags.skip_tests,
    )
    files: dict[str, str] = {}
    try:
        files = render_files(prepared, compiled, real_effects(resolve_hosts=flags.enable_dns))
        rendered = assemble(prepared, files, RenderOptions())
    except _BROKEN_OUTPUT as error:
        if flags.debug:
            output.print_broken(files, error.hooks if isinstance(error, ManifestError) else (), error)
        raise
    finally:
        write_log(prepared.warnings)
    crds = [(file.name, from_bytes(file.data)) for file in crd_files(prepared.chart)] if flags.include_crds else []
    output.print(crds, rendered)


def _capabilities(flags: TemplateFlags) -> Capabilities:
    check_kube_version(flags.kube_version)
    return default_capabilities(flags.kube_version, flags.api_versions)


def _refuse_what_is_not_there(flags: TemplateFlags) -> None:
    """Refuse what needs a cluster or a plugin. Raises RenderError; other values of --dry-run are Helm's."""
    if any(flags.post_renderer):
        raise RenderError(
            f"--post-renderer {flags.post_renderer[0]}: plugins are not supported yet",
            hint="pipe the output into the program instead",
        )
    dry_run = "server" if flags.validate else flags.dry_run
    if dry_run == "server":
        raise RenderError("rendering with a cluster's answers is not supported", hint="leave --dry-run=server out")
    if dry_run == _UNSET:
        write_log([log_line("WARN", "--dry-run is deprecated and should be replaced with '--dry-run=client'")])
    elif dry_run in TRUE:
        message = f"boolean '--dry-run={dry_run}' flag is deprecated and must be replaced with '--dry-run=client'"
        write_log([log_line("WARN", message)])
    elif dry_run in FALSE or dry_run == "none":
        raise RenderError(f'invalid dry-run value ({quote(dry_run)}). Must be "server" or "client"')
    elif dry_run != "client":
        raise RenderError(f'invalid dry-run value ({quote(dry_run)}). Must be "none", "server", or "client"')


def _check_name(name: str) -> None:
    if _RELEASE_NAME.fullmatch(name) and len(name) <= _MAX_RELEASE_NAME:
        return
    rule = f"must match regex ^{_RELEASE_NAME.pattern}$ and the length must not be longer than {_MAX_RELEASE_NAME}"
    problem = f"release name {quote(name)}: {f'invalid release name, {rule}' if name else 'no name provided'}"
    write_log([log_line("ERROR", "release name check failed", error=problem)])
    raise RenderError(f"release name check failed: {problem}")
