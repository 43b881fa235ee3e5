"""From a problem file and flags to the body of a submission."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from queuebit_client.cli.digits import long_integers
from queuebit_client.cli.options import Submission
from queuebit_client.errors import QueuebitError, WrongField

if TYPE_CHECKING:
    from queuebit_contracts.jobs import Problem

FILE_BYTES_MAX = 10_000_000
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


_QPY = b"QISKIT"
_PACKED = {
    b"\x1f\x8b": "gunzip",
    b"\x1f\x9d": "gunzip",
    b"BZh": "bunzip2",
    b"\xfd7zXZ\x00": "unxz",
    b"PK\x03\x04": "unzip",
}
"""How packed files begin, and what unpacks them."""


class BadFile(QueuebitError):
    """The file cannot be submitted."""

    code = "bad_file"


class KindsMissing(BadFile):
    """Only JSON problems that name their kind can be read here: all others need the package of problem kinds."""

    remedy = "Install it: pip install 'queuebit[problems]'."


class BadFlag(QueuebitError):
    """A flag is not usable."""

    code = "bad_flag"


def body_of(submission: Submission, *, here: bool = False) -> dict[str, Any]:
    """The body of POST /v1/jobs. Flags win over what the file says. Raises BadFile or BadFlag.

    With `here`, the problem is checked on this machine whatever its form; else what is stated in our own words is left to
    the server, which may know more kinds and newer ones.
    """
    params = params_of(submission)
    return wished(_document(submission, _problem_text(submission.file), params, here), submission)


def wished(body: dict[str, Any], submission: Submission) -> dict[str, Any]:
    """The body with what the flags say laid over it. Raises BadFlag."""
    params = params_of(submission)
    labels = pairs(submission.labels, "--label")
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


def problem_of(submission: Submission) -> Problem:
    """The problem of the file, checked on this machine. Raises BadFile, KindsMissing or BadFlag."""
    text = _problem_text(submission.file)
    json_of(submission.file, text)
    return _read(submission, text, params_of(submission))


def params_of(submission: Submission) -> dict[str, Any]:
    """The parameters of the job, each as the number or truth value that its text states. Raises BadFlag."""
    return {name: _scalar(value) for name, value in pairs(submission.params, "--param").items()}


def text_of(file: str) -> str:
    """The text of a file; - is standard input. Raises BadFile."""
    return _decoded(file, _raw(file))


def _problem_text(file: str) -> str:
    """The text of a file that states a problem: of an instance of OMMX as bytes its JSON form. Raises BadFile, KindsMissing."""
    raw = _raw(file)
    if not file.lower().endswith(".ommx") or raw.lstrip().startswith(b"{"):
        return _decoded(file, raw)
    try:
        from queuebit_problems.errors import UnreadableFile
        from queuebit_problems.formats.ommx_binary import json_of_ommx
    except ImportError:
        raise KindsMissing(f"{file} is read by the package of problem kinds.") from None
    try:
        return json_of_ommx(raw, file)
    except UnreadableFile as error:
        raise BadFile(error.detail, remedy=error.remedy) from None


def _raw(file: str) -> bytes:
    try:
        raw = sys.stdin.buffer.read(FILE_BYTES_MAX + 1) if file == "-" else _bytes(Path(file))
        if len(raw) > FILE_BYTES_MAX:
            raise BadFile(f"{file} is larger than {FILE_BYTES_MAX} bytes.", remedy="State a smaller problem.")
    except OSError as error:
        raise BadFile(f"{file}: {error.strerror or error}.", remedy="Name a file that can be read.") from None
    return raw


def _decoded(file: str, raw: bytes) -> str:
    """Text in UTF-8, or in Latin-1, as older files write names in comments. Raises BadFile where it is no text."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or _NO_TEXT.search(raw):
            text = "\0"
    if "\0" in text:
        unpack = next((tool for start, tool in _PACKED.items() if raw.startswith(start)), None)
        if unpack is not None:
            raise BadFile(f"{file} is packed.", remedy=f"Unpack it first ({unpack} {file}).")
        if raw.startswith(_QPY):
            remedy = f"Write it as OpenQASM 3 first: queuebit circuit convert {file} circuit.qasm."
            raise BadFile(f"{file} is a circuit in QPY, which is not read here.", remedy=remedy)
        remedy = (
            "Convert it to the ASCII form of DIMACS with bin2asc."
            if raw[:40].split()[1:2] == [b"c"] or file.endswith(".b")
            else "Convert it to UTF-8, if it is text at all."
        )
        raise BadFile(f"{file} is not text in UTF-8.", remedy=remedy)
    return text


def json_of(file: str, text: str) -> dict[str, Any] | None:
    """The JSON object in the text; None where the text does not begin like one. Raises BadFile."""
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return None
    try:
        document = json.loads(
            text.lstrip("\ufeff"), parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        long = () if isinstance(error, json.JSONDecodeError | RecursionError) else long_integers(text)
        if long:
            raise BadFile(f"{file}: {long[0]}.", remedy="Write a number with fewer digits.", fields=long) from None
        raise BadFile(
            f"{file} is not valid JSON: {error}.", remedy="Correct it; it begins like a JSON object."
        ) from None
    return dict(document)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"{twice[:40]!r} stands twice in one object")
    return found


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX + 1)


def _document(submission: Submission, text: str, params: dict[str, Any], here: bool) -> dict[str, Any]:
    """The body as the file states it: a request, a problem, a bare statement, or a format of the field."""
    document = json_of(submission.file, text)
    if document is None or here:
        rest = document if document is not None and "problem" in document else {}
        return {**rest, "problem": _read(submission, text, params).model_dump(mode="json")}
    if "problem" in document:
        body = dict(document)
    elif "kind" in document and "statement" in document:
        body = {"problem": document}
    else:
        return {"problem": _bare(submission, text, params, document)}
    stated = body["problem"].get("kind") if isinstance(body["problem"], dict) else None
    if submission.kind is not None and stated != submission.kind:
        raise BadFlag(f"The file states the kind {stated}, --kind says {submission.kind}.", remedy="Leave --kind out.")
    return body


def _bare(submission: Submission, text: str, params: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A JSON object that names no kind: one of the field's own forms, or the statement of the kind that is given."""
    try:
        return _read(submission, text, params).model_dump(mode="json")
    except KindsMissing:
        if submission.kind is None:
            raise
        return {"kind": submission.kind, "statement": document}


def _read(submission: Submission, text: str, params: dict[str, Any]) -> Problem:
    """The problem that a text states, checked by its kind, where the kinds are installed."""
    try:
        from queuebit_problems.errors import ProblemError, UnknownKind
        from queuebit_problems.files import read_problem
    except ImportError:
        raise KindsMissing from None
    name = "" if submission.file == "-" else Path(submission.file).name
    try:
        return read_problem(text, file_name=name, kind=submission.kind, params=params, beside=_beside(submission.file))
    except ProblemError as error:
        fields = [WrongField(item.pointer, item.code, item.detail) for item in error.fields]
        detail = error.detail if name and name in error.detail else f"{submission.file}: {error.detail}"
        wrong = KindsMissing if isinstance(error, UnknownKind) else BadFile
        raise wrong(detail, remedy=error.remedy, fields=fields) from None


def _beside(file: str) -> Callable[[str], str | None] | None:
    """Reads another file of the same folder; nothing is beside standard input."""
    folder = Path(file).parent

    def read(name: str) -> str | None:
        path = folder / name
        return text_of(str(path)) if path.is_file() else None

    return None if file == "-" else read


def pairs(texts: list[str], flag: str) -> dict[str, str]:
    """What a repeatable flag of the form name=value says. Raises BadFlag."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadFlag(f"{flag} {text} is not of the form name=value.", remedy=f"Write {flag} name=value.")
        found[name] = value
    return found


def _scalar(text: str) -> bool | int | float | str:
    """A number or a truth value where the text is one in JSON, else the text."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, bool | int | float) else text


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant[:40]} is no number that JSON can state")
