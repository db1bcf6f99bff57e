"""The operator as a real process on a test bench: for the demo, the tests and the benchmarks."""
