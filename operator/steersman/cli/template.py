"""`steersman template`: render a chart and print what `helm template` prints, byte for byte.

Flags are Helm's. Those that only matter to an install, or to charts fetched from elsewhere, are accepted without
effect, so that scripts keep working; what would need a cluster is refused. Next stop: `core.render.engine`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import click

from steersman.cli.cache import CompiledCharts
from steersman.cli.charts import locate, open_chart
from steersman.cli.flags import UNSET, HelmCommand, accepted_flags, read_value_flags, split_commas, value_flags
from steersman.cli.impure import real_effects
from steersman.cli.output import EXIT_ERROR, OutputFolder, write, write_error, write_log
from steersman.cli.values import ValueFlags
from steersman.core.chart.errors import PatternError
from steersman.core.chart.model import crd_files
from steersman.core.chart.patterns import path_match
from steersman.core.golang.quote import quote
from steersman.core.golang.runes import SPACE
from steersman.core.golang.types import from_bytes
from steersman.core.manifest.errors import ManifestError
from steersman.core.manifest.log import log_line
from steersman.core.manifest.model import Hook
from steersman.core.manifest.parse import split_documents
from steersman.core.render.capabilities import default_capabilities, parse_kube_version
from steersman.core.render.compiled import CompiledChart
from steersman.core.render.engine import (
    Prepared,
    RenderOptions,
    assemble,
    check_chart,
    document_text,
    prepare,
    render_files,
)
from steersman.core.render.errors import IncompatibleCluster, KubeVersionError, RenderError
from steersman.core.render.model import Capabilities, ReleaseInfo, Rendered, RenderRequest
from steersman.core.template.environment import Environment, TemplateSet
from steersman.core.template.errors import TemplateError

_DEFAULT_NAME = "release-name"
_NAME_TEMPLATE = "name-template"
_RELEASE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MAX_RELEASE_NAME = 53
_SOURCE = re.compile(r"# Source: [^/]+/(.+)")
_BROKEN_OUTPUT = (TemplateError, ManifestError, IncompatibleCluster)
"""Errors after which Helm has something to show under --debug, and says so."""

# What Helm's command takes and this one does not need: install behaviour, and where charts come from.
_WITHOUT_EFFECT = (
    "--create-namespace",
    "--dependency-update",
    "--devel",
    "--disable-openapi-validation",
    "--force",
    "--force-conflicts",
    "--force-replace",
    "--hide-notes",
    "--insecure-skip-tls-verify",
    "--pass-credentials",
    "--plain-http",
    "--render-subchart-notes",
    "--replace",
    "--rollback-on-failure",
    "--atomic",
    "--server-side",
    "--skip-crds",
    "--take-ownership",
    "--verify",
    "--wait-for-jobs",
    "--kube-insecure-skip-tls-verify",
)
_WITHOUT_EFFECT_VALUES = (
    "--ca-file",
    "--cert-file",
    "--description",
    "--key-file",
    "--keyring",
    "-l/--labels",
    "--password",
    "--timeout",
    "--username",
    "--version",
    "--wait",
    "--burst-limit",
    "--color",
    "--colour",
    "--content-cache",
    "--kube-apiserver",
    "--kube-as-group",
    "--kube-as-user",
    "--kube-ca-file",
    "--kube-context",
    "--kube-tls-server-name",
    "--kube-token",
    "--kubeconfig",
    "--qps",
    "--registry-config",
    "--repository-cache",
    "--repository-config",
)


@dataclass(frozen=True, slots=True)
class TemplateFlags:
    """What is asked of one run, besides name, chart and values."""

    namespace: str
    kube_version: str
    api_versions: tuple[str, ...]
    show_only: tuple[str, ...]
    output_dir: str
    include_crds: bool
    is_upgrade: bool
    no_hooks: bool
    skip_tests: bool
    skip_schema_validation: bool
    release_name: bool
    enable_dns: bool
    debug: bool


@click.command(cls=HelmCommand, optional_values=("--dry-run", "--wait"))
@click.argument("arguments", nargs=-1, metavar="[NAME] CHART")
@value_flags
@click.option("-n", "--namespace", envvar="HELM_NAMESPACE", default="default", help="Namespace of the release.")
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
@click.option("--skip-schema-validation", is_flag=True, help="Do not check values against values.schema.json.")
@click.option("--enable-dns", is_flag=True, help="Let templates look host names up.")
@click.option("--debug", is_flag=True, help="Print the text even where it is not valid YAML.")
@click.option("--dry-run", default="client", hidden=True)
@click.option("--validate", is_flag=True, hidden=True)
@click.option("--repo", default="", hidden=True)
@click.option("-g", "--generate-name", is_flag=True, hidden=True)
@accepted_flags(_WITHOUT_EFFECT, _WITHOUT_EFFECT_VALUES)
def template(arguments: tuple[str, ...], **options: Any) -> int:
    """Render a chart (a folder or an archive) and print the result."""
    values = read_value_flags(options)
    name_template, generate_name = options.pop("name_template"), options.pop("generate_name")
    _refuse_what_needs_a_cluster(options.pop("dry_run"), validate=options.pop("validate"))
    _refuse_repository(options.pop("repo"))
    options["api_versions"] = split_commas(options["api_versions"])
    flags = TemplateFlags(**options)
    capabilities = _capabilities(flags)
    name, reference = _name_and_chart(arguments, name_template, generate_name=generate_name)
    return _print_chart(name, reference, values, capabilities, flags)


def _print_chart(
    name: str, reference: str, values: ValueFlags, capabilities: Capabilities, flags: TemplateFlags
) -> int:
    log: list[str] = []
    release = ReleaseInfo(name, flags.namespace, is_install=not flags.is_upgrade, is_upgrade=flags.is_upgrade)
    path = locate(reference)
    request = RenderRequest("", values.merged(), release, capabilities)
    cache = CompiledCharts()
    opened = open_chart(path, Environment(), cache, log.append)
    write_log(log)
    check_chart(opened.chart)
    _check_name(name)
    prepared = prepare(opened.chart, request, RenderOptions(skip_schema=flags.skip_schema_validation))
    try:
        _print_prepared(prepared, opened.compiled, flags, name)
    except _BROKEN_OUTPUT as error:
        if flags.debug:
            write_error(error)
        else:
            write_error(f"{error.message}\n\nUse --debug flag to render out invalid YAML")
        return EXIT_ERROR
    finally:
        write_log(prepared.warnings)
    opened.remember(cache)
    return 0


def _print_prepared(prepared: Prepared, compiled: CompiledChart, flags: TemplateFlags, name: str) -> None:
    files: dict[str, str] = {}
    try:
        files = render_files(prepared, compiled, real_effects(resolve_hosts=flags.enable_dns))
        rendered = assemble(prepared, files, RenderOptions())
    except _BROKEN_OUTPUT:
        if flags.debug:
            documents = [document_text(path, files[path]) for path in sorted(files) if files[path].strip()]
            write(_trimmed("".join(documents)))
        raise
    crds = [(file.name, from_bytes(file.data)) for file in crd_files(prepared.chart)] if flags.include_crds else []
    if flags.output_dir:
        _write_files(crds, rendered, OutputFolder(flags.output_dir), flags, name)
    else:
        write(_selected(output_text(crds, rendered, _hooks(rendered, flags)), flags.show_only))


def output_text(crds: Iterable[tuple[str, str]], rendered: Rendered, hooks: Iterable[Hook]) -> str:
    """What `helm template` prints: CRDs and manifests with white space around them cut, then the hooks."""
    manifests = "".join([*(document_text(path, text) for path, text in crds), rendered.manifest])
    return _trimmed(manifests) + "".join([document_text(hook.path, hook.text) for hook in hooks])


def _trimmed(text: str) -> str:
    return text.strip(SPACE) + "\n"


def _hooks(rendered: Rendered, flags: TemplateFlags) -> list[Hook]:
    if flags.no_hooks:
        return []
    return [hook for hook in rendered.hooks if not (flags.skip_tests and "test" in hook.events)]


def _selected(text: str, patterns: tuple[str, ...]) -> str:
    """The documents whose template matches, a pattern at a time. Raises RenderError where one matches nothing."""
    if not patterns:
        return text
    documents = split_documents(text)
    chosen: list[str] = []
    for pattern in patterns:
        matching = [document for document in documents if _comes_from(document, pattern)]
        if not matching:
            raise RenderError(f"could not find template {pattern} in chart")
        chosen.extend(matching)
    return "".join([f"---\n{document}\n" for document in chosen])


def _comes_from(document: str, pattern: str) -> bool:
    source = _SOURCE.search(document)
    if source is None:
        return False
    try:
        return path_match(pattern, source[1])
    except PatternError:
        return False


def _write_files(
    crds: Iterable[tuple[str, str]], rendered: Rendered, folder: OutputFolder, flags: TemplateFlags, name: str
) -> None:
    """Write each document to the file of its template. CRDs go beside the release's folder, as in Helm."""
    inside = name if flags.release_name else ""
    for path, text in crds:
        folder.add(path, document_text(path, text))
    for manifest in rendered.manifests:
        folder.add(manifest.path, document_text(manifest.path, manifest.text), inside=inside)
    for hook in _hooks(rendered, flags):
        folder.add(hook.path, document_text(hook.path, hook.text), inside=inside, keep=True)
    write("\n")


def _capabilities(flags: TemplateFlags) -> Capabilities:
    if flags.kube_version:
        try:
            parse_kube_version(flags.kube_version)
        except KubeVersionError as error:
            raise KubeVersionError(f"invalid kube version '{flags.kube_version}': {error.message}") from error
    return default_capabilities(flags.kube_version, flags.api_versions)


def _refuse_what_needs_a_cluster(dry_run: str, *, validate: bool) -> None:
    if validate or dry_run == "server":
        raise RenderError("rendering with a cluster's answers is not supported", hint="leave --dry-run=server out")
    if dry_run == UNSET:
        write_log([log_line("WARN", "--dry-run is deprecated and should be replaced with '--dry-run=client'")])
    if dry_run not in ("client", UNSET, "none", "true", "false"):
        raise RenderError(f'invalid dry-run value ({quote(dry_run)}). Must be "none", "server", or "client"')


def _refuse_repository(url: str) -> None:
    if url:
        raise RenderError("charts are not fetched from repositories", hint="pull the chart and pass its path")


def _name_and_chart(arguments: tuple[str, ...], name_template: str, *, generate_name: bool) -> tuple[str, str]:
    """The release's name and the chart, from one or two arguments."""
    if not arguments:
        raise click.UsageError('"steersman template" requires at least 1 argument')
    if len(arguments) > 2:
        raise click.UsageError(f"expected at most two arguments, unexpected arguments: {', '.join(arguments[2:])}")
    if len(arguments) == 1:
        return _name_from(name_template) if name_template else _DEFAULT_NAME, arguments[0]
    if generate_name:
        raise click.UsageError("cannot set --generate-name and also specify a name")
    if name_template:
        raise click.UsageError("cannot set --name-template and also specify a name")
    return arguments[0], arguments[1]


def _name_from(text: str) -> str:
    templates = TemplateSet.parse(Environment(), {_NAME_TEMPLATE: text})
    return templates.execute(_NAME_TEMPLATE, None, templates.runtime(real_effects()))


def _check_name(name: str) -> None:
    if _RELEASE_NAME.fullmatch(name) and len(name) <= _MAX_RELEASE_NAME:
        return
    rule = f"must match regex ^{_RELEASE_NAME.pattern}$ and the length must not be longer than {_MAX_RELEASE_NAME}"
    problem = f"release name {quote(name)}: {f'invalid release name, {rule}' if name else 'no name provided'}"
    write_log([log_line("ERROR", "release name check failed", error=problem)])
    raise RenderError(f"release name check failed: {problem}")
