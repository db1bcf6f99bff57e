"""Benchmarks: what installing many releases costs, beside the floor and beside Helm, all in one run."""
