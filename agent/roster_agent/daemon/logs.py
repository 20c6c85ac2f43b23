"""The agent's log: logs/agent.log in the state folder, five files of a megabyte at the most; of uploads logs/push.log.

Comes in: the messages of the logger ``roster_agent``, from `run` alone, so that the files have one writer. None holds a
username, a class or a token: failures never do, and what is no failure of ours is told by its kind and place only.
Other libraries' messages stay out: they may quote addresses that let one in.
"""

import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

_BYTES = 1_000_000
_FILES = 4
FILE = "agent.log"


def begin(folder: Path, file: str = FILE) -> logging.Logger:
    """Log to files in `folder`, and to a terminal where somebody watches."""
    # A full disk must not end the agent, nor fill the service manager's own log.
    logging.raiseExceptions = False
    files = RotatingFileHandler(folder / file, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", delay=True)
    logger = logging.getLogger("roster_agent")
    end(logger)
    logger.propagate = False
    logger.addHandler(files)
    if sys.stderr and sys.stderr.isatty():
        logger.addHandler(logging.StreamHandler())
    form = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    for handler in logger.handlers:
        handler.setFormatter(form)
    logger.setLevel(logging.INFO)
    return logger


def end(logger: logging.Logger) -> None:
    """Let go of the files."""
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def place(bug: BaseException) -> str:
    """The kind of an error and the place of its cause, without its text, which may quote a name."""
    trace = bug.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    code = trace.tb_frame.f_code if trace else None
    where = f" in {Path(code.co_filename).name}, {code.co_name}, line {trace.tb_lineno}" if code and trace else ""
    return f"{type(bug).__name__}{where}"
