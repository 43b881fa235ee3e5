"""An instance of OMMX as bytes: the protobuf message `ommx.v1.Instance`, or an archive (an OCI image layout) that holds one.

The fields are declared here: the package `ommx` asks for a protobuf older than the solvers run with. What is not declared is
refused, never passed over. This needs protobuf (the extra `ommx`), which is imported when bytes are read.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any, NoReturn

from queuebit_problems.errors import UnreadableFile

BYTES_MAX = 2_000_000
PARTS_MAX = 200_000
"""Variables, constraints, their subscripts and terms, all together."""
MEMBERS_MAX = 100
INSTANCE_LAYER = "application/org.ommx.v1.instance"
_REMEDY = "Write it with the `to_bytes` of ommx.v1.Instance, or as JSON."

_FIELDS = {
    "Bound": "1 lower double, 2 upper double",
    "DecisionVariable": "1 id uint64, 2 kind Kind, 3 bound Bound, 4 name string, 5 subscripts *int64, 6 parameters *bytes, "
    "7 description string, 8 substituted_value ?double",
    "Term": "1 id uint64, 2 coefficient double",
    "Linear": "1 terms *Term, 2 constant double",
    "Quadratic": "1 rows *uint64, 2 columns *uint64, 3 values *double, 4 linear Linear",
    "Monomial": "1 ids *uint64, 2 coefficient double",
    "Polynomial": "1 terms *Monomial",
    "Function": "1 constant |double, 2 linear |Linear, 3 quadratic |Quadratic, 4 polynomial |Polynomial, "
    "5 expression |bytes",
    "Constraint": "1 id uint64, 2 equality Equality, 3 function Function, 5 parameters *bytes, 6 name string, "
    "7 description string, 8 subscripts *int64",
    "Instance": "1 description bytes, 2 decision_variables *DecisionVariable, 3 objective Function, "
    "4 constraints *Constraint, 5 sense Sense, 6 parameters bytes, 7 constraint_hints bytes, 8 removed_constraints *bytes, "
    "9 decision_variable_dependency *bytes, 10 named_functions *bytes, 11 annotations *bytes, 100 format_version uint32",
}
"""Number, name and type of each field; * repeated, ? optional, | one of several. Messages that are not read are bytes."""
_NAMES = {
    "Kind": "KIND_UNSPECIFIED KIND_BINARY KIND_INTEGER KIND_CONTINUOUS KIND_SEMI_INTEGER KIND_SEMI_CONTINUOUS",
    "Equality": "EQUALITY_UNSPECIFIED EQUALITY_EQUAL_TO_ZERO EQUALITY_LESS_THAN_OR_EQUAL_TO_ZERO",
    "Sense": "SENSE_UNSPECIFIED SENSE_MINIMIZE SENSE_MAXIMIZE",
}
_ASIDE = ("description", "parameters", "constraint_hints", "removed_constraints", "named_functions", "annotations")
"""What changes no answer."""


def json_of_ommx(raw: bytes, file_name: str = "") -> str:
    """The JSON form of the instance. Raises UnreadableFile: too large, no instance, fields that are not known, no protobuf."""
    if len(raw) > BYTES_MAX:
        _refuse(file_name, f"has more than {BYTES_MAX} bytes", "State a smaller instance.")
    data = _layer_of(raw, file_name) if raw[257:262] == b"ustar" else raw
    try:
        from google.protobuf import json_format
        from google.protobuf.message import DecodeError
    except ImportError:
        remedy = "Install what reads it: pip install 'queuebit[ommx]'; or write the instance as JSON."
        _refuse(file_name, "holds an instance of OMMX as bytes, and protobuf is not installed", remedy)
    instance = _message_class()()
    try:
        instance.ParseFromString(data)
    except DecodeError:
        _refuse(file_name, "holds bytes that are no instance of OMMX", _REMEDY)
    size = instance.ByteSize()
    instance.DiscardUnknownFields()
    if instance.ByteSize() != size:
        _refuse(file_name, "has fields that ommx.v1.Instance does not have, or newer ones", _REMEDY)
    if instance.format_version:
        _refuse(file_name, f"has the format version {instance.format_version}; version 0 is read", _REMEDY)
    if _parts(instance) > PARTS_MAX:
        told = f"has more than {PARTS_MAX} variables, constraints and terms"
        _refuse(file_name, told, "State a smaller instance.")
    for name in _ASIDE:
        instance.ClearField(name)
    document: dict[str, Any] = json_format.MessageToDict(instance)
    if "objective" not in document or "decisionVariables" not in document:
        _refuse(file_name, "states no objective, or no variables", _REMEDY)
    return json.dumps(document)


def _refuse(file_name: str, detail: str, remedy: str) -> NoReturn:
    raise UnreadableFile(f"{file_name or 'The file'} {detail}.", remedy=remedy)


def _message_class() -> Any:
    """The class of ommx.v1.Instance, in a pool of its own: that of the package `ommx` may stand beside it."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="queuebit/ommx.proto", package="ommx.v1", syntax="proto3")
    for name, words in _NAMES.items():
        file.enum_type.add(name=name, value=[{"name": word, "number": at} for at, word in enumerate(words.split())])
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for stated in fields.split(", "):
            number, field, kind = stated.split()
            _declare(message, int(number), field, kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("ommx.v1.Instance"))


def _declare(message: Any, number: int, name: str, kind: str) -> None:
    field = message.field.add(name=name, number=number)
    mark, kind = (kind[0], kind[1:]) if kind[0] in "*?|" else ("", kind)
    field.label = field.LABEL_REPEATED if mark == "*" else field.LABEL_OPTIONAL
    if kind in _NAMES or kind in _FIELDS:
        field.type = field.TYPE_ENUM if kind in _NAMES else field.TYPE_MESSAGE
        field.type_name = f".ommx.v1.{kind}"
    else:
        field.type = getattr(field, f"TYPE_{kind.upper()}")
    if mark in ("?", "|"):
        field.proto3_optional = mark == "?"
        group = f"_{name}" if mark == "?" else "function"
        known = [one.name for one in message.oneof_decl]
        if group not in known:
            message.oneof_decl.add(name=group)
            known.append(group)
        field.oneof_index = known.index(group)


def _parts(instance: Any) -> int:
    functions = [instance.objective, *(each.function for each in instance.constraints)]
    terms = sum(
        len(one.linear.terms)
        + len(one.quadratic.linear.terms)
        + max(len(one.quadratic.rows), len(one.quadratic.columns), len(one.quadratic.values))
        + sum(1 + len(term.ids) for term in one.polynomial.terms)
        for one in functions
    )
    named = [*instance.decision_variables, *instance.constraints]
    return terms + sum(1 + len(each.subscripts) for each in named)


def _layer_of(raw: bytes, file_name: str) -> bytes:
    """The only instance of an archive, by its manifest, its digest verified."""
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            members: dict[str, tarfile.TarInfo] = {}
            for member in archive:
                members[member.name] = member
                if len(members) > MEMBERS_MAX:
                    _refuse(file_name, f"is an archive of more than {MEMBERS_MAX} files", _REMEDY)
            index = json.loads(_member(archive, members["index.json"]))
            manifests = [json.loads(_blob(archive, members, each["digest"])) for each in index["manifests"]]
            layers = [
                each["digest"]
                for manifest in manifests
                for each in manifest["layers"]
                if each["mediaType"] == INSTANCE_LAYER
            ]
            if len(layers) == 1:
                return _blob(archive, members, layers[0])
    except (tarfile.TarError, LookupError, TypeError, ValueError, AttributeError, RecursionError, OSError):
        _refuse(file_name, "is an archive that is no artifact of OMMX, or is damaged", _REMEDY)
    _refuse(file_name, f"is an artifact of OMMX with {len(layers)} instances; one is read", _REMEDY)


def _member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    """What a plain file of the archive holds: never more than the archive is large."""
    file = None if member.issparse() or member.size > BYTES_MAX else archive.extractfile(member)
    if file is None:
        raise ValueError(member.name)
    with file:
        return file.read(BYTES_MAX)


def _blob(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], digest: str) -> bytes:
    algorithm, _, name = digest.partition(":")
    content = _member(archive, members[f"blobs/{algorithm}/{name}"])
    if algorithm != "sha256" or hashlib.sha256(content).hexdigest() != name:
        raise ValueError(digest)
    return content
