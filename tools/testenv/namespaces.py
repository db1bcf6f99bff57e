"""Namespaces for tests: each new, usable at once, thrown away without waiting."""

import time
import uuid

from testenv.api import Api
from testenv.errors import TestenvError

PATIENCE = 60.0


def create(api: Api, prefix: str) -> str:
    """A namespace nobody else uses, with its default ServiceAccount: without that, pods are refused."""
    name = f"{prefix[:40].strip('-')}-{uuid.uuid4().hex[:6]}"
    metadata = {"name": name}
    answer = api.request("POST", "/api/v1/namespaces", body={"metadata": metadata})
    if not answer.ok:
        raise TestenvError(f"namespace {name} was not created: {answer.body.decode()}")
    deadline = time.monotonic() + PATIENCE
    while not api.request("GET", f"/api/v1/namespaces/{name}/serviceaccounts/default").ok:
        if time.monotonic() > deadline:
            raise TestenvError(f"namespace {name} got no default ServiceAccount: does the controller manager run?")
        time.sleep(0.02)
    return name


def remove(api: Api, name: str) -> None:
    """Ask for its deletion; the control plane sees to the rest, for as long as it lives."""
    api.request("DELETE", f"/api/v1/namespaces/{name}")
