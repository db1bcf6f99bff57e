"""A few plain requests to the API server, for starting an instance and for marks in the audit log.

Not a client library: no watches, no retries, one connection per request.
"""

import http.client
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testenv.ports import LOOPBACK

TIMEOUT = 30.0


@dataclass(frozen=True)
class Answer:
    """Status code and body of an answer."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status < 300

    def json(self) -> Any:
        return json.loads(self.body)


class Api:
    """Requests with one token to the API server of one instance."""

    def __init__(self, port: int, token: str, ca_file: Path) -> None:
        self._port = port
        self._token = token
        self._tls = ssl.create_default_context(cafile=str(ca_file))

    def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        content_type: str = "application/json",
        agent: str = "steersman-testenv",
    ) -> Answer:
        """One request; `body` is sent as it is when it is bytes, as JSON otherwise."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type, "User-Agent": agent}
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPSConnection(LOOPBACK, self._port, context=self._tls, timeout=TIMEOUT)
        try:
            connection.request(method, path, body=payload, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()

    def ready(self) -> bool:
        """Whether /readyz says ok: every start-up hook, the RBAC defaults among them, has run."""
        try:
            return self.request("GET", "/readyz").ok
        except OSError:
            return False

    def apply(self, path: str, document: bytes) -> Answer:
        """Server-side apply of one YAML or JSON document."""
        return self.request(
            "PATCH",
            f"{path}?fieldManager=steersman-testenv",
            body=document,
            content_type="application/apply-patch+yaml",
        )
