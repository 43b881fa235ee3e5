"""`queuebit run` of a bad file: exit code 2, the place, the remedy, at once, and nothing heavy was imported for it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "scipy", "ortools", "qiskit", "dimod", "pyvrp", "starlette", "fastapi", "queuebit_workbench.local")
SCRIPT = f"""
import sys
from queuebit_client.cli.main import main
try:
    main()
except SystemExit as ended:
    code = ended.code
print([name for name in {HEAVY!r} if name in sys.modules], code)
"""
HUGE = '{"kind": "qubo", "statement": {"variables": 9, "terms": [[0, 0, 0.5]' + ", [1, 2, 0.5]" * 800_000 + "]}}"

FILES: list[tuple[str, str | bytes, list[str], str]] = [
    ("cut_off.tsp", "TYPE: TSP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n", [],
     "cut_off.tsp, line 4"),
    ("edges.txt", "2 1\n1 5 1\n", ["--kind", "maxcut"], "edges.txt, line 2: a node"),
    ("large.col", "p edge 10000 1\ne 1 2\n", [], "from 1 to 5000, not '10000'"),
    ("item.kp", "1 10\n-5 1\n", [], "item.kp, line 2: a profit"),
    ("bomb.json", '{"kind": "maxcut", "statement": ' + '{"a":' * 100_000, [], "bomb.json is not valid JSON"),
    ("fields.json", '{"kind": "qubo", "statement": {"variables": 2}}', [], "/problem/statement/terms"),
    ("huge.json", HUGE, [], "larger than 10000000 bytes"),
    ("bell.qpy", b"QISKIT\x12\x02\x06\x02\x00\x00", ["--kind", "circuit_sampling"], "queuebit circuit convert"),
    ("graph.col.b", b"93\nc a graph\np col 5 4\n\x00\x80\x40", [], "bin2asc"),
    ("wide.kp", "\ufeff1 1\n".encode("utf-16"), [], "Convert it to UTF-8"),
    ("unknown", "hello world\n", [], "has a form that no kind recognises"),
    ("ring.txt", "5 5\n1 2\n2 3\n3 4\n4 5\n1 5\n", [], "could be knapsack or maxcut"),
    ("heavy.clq", "p edge 3 2\nn 1 5\ne 1 2\ne 2 3\n", [], "heavy.clq, line 2: the node has the weight '5'"),
    ("a.kp.gz", gzip.compress(b"1 5\n2 3\n"), [], "Unpack it first (gunzip "),
    ("a.kp.bz2", bz2.compress(b"1 5\n2 3\n"), [], "Unpack it first (bunzip2 "),
    ("a.kp.xz", lzma.compress(b"1 5\n2 3\n"), [], "Unpack it first (unxz "),
    ("a.zip", b"PK\x03\x04\x14\x00\x00\x00", [], "Unpack it first (unzip "),
    ("circuit.qasm", "OPENQASM 2.0;\nqreg q[100000000];\n", [], "circuit.qasm, line 2"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "flags", "said"), FILES, ids=[name for name, *_ in FILES])
def test_a_bad_file_is_refused_before_anything_starts(
    tmp_path: Path, name: str, content: str | bytes, flags: list[str], said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, "run", str(file), *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert found.stdout == "[] 2\n", found.stderr
    assert said in found.stderr
    assert "Remedy: " in found.stderr


def test_a_comment_in_latin_1_is_read(tmp_path: Path) -> None:
    from queuebit_client.cli.files import body_of
    from queuebit_client.cli.options import Submission

    file = tmp_path / "a.kp"
    file.write_bytes("# from Königsberg\n1 5\n2 3\n".encode("latin-1"))

    assert body_of(Submission(str(file)))["problem"]["statement"]["profits"] == [2]
