"""How long it takes to import the core and each handler: what every cold start pays.

Processor time in fresh interpreters, the least of several, since other work on the machine can only add to it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_TRIES = 9
_CORE = "import roster.plan"
_HANDLER = "import runpy; runpy.run_path({path!r}, run_name='handler')"
_TIMED = "import time; t = time.process_time(); {code}; print((time.process_time() - t) * 1000)"


def milliseconds() -> dict[str, float]:
    """Milliseconds to import `roster.plan`, and each handler with its clients made."""
    handlers = sorted(_ROOT.glob("functions/*/handler.py"))
    least = {"roster": min(_measure(_CORE) for _ in range(_TRIES))}
    return least | {path.parent.name: min(of_handler(path) for _ in range(_TRIES)) for path in handlers}


def of_handler(handler: Path) -> float:
    """Milliseconds to import a handler once."""
    return _measure(_HANDLER.format(path=str(handler)))


def _measure(code: str) -> float:
    # Every variable that the template gives a function; some are numbers.
    told = dict.fromkeys(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+(?=: )", (_ROOT / "template.yaml").read_text()), "1")
    aws = {"AWS_DEFAULT_REGION": "eu-west-2", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    path = os.pathsep.join(str(_ROOT / layer) for layer in ("layers/core", "layers/aws"))
    # Bytecode is kept, as it is wherever the code is installed; the least of several tries has read it.
    ours = ("AWS_", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    ran = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code=code)],
        env=environment | told | aws | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ran.stdout)
