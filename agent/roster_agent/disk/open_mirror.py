"""The mirror for the length of a pull: whoever needs it first opens it, and it is closed when the pull ends.

Comes in: a state folder, with its lock taken. Goes out: the open mirror, as often as it is asked for. On a full disk a
mirror can only be opened in a makeshift way, which keeps others from reading it. So it is closed after each use; the
next time there may be room. Refused: what `Mirror` refuses.
"""

import contextlib
from collections.abc import Iterator
from types import TracebackType

from roster_agent.disk.mirror import Mirror
from roster_agent.disk.state import State


class OpenMirror:
    """One state folder's mirror, within a `with`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._mirror: Mirror | None = None

    def __enter__(self) -> "OpenMirror":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @contextlib.contextmanager
    def use(self) -> Iterator[Mirror]:
        """The mirror; an empty one is made where there is none. Raises MirrorBroken, MirrorUnusable, DiskFull."""
        if self._mirror is None:
            self._mirror = Mirror(self._state.mirror, create=True)
        try:
            yield self._mirror
        finally:
            if self._mirror.is_makeshift:
                self._close()

    def drop(self) -> None:
        """Delete the mirror; the next use makes an empty one."""
        self._close()
        self._state.forget_mirror()

    def _close(self) -> None:
        if self._mirror is not None:
            self._mirror.close()
            self._mirror = None
