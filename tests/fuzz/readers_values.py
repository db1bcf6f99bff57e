"""Targets: what users and charts write values in, YAML, JSON, TOML, `--set` and values.schema.json."""

from __future__ import annotations

from typing import Any

from fuzz.strategies import as_json, joined, json_like, json_values, parts_of, soup, texts_of
from fuzz.target import Target
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from steersman.core import yaml
from steersman.core.chart.documents import load_values
from steersman.core.golang.gojson import JSONError, decode, encode
from steersman.core.golang.gotoml import TOMLError, dump_toml, load_toml
from steersman.core.golang.types import from_bytes
from steersman.core.manifest.parse import parse_objects, sort_manifests
from steersman.core.values.layers import add_layer, as_values
from steersman.core.values.schema import complaints_about
from steersman.core.values.set_syntax import set_files, set_json, set_literal, set_strings, set_values
from steersman.errors import SteersmanError
from steersman.rendering.limits import RenderLimits

_WORKER_RECURSION = RenderLimits().recursion

_YAML_WORDS = tuple(
    word.encode()
    for word in (
        "a: ", "b", ": ", "- ", "? ", "\n", "\n  ", "\n    ", "\r\n", "\t", "|\n", "|-\n", ">2\n", ">+\n", "'", '"',
        "{", "}", "[", "]", ",", "&a ", "*a", "*a ",
        "<<: *a", "<<: [*a, *b]", "!!int ", "!!binary ", "!!str ", "!!float ", "!!null ", "!!timestamp ", "!x ",
        "!<tag:yaml.org,2002:int> ", "---\n", "...\n", "%YAML 1.1\n", "%YAML 1.2\n",
        "%TAG ! tag:x:\n", "# c\n", "true", "yes", "null", "~", "1", "0x1f", "0o7", "07", "1_000", "1e3", ".5", ".inf",
        "-.nan", "2001-01-01", "1:30", "\\/", "\\'", "\\x41",
        "\\u00e9", "\ufeff", "\x85", "\u2028", "@", "`", "kind: ", "metadata:\n  name: x\n",
        "annotations:\n    helm.sh/hook: ", "helm.sh/hook-weight: ", "pre-install,",
    )
)  # fmt: skip
_yaml_texts = (
    soup(_YAML_WORDS, 30) | json_values.map(as_json) | json_values.map(lambda value: yaml.dump(_plain(value)).encode())
)


def _plain(value: Any) -> Any:
    """A value that the writer takes: no control characters."""
    match value:
        case str():
            return "".join(char for char in value if char.isprintable())
        case dict():
            return {_plain(key): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case int() if not isinstance(value, bool):
            return value % 2**63
    return value


def _yaml(data: bytes) -> None:
    """Each way of reading, and what was read written again."""
    problems = 0
    for read in (yaml.load, yaml.load_map, yaml.load_list, yaml.load_exact, yaml.load_strict, load_values):
        try:
            value = read(data)
        except SteersmanError:
            problems += 1
            continue
        for write in (yaml.dump, yaml.dump_pretty):
            _quietly(write, value)


def _quietly(write: Any, value: Any) -> None:
    try:
        write(value)
    except SteersmanError:
        pass


def _manifest(data: bytes) -> None:
    text = from_bytes(data)
    try:
        list(parse_objects(text))
    except SteersmanError:
        pass
    sort_manifests({"app/templates/b.yaml": text, "app/templates/_x.yaml": text}, lambda _: None)


_HEADS = json_like(
    [
        "kind",
        "metadata",
        "name",
        "annotations",
        "helm.sh/hook",
        "helm.sh/hook-weight",
        "pre-install",
        "test",
        "-5",
        "Secret",
    ]
)

_JSON_WORDS = tuple(
    word.encode()
    for word in (
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"a"',
        '"\\u00e9"',
        '"\\ud800"',
        '"',
        "\\",
        "null",
        "true",
        "1",
        "-0",
        "1e5",
        "1E400",
        "0.1",
        "01",
        " ",
        "\n",
        "NaN",
    )
)


def _json(data: bytes) -> None:
    value = decode(from_bytes(data))
    encode(value)
    encode(value, escape_html=False, pretty=True)


_TOML_WORDS = tuple(
    word.encode()
    for word in (
        "a = ", "a.b = ", '"q.k" = ', "[t]\n", "[[t]]\n", "[t.u]\n", "\n", "1", "+1_0", "0xff", "0o7", "0b1", "1.5e3",
        "inf", "-nan", "true", '"s"', "'l'", '"""', "'''", "\\u00e9", "\\",
        "2024-01-02", "2024-01-02T03:04:05Z", "07:32:00.5", "2024-01-02 03:04:05-07:00", "[", "]", "{", "}", "{a = 1}",
        ",", "# c\n", "\r\n", "=", " ",
    )
)  # fmt: skip


def _toml(data: bytes) -> None:
    dump_toml(load_toml(from_bytes(data)))


_SET_WORDS = tuple(
    word.encode()
    for word in (
        "a",
        "b.c",
        "[0]",
        "[1][2]",
        "[-1]",
        "[65536]",
        "[65537]",
        "[99999999999999999999]",
        "=",
        ",",
        "{",
        "}",
        "\\",
        ".",
        "[",
        "]",
        "null",
        "true",
        "1",
        "0",
        "01",
        "a.a.a.a.",
        '{"a":1}',
        "[1,2]",
        '"',
    )
)


def _set(data: bytes) -> None:
    kind, text = texts_of(data, 2)
    values: dict[str, Any] = {"a": {"b": [1, {"c": 2}]}, "l": [None]}
    match kind[:1]:
        case "j":
            set_json(values, text)
        case "l":
            set_literal(values, text)
        case "s":
            set_strings(values, text)
        case "f":
            set_files(values, text, str.upper)
        case "v":
            path, _, value = text.partition("=")
            as_values(add_layer(values, value.encode("utf-8", "surrogateescape"), where="it", target_path=path))
        case _:
            set_values(values, text)


_SCHEMA_KEYS = [
    "$schema", "$id", "$ref", "$defs", "definitions", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef",
    "type", "enum", "const", "properties",
    "patternProperties", "additionalProperties", "required", "minProperties", "propertyNames", "dependencies",
    "dependentRequired", "dependentSchemas",
    "items", "prefixItems", "additionalItems", "contains", "minContains", "uniqueItems", "minItems", "maxLength",
    "pattern", "format", "minimum",
    "exclusiveMinimum", "multipleOf", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "unevaluatedProperties",
    "unevaluatedItems", "contentEncoding",
]  # fmt: skip
_SCHEMA_TEXTS = [
    "http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-04/schema#",
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema", "#", "#/$defs/a", "#/definitions/b", "#a", "urn:x",
    "http://h/x.json", "file:///x", "a", "b",
    "object", "array", "string", "integer", "number", "null", "boolean", "(a|b)*c", "[", "\\p{L}", "(?=x)", "^a{1000}$",
    "date-time", "ipv4", "uri", "regex", "uuid",
]  # fmt: skip


def _schemas() -> SearchStrategy[Any]:
    text = st.sampled_from(_SCHEMA_TEXTS)
    leaf = text | st.booleans() | st.integers(-2, 2**65) | st.floats(0, 1e20) | st.just({}) | st.lists(text, max_size=3)
    return st.recursive(
        leaf,
        lambda inner: (
            st.dictionaries(st.sampled_from(_SCHEMA_KEYS), inner, max_size=4)
            | st.dictionaries(st.sampled_from(["a", "b", "^a", "k"]), inner, max_size=3)
            | st.lists(inner, max_size=3)
        ),
        max_leaves=12,
    )


_SCHEMA_WORDS = tuple(f'"{word}"'.encode() for word in (*_SCHEMA_KEYS, *_SCHEMA_TEXTS)) + _JSON_WORDS


def _schema(data: bytes) -> None:
    schema, text = parts_of(data, 2)
    try:
        values = yaml.load(text)
    except SteersmanError:
        values = {"a": 1.0, "b": ["x", None, {"a": "b"}]}
    complaints_about(schema, values)


_instances = json_like(["a", "b", "k", "aaa", "2024-01-01", "1.2.3.4"])

TARGETS = (
    Target("yaml", _yaml, _yaml_texts, _YAML_WORDS),
    Target("manifest", _manifest, soup(_YAML_WORDS, 30) | _HEADS.map(as_json), _YAML_WORDS),
    Target("json", _json, soup(_JSON_WORDS) | json_values.map(as_json), _JSON_WORDS, (JSONError,), _WORKER_RECURSION),
    Target("toml", _toml, soup(_TOML_WORDS), _TOML_WORDS, (TOMLError,), _WORKER_RECURSION),
    Target("set", _set, joined(st.sampled_from([b"j", b"l", b"s", b"f", b"v", b""]), soup(_SET_WORDS)), _SET_WORDS),
    Target(
        "schema",
        _schema,
        joined(_schemas().map(as_json), _instances.map(as_json)),
        _SCHEMA_WORDS,
        recursion=_WORKER_RECURSION,
    ),
)
