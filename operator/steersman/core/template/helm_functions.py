"""Helm's functions that need the running render: include, tpl, required, fail, lookup, getHostByName.

The rest of Helm's own functions (toYaml and its kin) are families under `funcs`.
"""

from __future__ import annotations

from steersman.core.golang.format import sprintf
from steersman.core.golang.quote import quote
from steersman.core.golang.types import GoValue
from steersman.core.template.errors import GoError, ParseError
from steersman.core.template.funcs.registry import ANY, MAP, STRING, FunctionError, FunctionTable
from steersman.core.template.report import MARK_END, MARK_START
from steersman.core.template.runtime import Runtime, include

TABLE = FunctionTable()

NO_VALUE = "<no value>"
"""What a nil prints as; Helm takes it out of every file and of what `tpl` gives, also where it was meant literally."""


TABLE.function("include", params=(STRING, ANY), result=STRING, runtime=True)(include)


@TABLE.function("tpl", params=(STRING, ANY), result=STRING, runtime=True)
def tpl(runtime: Runtime, text: str, data: GoValue) -> str:
    """Run a text as a template. Definitions in it are seen by itself only."""
    if "{{" not in text:
        return text.replace(NO_VALUE, "")
    try:
        entry, inner = runtime.environment.tpl(runtime, text)
    except ParseError as error:
        raise FunctionError(f"cannot parse template {quote(text)}: {error.text}") from error
    try:
        return inner.run(entry, data).replace(NO_VALUE, "")
    except GoError as error:
        # Helm gives up the blocks of its report where a link of the chain is no template's error, as this one.
        raise GoError(f"error during tpl function execution for {quote(text)}: ", error) from error


@TABLE.function("required", params=(STRING, ANY), runtime=True)
def required(runtime: Runtime, message: str, value: GoValue) -> GoValue:
    """The value, unless it is nil or an empty string. Other empty values pass."""
    if value is not None and value != "":
        return value
    if runtime.lint:
        noun = "value" if value is None else "values"
        runtime.warn(sprintf("level=WARN msg=%q message=%s", [f"missing required {noun}", _log_value(message)]))
        return ""
    raise FunctionError(f"{MARK_START}{message}{MARK_END}")


@TABLE.function("fail", params=(STRING,), result=STRING, runtime=True)
def fail(runtime: Runtime, message: str) -> str:
    if runtime.lint:
        runtime.warn(f"level=INFO msg={quote('funcMap fail')} message={_log_value(message)}")
        return ""
    raise FunctionError(f"{MARK_START}{message}{MARK_END}")


def _log_value(text: str) -> str:
    """A value of a log line: quoted where it is not one plain word."""
    plain = text != "" and text.isprintable() and not any(char in text for char in ' ="')
    return text if plain else quote(text)


@TABLE.function("lookup", params=(STRING, STRING, STRING, STRING), result=MAP, runtime=True)
def lookup(runtime: Runtime, api_version: str, kind: str, namespace: str, name: str) -> dict[str, GoValue]:
    """What the cluster has; without one, an empty map. Linting never asks."""
    return {} if runtime.lint else runtime.effects.lookup(api_version, kind, namespace, name)


@TABLE.function("getHostByName", params=(STRING,), result=STRING, runtime=True)
def get_host_by_name(runtime: Runtime, name: str) -> str:
    """An address of the host; nothing, unless the render may ask the network."""
    return runtime.effects.resolve_host(name)
