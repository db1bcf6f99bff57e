"""A registry alone, without a control plane: for tests of pulling and pushing that need no cluster.

The one of an instance (instance.py) is the same program with the same settings; here a test may add to them, as in
`{"auth": {"htpasswd": {"realm": "test", "path": "..."}}}` or `{"http": {"tls": {...}}}`.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testenv.binaries import locate_program
from testenv.errors import PortTaken
from testenv.ports import LOOPBACK, free_ports
from testenv.processes import ProcessId, Server, end, start, wait_for_port
from testenv.servers import registry_configuration

ATTEMPTS = 5
TIMEOUT = 30.0


@dataclass(frozen=True)
class Registry:
    """A registry that runs."""

    host: str
    """`127.0.0.1:PORT`."""
    access_log: Path
    log: Path

    def requests(self) -> list[str]:
        """The access log so far, one line a request."""
        return self.access_log.read_text().splitlines()


@contextmanager
def serve_registry(folder: Path, settings: Mapping[str, Any] | None = None) -> Iterator[Registry]:
    """Run a registry with its data, settings and logs in `folder`, until the block ends."""
    process, registry = _start(folder, settings or {})
    try:
        yield registry
    finally:
        end([process])


def _start(folder: Path, settings: Mapping[str, Any]) -> tuple[ProcessId, Registry]:
    for attempt in range(1, ATTEMPTS + 1):
        server, registry = _prepare(folder / f"registry-{attempt}", settings)
        process = start(server, folder)
        try:
            wait_for_port(server, process, TIMEOUT)
        except BaseException as error:
            end([process])
            if not isinstance(error, PortTaken) or attempt == ATTEMPTS:
                raise
        else:
            return process, registry
    raise AssertionError("the last attempt returns or raises")


def _prepare(folder: Path, settings: Mapping[str, Any]) -> tuple[Server, Registry]:
    folder.mkdir(parents=True)
    (port,) = free_ports(1)
    config = folder / "config.json"
    config.write_text(json.dumps(_merged(registry_configuration(folder / "data", port), settings)))
    registry = Registry(f"{LOOPBACK}:{port}", folder / "access.log", folder / "registry.log")
    command = (str(locate_program("registry")), "serve", str(config))
    return Server("registry", command, registry.log, output=registry.access_log, port=port), registry


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in more.items():
        nested = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = _merged(result[key], value) if nested else value
    return result
