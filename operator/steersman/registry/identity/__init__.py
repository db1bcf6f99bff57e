"""Credentials for a cloud's registry out of a workload's identity, without any stored password.

`broker.WorkloadIdentities` is what the controller asks; `aws`, `gcp`, `azure` and `generic` each know one way from a
ServiceAccount's token (or the operator's own identity) to a `Credential`, by the exchanges that the clouds document.
`exchange` speaks HTTP with their endpoints. Those are named by this code and by the operator's environment, never by a
HelmRelease, so the policy about addresses (`registry.reach`) is not asked: metadata services are link-local.
"""
