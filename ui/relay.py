"""A long call in a thread of its own, whose results are handed over while it runs.

The page must answer a click on Stop at once, and cannot while it waits inside the model. One thread for the whole call
also keeps the model and the database connection in the thread that opened them.
"""

import threading
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")

POLL_SECONDS = 0.1


class _End:
    """The last thing a call hands over: what it raised, or None."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def relay(call: Callable[[Callable[[Item], None]], None], stopped: threading.Event) -> Iterator[Item]:
    """Yield what ``call(emit)`` emits, and raise what it raises, until ``stopped`` is set.

    Closing the iterator sets ``stopped``, too. The call is not waited for: it ends itself when it next looks.
    """
    items: SimpleQueue[Item | _End] = SimpleQueue()

    def run() -> None:
        error: BaseException | None = None
        try:
            call(items.put)
        except BaseException as raised:
            error = raised
        items.put(_End(error))

    threading.Thread(target=run, name="newsdesk-call", daemon=True).start()
    try:
        while not stopped.is_set():
            try:
                item = items.get(timeout=POLL_SECONDS)
            except Empty:
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stopped.set()
