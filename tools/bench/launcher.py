"""Starts commands and tells what each took: a process of its own, because it has to be small.

Linux counts what a process had in memory before it became another program, so whoever starts the measured programs must
not be larger than they are. Run by `renders`; reads a JSON object a line (`command`, `environment`), and answers each
with CPU seconds, peak memory in KiB, and the exit code.
"""

import json
import os
import sys

_NULL = os.open(os.devnull, os.O_RDWR)
_FILES = [(os.POSIX_SPAWN_DUP2, _NULL, number) for number in (0, 1, 2)]


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        command = asked["command"]
        pid = os.posix_spawn(command[0], command, asked["environment"], file_actions=_FILES)
        _, status, usage = os.wait4(pid, 0)
        answer = [usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
