"""The request that is running, and how it is cancelled from another thread."""

import threading
from contextlib import contextmanager

from .failure import Cancelled

_lock = threading.Lock()
_current = None
_cancelled = set()
_ended = threading.Event()
_canceller = None
_connections = []


def watch(connection):
    """From now on cancellations reach this connection, and its failures know their statement."""
    if connection in _connections:
        return
    _connections.append(connection)
    connection.execute_wrappers.append(_execute)


@contextmanager
def request(number):
    """The request that runs inside can be cancelled."""
    global _current, _canceller
    with _lock:
        _current = number
        _ended.clear()
    try:
        if number in _cancelled:
            raise Cancelled()
        yield
    finally:
        with _lock:
            _current = None
            _ended.set()
            thread, _canceller = _canceller, None
        if thread is not None:
            # It must not reach the statements of the next request.
            thread.join()


def cancel(number):
    """Cancels a request that runs now, or that has still to begin."""
    global _canceller
    with _lock:
        _cancelled.add(number)
        if number == _current and _canceller is None:
            _canceller = threading.Thread(target=_cancel_statements, daemon=True)
            _canceller.start()


def was_cancelled(number):
    """Whether a request was cancelled."""
    return number in _cancelled


def _cancel_statements():
    # Again and again: the first try may fall between two statements.
    while not _ended.is_set():
        for wrapper in _connections:
            connection = wrapper.connection
            if connection is None:
                continue
            try:
                if hasattr(connection, "cancel_safe"):
                    connection.cancel_safe(timeout=2)
                else:
                    connection.cancel()
            except Exception:
                pass  # The connection or the server is gone; then the statement ends by itself.
        _ended.wait(0.1)


def _execute(execute, sql, params, many, context):
    if _current in _cancelled:
        raise Cancelled()
    try:
        return execute(sql, params, many, context)
    except Exception as error:
        if not hasattr(error, "db_bootstrap_statement"):
            error.db_bootstrap_statement = (str(sql), not params)
        raise
