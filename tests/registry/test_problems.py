"""Headers and errors of others, as data."""

from __future__ import annotations

import pytest
import requests

from steersman.registry.problems import connection_problem, retry_after

DAY = 86_400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("", None, id="absent"),
        pytest.param("120", 120, id="seconds"),
        pytest.param(" 0 ", 0, id="now"),
        pytest.param("-5", None, id="negative"),
        pytest.param("9" * 5000, DAY, id="without-end"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0, id="a-date-gone-by"),
        pytest.param("Wed, 21 Oct 2099 07:28:00 GMT", DAY, id="a-date-far-off"),
        pytest.param("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None, id="a-year-beyond-all"),
        pytest.param("Wed, 21 Oct 2099 07:28:00 +99999999999999999999", None, id="a-zone-beyond-all"),
        pytest.param("Wed, 99 Foo 2026", None, id="no-date"),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    response = requests.Response()
    response.headers["Retry-After"] = header
    assert retry_after(response) == seconds


def test_a_connection_that_failed_names_the_port_and_nothing_secret() -> None:
    error = requests.ConnectTimeout("https://h:8443/?sig=secret")
    assert connection_problem(error, "https://me:word@h:8443/c?sig=secret") == "no connection in time from h:8443"
