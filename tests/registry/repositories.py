"""HTTP repositories for tests: charts, their index, and a script that serves both as a web server would."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from packing import packed
from registry.scripted import Reply, Request, Script, ScriptedServer, sha256

PREFIX = "/charts"


def chart(name: str = "web", version: str = "1.0.0") -> bytes:
    """A chart archive."""
    return packed({"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n"}, folder=name)


def entry(name: str, version: str, url: str = "", digest: str = "") -> str:
    """A version in an index."""
    url = url or f"{name}-{version}.tgz"
    return f"  - {{apiVersion: v2, name: {name}, version: '{version}', urls: ['{url}'], digest: '{digest}'}}\n"


def index(*entries: str, name: str = "web") -> bytes:
    """An index of one chart."""
    return f"apiVersion: v1\nentries:\n  {name}:\n{''.join(entries)}".encode()


def serving(files: Mapping[str, bytes], *, validators: str = "etag") -> Script:
    """A web server: files by path below the prefix, conditional requests by ETag, by date or not at all."""

    def answer(request: Request) -> Reply:
        body = files.get(request.path.partition("?")[0].removeprefix(f"{PREFIX}/"))
        if body is None:
            return Reply(404, b"<html>not found</html>")
        mark = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if validators == "etag":
            if request.headers.get("If-None-Match") == mark:
                return Reply(304, headers={"ETag": mark})
            return Reply(200, body, {"ETag": mark})
        if validators == "date":
            # Dates tell whether something is newer; here one stands for each content.
            date = f"Wed, 21 Oct 2015 07:28:{hashlib.sha256(body).digest()[0] % 60:02d} GMT"
            if request.headers.get("If-Modified-Since") == date:
                return Reply(304)
            return Reply(200, body, {"Last-Modified": date})
        return Reply(200, body)

    return answer


WEB = chart()
INDEX = index(entry("web", "1.0.0", digest=sha256(WEB)), entry("web", "0.9.0", digest="0" * 64))
FILES = {"index.yaml": INDEX, "web-1.0.0.tgz": WEB, "web-1.0.0.tgz.prov": b"signed"}


def at(server: ScriptedServer, path: str = "") -> str:
    """A URL of the repository that this server is to serve."""
    return f"http://{server.host}{PREFIX}{path}"
