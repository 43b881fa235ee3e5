"""Instances of OMMX as bytes are read as their JSON form is; what is no instance is told, never guessed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from queuebit_client.cli import main
from queuebit_contracts.jobs import Problem
from queuebit_problems.errors import ProblemError, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.formats import ommx_binary
from queuebit_problems.formats.ommx_binary import INSTANCE_LAYER, json_of_ommx

WRITTEN = base64.b64decode(
    "EhMQARoJEQAAAAAAAPA/IgF4KgEAEhUIARABGgkRAAAAAAAA8D8iAXgqAQESFQgCEAEaCREAAAAAAADwPyIBeCoBAhIbCAcQAhoSCQAAAAAAAP"
    "C/EQAAAAAAABBAIgF5Gj8aPQoCAQASAgcCGhAAAAAAAADgPwAAAAAAAPA/IiEKCREAAAAAAAAIQAoLCAERAAAAAAAAAMARAAAAAAAA+D8iNggD"
    "EAIaMBIuCgsIAREAAAAAAADwPwoJEQAAAAAAAPA/CgsIAhEAAAAAAADwPxEAAAAAAAAAwCIgCAQQAhoaEhgKCREAAAAAAAAAwAoLCAcRAAAAAA"
    "AA8L8iKwgFEAEaJRIjCgsIAREAAAAAAADwPwoLCAcRAAAAAAAA8D8RAAAAAAAACMAoAjoA"
)
"""max 3 x0 - 2 x1 + x0 x2 + 0.5 x1 y + 1.5, as ommx 2.9.3 writes it; `AS_JSON` is the same message as protobuf writes it."""
AS_JSON: dict[str, Any] = {
    "decisionVariables": [
        {"kind": "KIND_BINARY", "bound": {"upper": 1.0}, "name": "x", "subscripts": ["0"]},
        {"id": "1", "kind": "KIND_BINARY", "bound": {"upper": 1.0}, "name": "x", "subscripts": ["1"]},
        {"id": "2", "kind": "KIND_BINARY", "bound": {"upper": 1.0}, "name": "x", "subscripts": ["2"]},
        {"id": "7", "kind": "KIND_INTEGER", "bound": {"lower": -1.0, "upper": 4.0}, "name": "y"},
    ],
    "objective": {
        "quadratic": {
            "rows": ["1", "0"],
            "columns": ["7", "2"],
            "values": [0.5, 1.0],
            "linear": {"terms": [{"coefficient": 3.0}, {"id": "1", "coefficient": -2.0}], "constant": 1.5},
        }
    },
    "constraints": [
        {
            "id": "3",
            "equality": "EQUALITY_LESS_THAN_OR_EQUAL_TO_ZERO",
            "function": {
                "linear": {
                    "terms": [{"id": "1", "coefficient": 1.0}, {"coefficient": 1.0}, {"id": "2", "coefficient": 1.0}],
                    "constant": -2.0,
                }
            },
        },
        {
            "id": "4",
            "equality": "EQUALITY_LESS_THAN_OR_EQUAL_TO_ZERO",
            "function": {"linear": {"terms": [{"coefficient": -2.0}, {"id": "7", "coefficient": -1.0}]}},
        },
        {
            "id": "5",
            "equality": "EQUALITY_EQUAL_TO_ZERO",
            "function": {
                "linear": {
                    "terms": [{"id": "1", "coefficient": 1.0}, {"id": "7", "coefficient": 1.0}],
                    "constant": -3.0,
                }
            },
        },
    ],
    "sense": "SENSE_MAXIMIZE",
    "constraintHints": {},
}


def problem(raw: bytes) -> Problem:
    return read_problem(json_of_ommx(raw, "a.ommx"), file_name="a.ommx")


def archive(*layers: bytes, spoilt: bool = False) -> bytes:
    """An artifact as ommx lays it out: blobs by digest, a manifest, an index."""
    blobs = {hashlib.sha256(layer).hexdigest(): layer for layer in layers}
    listed = [{"mediaType": INSTANCE_LAYER, "digest": f"sha256:{name}"} for name in blobs]
    manifest = json.dumps({"artifactType": "application/org.ommx.v1.artifact", "layers": listed}).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    files = {f"blobs/sha256/{name}": layer + b" " * spoilt for name, layer in blobs.items()}
    files[f"blobs/sha256/{digest}"] = manifest
    files["index.json"] = json.dumps({"manifests": [{"digest": f"sha256:{digest}"}]}).encode()
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return target.getvalue()


@pytest.mark.parametrize("raw", [WRITTEN, archive(WRITTEN)], ids=["bytes", "artifact"])
def test_bytes_state_what_the_json_form_states(raw: bytes) -> None:
    assert problem(raw) == read_problem(json.dumps(AS_JSON), file_name="a.json")
    assert problem(raw).kind == "binary_program"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "states no objective, or no variables"),
        (b"\x00\x01\xff", "no instance of OMMX"),
        (WRITTEN[:-3], "no instance of OMMX"),
        (WRITTEN + b"\x7a\x00", "fields that ommx.v1.Instance does not have"),
        (WRITTEN + b"\xa0\x06\x01", "format version 1"),
        (b"\x12\x00" * 200_001, "more than 200000 variables"),
        (b"\x12\xe4\xa7\x12\x2a\xe0\xa7\x12" + b"\x01" * 300_000, "more than 200000 variables"),
        (b"\x00" * 2_000_001, "more than 2000000 bytes"),
        (archive(WRITTEN, spoilt=True), "is damaged"),
        (archive(WRITTEN, WRITTEN + b"\x12\x00"), "2 instances"),
        (archive(), "0 instances"),
        (archive(WRITTEN)[:700], "is damaged"),
    ],
)
def test_what_is_no_instance_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said) as refused:
        json_of_ommx(raw, "a.ommx")

    assert refused.value.remedy


def test_a_function_of_a_form_that_is_not_read_is_refused_in_bytes_and_in_json() -> None:
    with pytest.raises(UnreadableFile, match="/objective/expression is no constant"):
        problem(b"\x12\x04\x08\x01\x10\x01" + b"\x1a\x02\x2a\x00" + b"\x28\x01")
    with pytest.raises(UnreadableFile, match="/objective/expression is no constant"):
        read_problem(json.dumps(AS_JSON | {"objective": {"expression": {}}}), file_name="a.json")


def test_a_variable_with_a_substituted_value_is_fixed() -> None:
    first, *rest = AS_JSON["decisionVariables"]
    document = AS_JSON | {"decisionVariables": [{**first, "substitutedValue": 1.0}, *rest]}

    stated = read_problem(json.dumps(document), file_name="a.json").statement["variables"][0]

    assert (stated["lower"], stated["upper"]) == (1, 1)


def test_damaged_bytes_are_read_or_refused() -> None:
    rng, refused = random.Random(7), []
    for start in (WRITTEN, archive(WRITTEN)):
        for _ in range(300):
            raw = bytearray(start)
            for _ in range(rng.randint(1, 4)):
                raw[rng.randrange(len(raw))] = rng.randrange(256)
            try:
                problem(bytes(raw))
            except ProblemError as error:
                refused.append(error)

    assert len(refused) > 100
    assert all(error.remedy for error in refused)


def test_without_protobuf_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.protobuf", None)

    with pytest.raises(UnreadableFile, match="protobuf is not installed") as refused:
        json_of_ommx(WRITTEN, "a.ommx")

    assert "queuebit[ommx]" in str(refused.value.remedy)


def test_an_archive_of_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ommx_binary, "MEMBERS_MAX", 1)

    with pytest.raises(UnreadableFile, match="an archive of more than 1 files"):
        json_of_ommx(archive(WRITTEN), "a.ommx")


def test_check_takes_a_file_of_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.ommx").write_bytes(WRITTEN)
    (tmp_path / "text.OMMX").write_text(json.dumps(AS_JSON))
    (tmp_path / "bad.ommx").write_bytes(WRITTEN[:-3])
    (tmp_path / "plan.sol").write_text("=obj= 5.5\nx[0] 1\nx[2] 1\ny 3\n")

    codes = [
        main.run(["check", str(tmp_path / name), str(tmp_path / "plan.sol")])
        for name in ("plan.ommx", "text.OMMX", "bad.ommx")
    ]

    out, err = capsys.readouterr()
    assert codes == [0, 0, 2]
    assert out.count("claimed objective: 5.5 (as recomputed)") == 2
    assert "bad.ommx holds bytes that are no instance of OMMX" in err
