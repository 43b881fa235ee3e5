"""What comes off the wire, read: documents, problems, frames of streams."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from queuebit_client.errors import BadAnswer, QueuebitError, Unreachable, error_of
from queuebit_client.models import JobEvent, TenantEvent
from queuebit_client.sse import Frame
from queuebit_client.steps import Reply

M = TypeVar("M", bound=BaseModel)


def failure_of(reply: Reply) -> QueuebitError:
    """The exception that an answer of status 400 or more stands for."""
    after = reply.headers.get("retry-after", "")
    retry_after_s = float(after) if after.isascii() and after.isdigit() else None
    try:
        problem = json.loads(reply.body)
    except ValueError:
        problem = None
    return error_of(reply.status, problem if isinstance(problem, dict) else None, retry_after_s)


def read_as(model: type[M], reply: Reply) -> M:
    """The document of an answer. Raises BadAnswer."""
    try:
        return model.model_validate_json(reply.body)
    except ValidationError:
        raise BadAnswer(status=reply.status) from None


def event_of(frame: Frame) -> JobEvent | None:
    """The event of a frame; None for a frame that carries none."""
    if frame.data is None or frame.id is None:
        return None
    try:
        message = json.loads(frame.data)
        return JobEvent(
            version=int(frame.id),
            name=frame.event,
            time=message["time"],
            data=message["data"],
            cloud_event=message,
        )
    except (ValueError, KeyError, TypeError):
        raise BadAnswer("The stream carries something that is no event of Queuebit.") from None


def tenant_event_of(frame: Frame) -> TenantEvent | None:
    """The event of a frame of all jobs; None for a frame that carries none. Raises BadAnswer."""
    if frame.data is None or frame.id is None:
        return None
    try:
        message = json.loads(frame.data)
        reset = {"streamversion": 0, "time": message.get("time"), "data": message}
        about = message if "specversion" in message else reset
        return TenantEvent.model_validate(
            {
                "version": about["streamversion"],
                "name": frame.event,
                "time": about["time"],
                "data": about["data"],
                "cloud_event": message,
                "cursor": frame.id,
                "job_id": about.get("subject"),
            }
        )
    except (ValueError, KeyError, TypeError):
        raise BadAnswer("The stream carries something that is no event of Queuebit.") from None


def unreachable(error: Exception) -> Unreachable:
    """What a transport failed with, wrapped once; only the kind of failure is told."""
    return Unreachable(f"The server does not answer ({type(error).__name__}).")
