"""What can go wrong when servers are started on this machine. The class docstring is the default message."""

from __future__ import annotations

from typing import ClassVar


class DevstackError(Exception):
    """The development stack failed."""

    transient: ClassVar[bool] = False
    """Whether the same call may succeed when repeated as it is."""

    def __init__(self, message: str | None = None, *, remedy: str | None = None) -> None:
        """`message` says what happened, `remedy` what the reader can do about it."""
        self.message = message or (type(self).__doc__ or "").strip()
        self.remedy = remedy
        super().__init__(f"{self.message} {remedy}" if remedy else self.message)


class JarsUnavailable(DevstackError):
    """The jars of Apache Kafka are neither cached nor to be fetched."""

    transient = True


class JarsCorrupt(DevstackError):
    """A jar does not have the checksum that it was pinned with."""


class JavaMissing(DevstackError):
    """No Java runtime of version 17 or later was found."""


class PostgresMissing(DevstackError):
    """The PostgreSQL wheel is not installed."""


class ToolFailed(DevstackError):
    """A helper program ended with an error."""


class DataUnusable(DevstackError):
    """The data of a server cannot be used as it is."""


class ServerFailed(DevstackError):
    """A server ended, or did not become ready in time."""

    transient = True


class ServiceFailed(DevstackError):
    """A service ended, or did not become ready in time."""

    transient = True


class RestoredCopy(DevstackError):
    """The database came back from a copy, and no epoch has begun since: ids would be said twice."""


class StackBusy(DevstackError):
    """Another process runs a stack in this data folder."""

    transient = True


class StateUnreadable(DevstackError):
    """The state file of the stack cannot be read."""


class UnknownProcess(DevstackError):
    """The stack has no process of this name."""
