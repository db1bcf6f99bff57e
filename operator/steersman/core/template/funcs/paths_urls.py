"""Paths (base, dir, clean, ext, isAbs and their `os` twins, which on Linux are the same) and URLs."""

from __future__ import annotations

from typing import Any

from steersman.core.golang.gourl import URL, URLError, parse_url
from steersman.core.golang.kinds import kind_name
from steersman.core.template.funcs.registry import BOOL, MAP, STRING, FunctionError, FunctionTable

TABLE = FunctionTable()


@TABLE.function("base", "osBase", params=(STRING,), result=STRING)
def base(path: str) -> str:
    """The last element."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


@TABLE.function("dir", "osDir", params=(STRING,), result=STRING)
def directory(path: str) -> str:
    """All but the last element, cleaned."""
    head, slash, _ = path.rpartition("/")
    return clean(head + slash)


@TABLE.function("ext", "osExt", params=(STRING,), result=STRING)
def extension(path: str) -> str:
    """From the last dot of the last element on."""
    _, dot, tail = path.rpartition("/")[2].rpartition(".")
    return dot + tail if dot else ""


@TABLE.function("isAbs", "osIsAbs", params=(STRING,), result=BOOL)
def is_absolute(path: str) -> bool:
    """Whether it starts at the root."""
    return path.startswith("/")


@TABLE.function("clean", "osClean", params=(STRING,), result=STRING)
def clean(path: str) -> str:
    """The shortest equal path."""
    rooted = path.startswith("/")
    elements: list[str] = []
    for element in path.split("/"):
        if element in ("", "."):
            continue
        if element != "..":
            elements.append(element)
        elif elements and elements[-1] != "..":
            elements.pop()
        elif not rooted:
            elements.append("..")
    cleaned = "/".join(elements)
    return f"/{cleaned}" if rooted else cleaned or "."


@TABLE.function("urlParse", params=(STRING,), result=MAP)
def url_parse(text: str) -> dict[str, Any]:
    """The parts of a URL by name."""
    try:
        url = parse_url(text)
    except URLError as error:
        raise FunctionError(f"unable to parse url: {error}") from error
    return {
        "scheme": url.scheme,
        "host": url.host,
        "hostname": url.hostname(),
        "path": url.path,
        "query": url.query,
        "opaque": url.opaque,
        "fragment": url.fragment,
        "userinfo": url.userinfo or "",
    }


@TABLE.function("urlJoin", params=(MAP,), result=STRING)
def url_join(parts: dict[str, Any] | None) -> str:
    """A URL of the parts that `urlParse` names."""
    given = parts or {}
    scheme, host, path, query, opaque, fragment, userinfo = (
        _part(given, name) for name in ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")
    )
    return str(URL(scheme, opaque, _read_userinfo(userinfo), host, path, query, fragment))


def _part(parts: dict[str, Any], name: str) -> str:
    value = parts.get(name, "")
    if value is None:
        raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
    if not isinstance(value, str):
        raise FunctionError(f"unable to parse {name} key, must be of type string, but {kind_name(value)} found")
    return value


def _read_userinfo(text: str) -> str | None:
    if not text:
        return None
    try:
        return parse_url(f"proto://{text}@host").userinfo
    except URLError as error:
        raise FunctionError(f"unable to parse userinfo in dict: {error}") from error
