"""Ways out that charts may try: through Python's attributes, through formats, through sheer size."""

from __future__ import annotations

from typing import Any

import pytest
from core.jinja.support import ENVIRONMENT, FILE, complaint, failure, run
from jinja2.runtime import LoopContext, StrictUndefined, Undefined
from jinja2.utils import Cycler, Joiner, Namespace

from steersman.core.chart.files import Files
from steersman.core.golang.kinds import type_name
from steersman.core.golang.types import Values
from steersman.core.jinja import access
from steersman.core.jinja.functions import as_functions
from steersman.core.render.capabilities import CapabilitiesObject, default_capabilities
from steersman.core.template.errors import TemplateError

MACROS = {"_m__j2": "{% macro mac() %}x{{ caller() if caller }}{% endmacro %}"}
START = "{% import '_m.j2' as m %}{% from '_m.j2' import mac %}{% set ns = namespace() %}{% set c = cycler(1) %}"
OBJECTS = """
    '' 1 1.5 true none [] {} () Values Root Files Capabilities Release toYaml range dict cycler joiner namespace
    ns c m mac self missing Values.missing [1]|map('int') {}|items now() semver('1.2.3') Files.Glob('*') ''|e
""".split()  # noqa: SIM905 - shorter
ATTRIBUTES = """
    __class__ __init__ __globals__ __dict__ __mro__ __subclasses__ __builtins__ __self__ __func__ __code__ __call__
    __getattribute__ __reduce__ _environment _func _context _TemplateReference__context _Namespace__attrs _module
    _body_stream gi_frame gi_code func_globals mro jinja_pass_arg environment runtime go_methods go_type
""".split()  # noqa: SIM905
READINGS = (
    "({0}).{1}",
    "({0})['{1}']",
    "({0}) | attr('{1}')",
    "[{0}] | map(attribute='{1}') | first",
    "[{0}] | map('attr', '{1}') | first",
)


@pytest.mark.parametrize("reading", READINGS)
def test_python_attributes_cannot_be_read(reading: str) -> None:
    """Each is undefined: it has its default, and fails when it is used."""
    readings = [reading.format(obj, name) for obj in OBJECTS for name in ATTRIBUTES]
    text = START + "".join([f"{{{{ ({each}) | default('-') }}}}" for each in readings])
    assert run(text, {}, **MACROS) == "-" * len(readings)


@pytest.mark.parametrize("name", ["__class__", "__init__", "__globals__"])
def test_python_attributes_cannot_be_called(name: str) -> None:
    for obj in OBJECTS:
        assert isinstance(failure(f"{START}{{{{ ({obj}).{name}() }}}}", {}, **MACROS), TemplateError)


@pytest.mark.parametrize(
    "obj",
    [
        pytest.param("", id="string"),
        pytest.param([], id="list"),
        pytest.param({}, id="dict"),
        pytest.param((), id="tuple"),
        pytest.param(1, id="int"),
        pytest.param(b"", id="bytes"),
        pytest.param(Values(), id="values"),
        pytest.param(Files(), id="files"),
        pytest.param(CapabilitiesObject(default_capabilities()), id="struct"),
        pytest.param(next(LoopContext([1], StrictUndefined))[1], id="loop"),
        pytest.param(Cycler(1), id="cycler"),
        pytest.param(Joiner(), id="joiner"),
        pytest.param(Namespace(), id="namespace"),
        pytest.param(Cycler, id="class"),
        pytest.param((item for item in [1]), id="generator"),
        pytest.param(as_functions(ENVIRONMENT.functions)["toYaml"], id="function"),
        pytest.param(access.Method(str), id="method"),
    ],
)
def test_whatever_python_has_there_a_template_gets_data_or_a_method_of_the_lists(obj: Any) -> None:
    for name in {*dir(type(obj)), *dir(object), *ATTRIBUTES}:
        for found in (
            _read(access.attribute, obj, name),
            _read(access.item, obj, name),
            _read(access.method, obj, name),
        ):
            assert isinstance(found, Undefined | access.Method) or type_name(found), name


def _read(how: Any, obj: Any, name: str) -> Any:
    """A Go method that wants arguments complains."""
    try:
        return how(obj, name)
    except Exception as error:
        assert "wrong number of args" in str(error)
        return None


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param("{{ ''.__class__.__mro__[1].__subclasses__() }}", id="subclasses"),
        pytest.param("{{ cycler.__init__.__globals__.os.popen('id').read() }}", id="cycler"),
        pytest.param("{{ joiner.__init__.__globals__['os'] }}", id="joiner"),
        pytest.param("{{ lipsum.__globals__ }}", id="lipsum"),
        pytest.param("{{ self.__init__.__globals__.__builtins__.__import__('os') }}", id="self"),
        pytest.param("{{ self._TemplateReference__context.eval_ctx.environment }}", id="context"),
        pytest.param("{{ toYaml.__globals__ }}", id="function"),
        pytest.param("{{ config }}{{ request.application }}{{ get_flashed_messages() }}", id="flask"),
        pytest.param("{{ ''['__cla' ~ 'ss__'] }}", id="pieces"),
        pytest.param("{{ '' | attr('\\x5f\\x5fclass\\x5f\\x5f') }}", id="escapes"),
        pytest.param("{{ '{0.__class__}'.format(1) }}", id="format"),
        pytest.param("{{ '{0.__class__}'.format_map({}) }}", id="format-map"),
        pytest.param("{{ ('{0.__class__}' | safe).format(1) }}", id="markup"),
        pytest.param("{{ '%r' % Values }}", id="repr"),
        pytest.param("{{ '%s' % toYaml }}", id="percent"),
        pytest.param("{{ Values | pprint }}", id="pprint"),
        pytest.param("{{ [''] | map(' method', '__class__') | first }}", id="inner-filter"),
        pytest.param("{{ [[]] | map(' method', 'append') | first }}", id="inner-filter-on-list"),
        pytest.param("{{ [1] | groupby('__class__') }}", id="groupby"),
        pytest.param("{{ [1] | sum(attribute='__class__') }}", id="sum"),
        pytest.param("{% for i in [1] %}{{ loop._iterator.gi_frame }}{% endfor %}", id="loop"),
        pytest.param("{% set Values.x = 1 %}", id="set"),
        pytest.param("{% do Values.update({'x': 1}) %}", id="update"),
        pytest.param("{% do [1].append(2) %}", id="append"),
        pytest.param("{% do Values.m.pop('a') %}", id="pop"),
        pytest.param("{% include '/etc/passwd' %}", id="file"),
        pytest.param("{% include '../Chart.yaml' %}", id="outside"),
        pytest.param("{% include 'values.yaml' %}", id="no-template"),
        pytest.param("{% import 'os' as os %}", id="import"),
        pytest.param("{{ dict.mro() }}", id="type"),
        pytest.param("{{ range(1).__class__ }}", id="range"),
        pytest.param("{{ (1).real.__class__ }}", id="number"),
        pytest.param("{{ [].__class__() }}", id="constructor"),
        pytest.param("{{ caller.__globals__ }}", id="caller"),
    ],
)
def test_known_payloads_fail(payload: str) -> None:
    error = failure(payload, {"m": {"a": 1.0}})
    assert "<class" not in error.message
    assert " object at 0x" not in error.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{{ 9**9**9 }}", "a whole number that does not fit into 64 bits", id="power"),
        pytest.param("{{ 9.0**999 }}", "a number that is too large", id="float-power"),
        pytest.param("{{ 2 ** 63 }}", "a whole number that does not fit into 64 bits", id="overflow"),
        pytest.param("{{ 'x' * 999999999 }}", '"*" makes at most 1000000 characters or items', id="string"),
        pytest.param("{{ [1] * 999999999 }}", '"*" makes at most 1000000 characters or items', id="list"),
        pytest.param(
            "{% for i in range(999999999) %}{% endfor %}",
            "a range of 999999999 numbers; at most 100000 are allowed",
            id="range",
        ),
        pytest.param("{{ '%999999999d' % 1 }}", "a width of 999999999; at most 10000 is allowed", id="width"),
        pytest.param("{{ '%.999999999f' % 1 }}", "a width of 999999999; at most 10000 is allowed", id="precision"),
        pytest.param("{{ 'x' | center(999999999) }}", "a width of 999999999; at most 10000 is allowed", id="center"),
        pytest.param("{{ 'x' | indent(999999999) }}", "a width of 999999999; at most 10000 is allowed", id="indent"),
        pytest.param("{{ 'x'.ljust(999999999) }}", 'a string has no method "ljust" here', id="ljust"),
    ],
)
def test_sizes_are_bounded(text: str, message: str) -> None:
    assert complaint(text) == message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", id="macro"),
        pytest.param("{% include 'x.yaml.j2' %}", id="include"),
        pytest.param("{% extends 'x.yaml.j2' %}", id="extends"),
        pytest.param("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", id="loop"),
        pytest.param("{% block a %}{{ self.a() }}{% endblock %}", id="block"),
        pytest.param("{% set m = dict() %}{% do set(m, 'm', m) %}{{ m }}", id="value"),
    ],
)
def test_endless_recursion_is_an_error(text: str) -> None:
    assert "call each other too deeply" in failure(text).message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", id="parentheses"),
        pytest.param("{{ 1" + " | abs" * 5000 + " }}", id="filters"),
        pytest.param("{% for a in [1] %}" * 30 + "{% endfor %}" * 30, id="loops"),
    ],
)
def test_what_nests_too_deeply_to_be_compiled(text: str) -> None:
    assert failure(text).message.startswith(f"parse error at ({FILE}:1): blocks or expressions nest too deeply")


def test_nothing_of_a_template_runs_while_it_is_compiled() -> None:
    assert run("{{ ('x' | center(10001)) if false }}{{ (9 ** 99) if false }}") == ""
