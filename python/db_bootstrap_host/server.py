"""The loop: a thread reads requests and cancellations, the main thread answers one request after the other."""

import json
import os
import platform
import queue
import sys
import threading

from . import running
from .memory import memory
from .failure import Cancelled, Failure, describe
from .methods import find_method
from .project import in_database, passwords
from .sources import places

PROTOCOL = 1


class Server:
    """Answers the requests of one parent; ends with it."""

    def __init__(self, requests, answers):
        self._requests = requests
        self._answers = answers
        self._queue = queue.Queue()

    def serve(self):
        """Never returns: the process ends when its parent closes the pipe, or is gone."""
        greeting = {"protocol": PROTOCOL, "python": platform.python_version(), "executable": sys.executable}
        self._write(dict(greeting, places=places()))
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            self._answer(self._queue.get())

    def _read(self):
        try:
            for line in self._requests:
                request = json.loads(line)
                if request["method"] == "cancel":
                    running.cancel(request["params"]["id"])
                else:
                    self._queue.put(request)
        finally:
            # Nobody hears us any more; what is open in the database is rolled back by the server.
            os._exit(1)

    def _answer(self, request):
        number = request["id"]
        answer = {"id": number}
        try:
            with running.request(number):
                params = request.get("params") or {}
                with in_database(params.get("alias")):
                    answer["result"] = find_method(request["method"])(
                        params, lambda event: self._write({"id": number, "event": event})
                    )
        except SystemExit as error:
            answer["error"] = describe(Failure("internal", "the project ended the process (%r)" % (error.code,)))
        except (Exception, Cancelled, KeyboardInterrupt) as error:
            answer["error"] = self._error(number, error)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass  # The project closed it, or nobody reads it.
        answer.update(memory=memory(), secrets=passwords())
        self._write(answer)

    def _error(self, number, error):
        told = describe(error)
        if running.was_cancelled(number):
            told = {"kind": "cancelled", "message": "the request was cancelled"}
        return told

    def _write(self, message):
        # Text that is no valid Unicode (file names, driver messages) must not break the line.
        try:
            text = json.dumps(message)
            self._answers.write(text + "\n")
            self._answers.flush()
        except BrokenPipeError:
            os._exit(1)
