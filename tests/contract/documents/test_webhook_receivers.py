"""What we sign, the reference library for Node takes; what was changed since, it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from queuebit_gateway.webhooks.signing import fresh, headers_of
from tests.contract.documents.outside import HERE, NodeTools

SHARED, OTHER, PAIR = fresh("v1", b"a" * 32), fresh("v1", b"b" * 32), fresh("v1a", b"c" * 32)
BODY = '{"type":"io.queuebit.webhooks.JobCompleted.v1","data":{"état":"é"}}'


@pytest.mark.contract
@pytest.mark.parametrize(
    ("secret", "body", "said"),
    [
        (SHARED.text, BODY, "taken"),
        (OTHER.text, BODY, "taken"),
        (fresh("v1", b"d" * 32).text, BODY, "WebhookVerificationError"),
        (SHARED.text, BODY + " ", "WebhookVerificationError"),
    ],
    ids=["ours", "rotated", "another", "changed"],
)
def test_the_reference_library_for_node_takes_what_we_sign(
    node_tools: NodeTools, secret: str, body: str, said: str
) -> None:
    headers = headers_of([SHARED, PAIR, OTHER], "msg_1", BODY.encode(), datetime.now(UTC))
    asked = json.dumps({"secret": secret, "headers": headers, "body": body})

    assert node_tools.script(HERE / "verify_webhook.cjs", asked).stdout.strip() == said
