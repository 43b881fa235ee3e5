"""The one error tree of this package. Each class says by its docstring what happened, and whether trying again can help."""

from __future__ import annotations


class ShellError(Exception):
    """Something of the shared shell failed."""

    transient = False
    remedy: str | None = None
    """What to do about it, where that does not depend on who noticed."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or (self.__doc__ or "").strip())


class BusError(ShellError):
    """The bus could not do it now. Transient: try again."""

    transient = True


class RecordTooLarge(BusError):
    """The broker refuses a record of this size. Permanent: send less."""

    transient = False


class AccessDenied(BusError):
    """Kafka knows us and does not let us do it. Transient: rights can be given while we run."""

    remedy = "Grant it: `python -m queuebit_runtime topics --acls` as a user that may."


class LoginRefused(BusError):
    """Kafka runs, and does not let us in. Permanent: other credentials are needed."""

    transient = False
    remedy = (
        "Set QUEUEBIT_KAFKA_USERNAME and QUEUEBIT_KAFKA_PASSWORD (or _PASSWORD_FILE), QUEUEBIT_KAFKA_SECURITY_PROTOCOL,"
        " QUEUEBIT_KAFKA_SASL_MECHANISM and QUEUEBIT_KAFKA_CA_FILE to what this Kafka expects."
    )


class ManyFailAlike(BusError):
    """Many different jobs fail alike: no poison, but something larger. Transient: nothing is set aside, all is tried again."""

    remedy = (
        "Mend what the log names, often a service of another version. Where the records themselves are wrong, let them be set"
        " aside with `queuebit ops dlq accept`."
    )

    def __init__(self, group: str, topic: str, fingerprint: str, jobs: int) -> None:
        super().__init__(f"Group {group} pauses: {jobs} jobs on {topic} fail alike (fingerprint {fingerprint}).")
        self.group = group
        self.topic = topic
        self.fingerprint = fingerprint
        self.jobs = jobs


class InstanceTaken(BusError):
    """Another live process has the same group instance id. Permanent: give each process its own."""

    transient = False


class DependencyUnavailable(ShellError):
    """Something that the service needs did not answer in time. `remedy` says what to do about it."""

    transient = True

    def __init__(self, detail: str, *, remedy: str) -> None:
        super().__init__(detail)
        self.remedy = remedy


class PoolError(ShellError):
    """The task did not end in the pool."""


class PoolTimeout(PoolError):
    """The task used up its time and was killed."""


class PoolExhausted(PoolTimeout):
    """The task used up its processor time and was killed."""


class PoolStopped(PoolError):
    """The task was stopped on request."""


class PoolMemory(PoolError):
    """The task needed more memory than it may have and was killed."""


class PoolCrashed(PoolError):
    """The process of the task ended by itself. Transient: it may have been killed from outside."""

    transient = True


class Overloaded(ShellError):
    """More is asked of the worker processes than may wait for them. Transient: try again after `retry_after_s`.

    `of_tenant`: it is this tenant's own work that waits.
    """

    transient = True

    def __init__(self, *, of_tenant: bool, retry_after_s: float) -> None:
        super().__init__()
        self.of_tenant = of_tenant
        self.retry_after_s = retry_after_s


class TaskFailed(PoolError):
    """The task raised. `kind` is the class of its error."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail
