"""Steersman keeps Helm charts installed as their HelmRelease objects say."""

__version__ = "0.1.0"
