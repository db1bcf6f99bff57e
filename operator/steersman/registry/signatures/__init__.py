"""Signatures of charts: what is demanded, where they are found, whether they hold."""
