"""The source of a kind as somebody else's package offers it."""

from __future__ import annotations

KIND = '''
"""Count ones: the most ones among n bits."""

from typing import Annotated

from pydantic import Field

from queuebit_problems.checks import bits_errors
from queuebit_problems.encoding.qubo import Qubo
from queuebit_problems.kind import Size, Statement
from queuebit_problems.optimisation import CpReading, Encoding, Optimisation


class OnesStatement(Statement):
    bits: Annotated[int, Field(ge=1, le=10_000)]


class Ones(Optimisation[OnesStatement]):
    name = "ones"
    title = "Count ones"
    sense = "max"
    answer_shape = '{"x": [0|1]}'
    formats = ("`ones n`",)
    suffixes = (".ones",)
    statement = OnesStatement

    def read(self, text, *, file_name="", params=None):
        return OnesStatement(bits=int(text.split()[1]))

    def recognises(self, text):
        return text.startswith("ones ")

    def size(self, statement):
        return Size(statement.bits, statement.bits, statement.bits)

    def answer_errors(self, statement, answer):
        return bits_errors(answer, "x", statement.bits)

    def objective(self, statement, answer):
        return sum(answer["x"])

    def violations(self, statement, answer):
        return []

    def encoding(self, statement):
        qubo = Qubo(statement.bits, dict.fromkeys(range(statement.bits), -1))
        return Encoding(qubo, lambda bits: {"x": list(bits)}, lambda answer: answer["x"])

    def cp_model(self, statement, model):
        bits = [model.new_bool_var(str(i)) for i in range(statement.bits)]
        model.maximize(sum(bits))
        return CpReading(lambda value: {"x": [value(bit) for bit in bits]}, 1, lambda answer: [])

    def heuristic(self, statement, seed):
        return self.default_answer(statement)

    improve = lambda self, statement, answer: {"x": [1] * statement.bits}
    default_answer = lambda self, statement: {"x": [0] * statement.bits}
    trivial_bound = lambda self, statement: statement.bits
    example = lambda self: OnesStatement(bits=3)
'''
