"""From a problem file and flags to the body of a submission."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from queuebit_client.cli.options import Submission
from queuebit_client.errors import QueuebitError, WrongField

FILE_BYTES_MAX = 64 * 1024 * 1024


class BadFile(QueuebitError):
    """The file cannot be submitted."""

    code = "bad_file"


class BadFlag(QueuebitError):
    """A flag is not usable."""

    code = "bad_flag"


def body_of(submission: Submission) -> dict[str, Any]:
    """The body of POST /v1/jobs. Flags win over what the file says. Raises BadFile or BadFlag."""
    params = {name: _scalar(value) for name, value in _pairs(submission.params, "--param").items()}
    labels = _pairs(submission.labels, "--label")
    body = _document(submission, _text(submission.file), params)
    wishes = {
        "lane": submission.lane,
        "tier": submission.tier,
        "budget_s": submission.budget_s,
        "latency_budget_s": submission.latency_budget_s,
        "deadline": submission.deadline,
        "seed": submission.seed,
    }
    body.update({name: value for name, value in wishes.items() if value is not None})
    if params:
        body["params"] = {**body.get("params", {}), **params}
    if labels:
        body["labels"] = {**body.get("labels", {}), **labels}
    return body


def _text(file: str) -> str:
    try:
        raw = sys.stdin.buffer.read(FILE_BYTES_MAX + 1) if file == "-" else _read(Path(file))
        if len(raw) > FILE_BYTES_MAX:
            raise BadFile(f"{file} is larger than {FILE_BYTES_MAX} bytes.", remedy="State a smaller problem.")
        return raw.decode()
    except OSError as error:
        raise BadFile(f"{file}: {error.strerror or error}.", remedy="Name a file that can be read.") from None
    except UnicodeDecodeError:
        raise BadFile(f"{file} is not text in UTF-8.", remedy="Convert it to UTF-8.") from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX + 1)


def _document(submission: Submission, text: str, params: dict[str, Any]) -> dict[str, Any]:
    """The body as the file states it: a request, a problem, a bare statement, or a format of the field."""
    document = _json(submission.file, text)
    if document is None:
        return {"problem": _of_the_field(submission, text, params)}
    if "problem" in document:
        body = dict(document)
    elif "kind" in document and "statement" in document:
        body = {"problem": document}
    elif submission.kind is not None:
        body = {"problem": {"kind": submission.kind, "statement": document}}
    else:
        raise BadFile(
            f"{submission.file} does not say what kind of problem it is.", remedy="Add --kind; `queuebit kinds list`."
        )
    stated = body["problem"].get("kind") if isinstance(body["problem"], dict) else None
    if submission.kind is not None and stated != submission.kind:
        raise BadFlag(f"The file states the kind {stated}, --kind says {submission.kind}.", remedy="Leave --kind out.")
    return body


def _json(file: str, text: str) -> dict[str, Any] | None:
    """The JSON object in the text; None where the text does not begin like one."""
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return None
    try:
        document = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise BadFile(
            f"{file} is not valid JSON: {error}.", remedy="Correct it; it begins like a JSON object."
        ) from None
    return dict(document)


def _of_the_field(submission: Submission, text: str, params: dict[str, Any]) -> dict[str, Any]:
    """A file in one of the field's own formats, read by its kind, where the kinds are installed."""
    try:
        from queuebit_problems.errors import ProblemError
        from queuebit_problems.files import read_problem
    except ImportError:
        raise BadFile(
            "Only JSON problems can be read here: the formats of the field need the package of problem kinds.",
            remedy="Install it: pip install 'queuebit[problems]'.",
        ) from None
    name = "" if submission.file == "-" else Path(submission.file).name
    try:
        problem = read_problem(text, file_name=name, kind=submission.kind, params=params)
    except ProblemError as error:
        fields = [WrongField(item.pointer, item.code, item.detail) for item in error.fields]
        raise BadFile(f"{submission.file}: {error.detail}", remedy=error.remedy, fields=fields) from None
    return problem.model_dump(mode="json")


def _pairs(texts: list[str], flag: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadFlag(f"{flag} {text} is not of the form name=value.", remedy=f"Write {flag} name=value.")
        pairs[name] = value
    return pairs


def _scalar(text: str) -> bool | int | float | str:
    """A number or a truth value where the text is one in JSON, else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text
