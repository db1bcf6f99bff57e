"""Benchmarks, each beside Helm in the same run: `__main__` (installing many releases), `renders` (rendering charts)."""
