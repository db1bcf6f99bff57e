"""A real Kubernetes control plane on one machine, for the tests, the demo and the benchmarks.

`python -m testenv` (cli.py) is for people and the Makefile; `testenv.instance.Instance` is for tests/conftest.py,
tools/demo.py and tools/bench. Both need the repository's virtual environment (psutil, cryptography) and `tools` on the
Python path. What runs is listed in servers.py, where the binaries come from in binaries.py.
"""
