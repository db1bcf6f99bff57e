"""Names of objects, by kind."""

from __future__ import annotations

import pytest

from steersman.core.lint.names import check_name


@pytest.mark.parametrize(
    ("kind", "name", "problem"),
    [
        ("ConfigMap", "a.b-c", ""),
        ("ConfigMap", "a_b", "a lowercase RFC 1123 subdomain must consist of"),
        ("ConfigMap", "", "a lowercase RFC 1123 subdomain must consist of"),
        ("ConfigMap", "a" * 254, "must be no more than 253 characters"),
        ("Service", "a-b", ""),
        ("service", "1a", "a DNS-1035 label must consist of"),
        ("Namespace", "1a", ""),
        ("Namespace", "a.b", "must not contain dots"),
        ("Namespace", "A", "a lowercase RFC 1123 label must consist of"),
        ("ClusterRole", "system:a b", ""),
        ("Role", "a/b", "may not contain '/'"),
        ("RoleBinding", "..", "may not be '..'"),
        ("CertificateSigningRequest", "A/%", ""),
    ],
)
def test_names(kind: str, name: str, problem: str) -> None:
    found = check_name(kind, name)
    assert (problem in found) if problem else not found


def test_several_problems_stand_in_brackets() -> None:
    assert check_name("Role", "a/%").endswith(
        """"a/%": [metadata.name: Invalid value: "a/%": may not contain '/', """
        """metadata.name: Invalid value: "a/%": may not contain '%']"""
    )
