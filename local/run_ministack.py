"""The emulator's process: runs ministack, and ends it when standard input closes.

The parent holds the other end of that pipe and writes nothing to it. If the parent is killed, the pipe closes, and the
emulator ends with the functions that it runs: they are all in one process group.
"""

import os
import signal
import threading

from ministack.app import main


def _end_with_the_parent() -> None:
    # os.read, and not sys.stdin: a thread inside sys.stdin would hold its lock when the interpreter ends.
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    main()
