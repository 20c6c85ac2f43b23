"""Shows a person on stderr what is being done and how long each step took."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console

#: Wraps one step of work: ``with progress("Deploying"): ...``
Progress = Callable[[str], AbstractContextManager[None]]


def silent(_step: str) -> AbstractContextManager[None]:
    """A Progress that shows nothing, for tests."""
    return nullcontext()


def shown(console: Console | None = None) -> Progress:
    """A Progress with a spinner on a terminal, and plain lines elsewhere. A step that raises gets a cross."""
    console = console or Console(stderr=True, highlight=False)

    @contextmanager
    def step(name: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            with console.status(f"{name} …"):
                yield
        except BaseException:
            console.print(f"[red]✗[/] {name}")
            raise
        console.print(f"[green]✓[/] {name} [dim]{time.monotonic() - started:.1f} s[/]")

    return step
