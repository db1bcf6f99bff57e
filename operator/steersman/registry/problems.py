"""What went wrong with a connection, in words a user can act on.

Called by `http` where requests or urllib3 raised. Their own texts quote URLs, and a URL may be a signed one.
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from http.client import BadStatusLine, RemoteDisconnected
from urllib.parse import urlsplit

import requests
import urllib3

from steersman.registry.errors import TlsProblem

_LONGEST_WAIT = 86_400.0


def retry_after(response: requests.Response) -> float | None:
    """Seconds of a Retry-After header in either of its two forms, a day at most."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(float(value), _LONGEST_WAIT)
    try:
        return min(max(0.0, parsedate_to_datetime(value).timestamp() - time.time()), _LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None


def connection_problem(error: Exception, url: str) -> str:
    """What happened, without the URL that requests puts into its texts: it may be a signed one."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    where = f" from {host}" if host else ""
    match error:
        case requests.ConnectTimeout() | urllib3.exceptions.ConnectTimeoutError():
            return f"no connection in time{where}"
        case requests.Timeout() | urllib3.exceptions.TimeoutError():
            return f"no answer in time{where}"
        case _:
            return f"connection failed{where} ({_root_cause(error)})"


def proxy_problem(error: Exception, proxy: str) -> str:
    """Why the proxy, as messages name it, is of no use."""
    cause = _root_cause(error)
    if "407" in cause:
        return proxy_refused(proxy)
    return f"the proxy {proxy} cannot be reached or does not let us through ({cause})"


def proxy_refused(proxy: str) -> str:
    """That the proxy wants to know who we are."""
    return f"the proxy {proxy} refused us: 407 (authentication required)"


def _root_cause(error: BaseException) -> str:
    """The innermost reason (`Connection refused`), which requests and urllib3 wrap several times."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    if isinstance(error, urllib3.exceptions.IncompleteRead):
        return "fewer bytes than announced"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, RemoteDisconnected):  # before BadStatusLine, which it also is
        return "it hung up without an answer"
    if isinstance(error, BadStatusLine):
        return "it does not speak HTTP"
    if isinstance(error, OSError) and str(error).startswith("Tunnel connection failed"):
        return str(error)
    return type(error).__name__


def tls_problem(error: Exception) -> str:
    """Why there is no TLS connection."""
    return f"TLS failed: {_root_cause(error)}"


def tls_kind(error: Exception) -> TlsProblem:
    """What kind of trouble that is."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return TlsProblem.UNTRUSTED
    if "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER_FAILURE" in str(error):
        return TlsProblem.PLAIN_HTTP
    if "PROTOCOL_VERSION" in str(error) or "UNSUPPORTED_PROTOCOL" in str(error):
        return TlsProblem.OLD_VERSION
    return TlsProblem.OTHER
