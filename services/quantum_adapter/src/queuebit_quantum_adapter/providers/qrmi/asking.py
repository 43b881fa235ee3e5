"""The verbs of QRMI as their caller has them: each with a deadline, whatever happens to the process that says them."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from typing import Any

from queuebit_quantum_adapter.evidence.port import Exchange, Hear

START_S = 60.0
"""How long the process may take to load QRMI, before its first answer."""
VERBS = "queuebit_quantum_adapter.providers.qrmi.verbs"


class Said(Exception):
    """What QRMI itself raised: the name of its error, and its words."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(f"{kind}: {words}")
        self.kind, self.words = kind, words


class Silent(Exception):
    """No answer in time, or the process is gone: nobody knows what became of what was asked."""


class Verbs:
    """One process that says the verbs of one resource; begun when it is first needed, and anew after it was silent."""

    def __init__(self, resource: str, deadline_s: float) -> None:
        self._resource = resource
        self._deadline_s = deadline_s
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = b""
        self.hear: Hear | None = None
        """Told of every verb about a task: QRMI keeps the wire to itself."""

    def ask(self, verb: str, **more: Any) -> Any:
        """What the verb gave. Raises Said or Silent."""
        fresh = self._process is None or self._process.poll() is not None
        process = self._begun() if fresh else self._process
        assert process is not None
        assert process.stdin is not None
        line = json.dumps({"verb": verb, "deadline_s": self._deadline_s, **more}) + "\n"
        try:
            process.stdin.write(line.encode())
            process.stdin.flush()
        except OSError as error:
            self.close()
            raise Silent(f"{verb}: {error}") from error
        told = json.dumps(more, sort_keys=True).encode()
        try:
            answer = self._answer(process, verb, self._deadline_s + (START_S if fresh else 0.0))
        except Silent:
            self._tell(Exchange(f"qrmi {verb}", told))
            raise
        self._tell(Exchange(f"qrmi {verb}", told, None, json.dumps(answer).encode()))
        if "error" in answer:
            raise Said(str(answer["error"]), str(answer["words"]))
        return answer["gave"]

    def close(self) -> None:
        """End the process, whatever it is at."""
        process, self._process, self._heard = self._process, None, b""
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _tell(self, exchange: Exchange) -> None:
        if self.hear is not None:
            self.hear(exchange)

    def _begun(self) -> subprocess.Popen[bytes]:
        self.close()
        command = (sys.executable, "-m", VERBS, self._resource)
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], verb: str, patience_s: float) -> dict[str, Any]:
        assert process.stdout is not None
        end_s = time.monotonic() + patience_s
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._heard:
                if not selector.select(max(0.0, end_s - time.monotonic())):
                    self.close()
                    raise Silent(f"{verb}: no answer in {patience_s:g} s")
                part = os.read(process.stdout.fileno(), 1 << 16)
                if not part:
                    self.close()
                    raise Silent(f"{verb}: its process is gone")
                self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            # What comes next may answer another verb than the one that is asked.
            self.close()
            raise Silent(f"{verb}: an answer in other words")
        return found
