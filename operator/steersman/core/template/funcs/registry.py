"""What a template function is: a name, Go's signature, and the Python that does it.

Families (strings.py, lists.py…) declare functions with `@function`; `FunctionMap` finds them by name. The
runtime checks arguments against the signature as Go's text/template does, so that a function body may rely on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from steersman.core.golang.types import GoPanic

ANY = "interface {}"
STRING = "string"
INT = "int"
INT64 = "int64"
FLOAT64 = "float64"
BOOL = "bool"
LIST = "[]interface {}"
STRING_LIST = "[]string"
MAP = "map[string]interface {}"
STRING_MAP = "map[string]string"


_Call = TypeVar("_Call", bound=Callable[..., Any])


class FunctionError(GoPanic):
    """A template function returned an error or panicked; the runtime adds `error calling NAME: ` and the position."""


class Function(NamedTuple):
    """One entry of the function map.

    `params` are the static Go types of the fixed parameters, `variadic` that of the rest (None: none), `result` the
    static type of what comes back. With `runtime` True the first Python argument is the running template's
    `steersman.core.template.runtime.Runtime` (include, tpl, required, now, rand…).
    """

    name: str
    call: Callable[..., Any]
    params: tuple[str, ...] = ()
    variadic: str | None = None
    result: str = ANY
    runtime: bool = False


class FunctionTable(dict[str, Function]):
    """The functions of one family; `table.function(...)` is the decorator that fills it."""

    def function(
        self,
        *names: str,
        params: tuple[str, ...] = (),
        variadic: str | None = None,
        result: str = ANY,
        runtime: bool = False,
    ) -> Callable[[_Call], _Call]:
        """Register the decorated callable under each of `names`."""

        def register(call: _Call) -> _Call:
            for name in names:
                self[name] = Function(name, call, params, variadic, result, runtime)
            return call

        return register
