"""From the API's types to structural OpenAPI v3 schemas, as CustomResourceDefinitions need them.

Called by `core.api.crd`. Every type is written out in place (structural schemas know no `$ref`). What a field is and
its bounds come from its type and `Meta`; CEL rules from `ApiStruct.rules` and the Meta of leaves (`base.text`, which
also stands for patterns). Messages of leaves get the field's path in front; those of structs name their fields, where
`{path}` is the struct's own path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import NODEFAULT, UNSET, inspect

from steersman.core.api.base import VALIDATIONS, ApiStruct

Schema = dict[str, Any]


def schema_of(type_: type[ApiStruct], path: str) -> Schema:
    """The schema of this type where it stands at `path` (`spec`)."""
    return _convert(inspect.type_info(type_), path)


def rules_at(type_: type[ApiStruct], path: str) -> tuple[dict[str, str], ...]:
    """The rules of the field at a path like `spec.valuesFrom[0].name`, whose first part stands for the type."""
    top, *parts = re.sub(r"\[\d+\]", ".[]", path).split(".")
    schema = schema_of(type_, top)
    for part in parts:
        schema = schema["items"] if part == "[]" else schema["properties"][part]
    return tuple(schema.get(VALIDATIONS, ()))


def unknown_fields(type_: type[ApiStruct], value: Any, path: str) -> list[str]:
    """Paths of what the type at `path` has no field for, which kubectl would refuse."""
    return list(_unknown(schema_of(type_, path), value, path))


def _unknown(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _unknown(schema["items"], item, f"{path}[{index}]")
    elif isinstance(value, dict) and "properties" in schema:
        for name, item in value.items():
            if name in schema["properties"]:
                yield from _unknown(schema["properties"][name], item, f"{path}.{name}")
            else:
                yield f"{path}.{name}"


def _convert(type_: inspect.Type, path: str) -> Schema:
    match type_:
        case inspect.Metadata(type=inner, extra_json_schema=extra):
            return _with_extra(_convert(inner, path), extra or {}, path)
        case inspect.UnionType(types=types):
            (inner,) = (item for item in types if not isinstance(item, inspect.NoneType))
            return _convert(inner, path)
        case inspect.StructType():
            return _struct(type_, path)
        case inspect.VarTupleType(item_type=item, min_length=low, max_length=high):
            return {
                "type": "array",
                **_present(minItems=low, maxItems=high),
                "items": _convert(item, f"{path}[]"),
            }
        case inspect.StrType(min_length=low, max_length=high):
            return {"type": "string", **_present(minLength=low, maxLength=high)}
        case inspect.LiteralType(values=values):
            return {"type": "string", "enum": list(values)}
        case inspect.IntType(ge=low, le=high):
            return {"type": "integer", "format": "int64", **_present(minimum=low, maximum=high)}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.DateTimeType():
            return {"type": "string", "format": "date-time", "maxLength": 64}
        case inspect.DictType():
            return {"type": "object"}
        case _:
            raise TypeError(f"{path}: no schema for {type_!r}; add the type here or use another one")


def _struct(type_: inspect.StructType, path: str) -> Schema:
    schema: Schema = {"type": "object"}
    required = [field.encode_name for field in type_.fields if field.required]
    if required:
        schema["required"] = required
    schema["properties"] = {
        field.encode_name: _field(field, f"{path}.{field.encode_name}".removeprefix("."))
        for field in sorted(type_.fields, key=lambda field: field.encode_name)
    }
    if issubclass(type_.cls, ApiStruct) and type_.cls.rules:
        schema[VALIDATIONS] = [rule.at(path).to_schema() for rule in type_.cls.rules]
    return schema


def _field(field: inspect.Field, path: str) -> Schema:
    schema = _convert(field.type, path)
    is_leaf = schema["type"] == "boolean" or "enum" in schema
    if is_leaf and field.default not in (NODEFAULT, UNSET, None):
        schema["default"] = field.default
    return schema


def _with_extra(schema: Schema, extra: Schema, path: str) -> Schema:
    """The schema under a `Meta`: with description and extensions, and the path in its rules' messages."""
    rules = [{**rule, "message": f"{path} {rule['message']}"} for rule in extra.get(VALIDATIONS, ())]
    merged = {**extra, **schema}
    return {**merged, VALIDATIONS: rules} if rules else merged


def _present(**bounds: int | float | None) -> Schema:
    return {name: value for name, value in bounds.items() if value is not None}
