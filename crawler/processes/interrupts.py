"""How a command ends by a signal: Ctrl-C (SIGINT), a terminal that is closed (SIGHUP), a service manager's SIGTERM.

In three parts of its life, each with handlers of its own: while it starts, it ends at once (:func:`leave_at_once`);
while it works, it ends in order (:func:`raising`; a crawl by :mod:`crawler.utils.process`); when its work is
done, nothing disturbs what is left (:func:`ignore`). A signal that was ignored when the command was started, as
``nohup`` ignores SIGHUP, stays ignored.

It imports as little as it can: until it is loaded, a signal is Python's own traceback.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NoReturn

from crawler.exceptions import STOPPED

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

GROUP_SIGNALS: Final[tuple[signal.Signals, ...]] = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""What a terminal or a service manager sends to all processes of a command at once."""

Handler = Callable[[int, FrameType | None], Any]

_AGAIN_SECONDS = 0.01
_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGHUP: "SIGHUP: its terminal was closed"}


def message_of(number: int) -> str:
    """Return the one line for a person whose command was stopped by the signal *number*.

    >>> message_of(signal.SIGINT)
    'stopped by Ctrl-C'
    """
    return f"stopped by {_NAMES.get(signal.Signals(number), signal.Signals(number).name)}"


def install(handler: Handler | signal.Handlers, numbers: tuple[signal.Signals, ...] = GROUP_SIGNALS) -> None:
    """Handle the signals *numbers* by *handler*, but those that are ignored."""
    for number in numbers:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def leave_at_once() -> None:
    """From now on, end at the first signal, with one line and exit code 11: there is nothing yet to bring in order."""
    install(leave)


def leave(number: int, _frame: FrameType | None = None, code: int = STOPPED) -> NoReturn:
    """End this process now; what is written stays."""
    with suppress(OSError):
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"gleaner: {message_of(number)}\n".encode())
    os._exit(code)


def ignore() -> None:
    """From now on, let no signal disturb the end."""
    install(signal.SIG_IGN)


@contextmanager
def raising() -> Iterator[list[int]]:
    """Let a signal raise ``KeyboardInterrupt`` in the block, and ignore signals after it. Gives a list of what came."""
    came: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        came.append(number)
        release_terminal()
        handler = signal.getsignal(signal.SIGINT)  # asyncio and Scrapy set theirs, and end in their own way
        if callable(handler):
            handler(number, frame)
        else:
            raise KeyboardInterrupt

    def unraisable(lost: UnraisableHookArgs) -> None:
        """Interrupt again if an interrupt fell into a destructor, where Python only prints it."""
        if lost.exc_type is KeyboardInterrupt:
            # Once this hook has returned. A real signal also ends a system call that the thread waits in.
            next_signal = threading.Timer(_AGAIN_SECONDS, signal.pthread_kill, (threading.get_ident(), signal.SIGINT))
            next_signal.daemon = True
            next_signal.start()
        else:
            sys.__unraisablehook__(lost)

    hook = sys.unraisablehook
    sys.unraisablehook = unraisable
    install(interrupt, (signal.SIGTERM, signal.SIGHUP))
    install(signal.default_int_handler, (signal.SIGINT,))
    try:
        yield came
    finally:
        ignore()
        sys.unraisablehook = hook


@contextmanager
def held_back() -> Iterator[None]:
    """Let signals to the group wait for the end of the block; a process that is started in it begins with them blocked.

    The handlers are the same ones afterwards.
    """
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    in_main_thread = threading.current_thread() is threading.main_thread()  # no other thread runs or sets handlers
    handlers = {number: signal.getsignal(number) for number in GROUP_SIGNALS if in_main_thread}
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, GROUP_SIGNALS)
    try:
        for number, handler in handlers.items():
            if callable(handler):  # another thread may take the signal, so it is not enough to block it in this one
                signal.signal(number, note)
        yield
    finally:
        for number, handler in handlers.items():
            if callable(handler):
                signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for late in dict.fromkeys(came):
            signal.raise_signal(late)


def release_terminal() -> None:
    """Let standard output and error go nowhere if what they went to is gone: a closed terminal, a pipe without reader.

    Each write would be an error, and so would the last one, when Python ends, which takes the exit code's place.
    """
    for number in (1, 2):
        poll = select.poll()
        poll.register(number, 0)  # a hang-up is always reported
        with suppress(OSError):
            if any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0)):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, number)
                os.close(null)
