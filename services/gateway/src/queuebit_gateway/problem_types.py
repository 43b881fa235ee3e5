"""The codes of every answer that is not the one asked for: one table."""

from __future__ import annotations

from queuebit_contracts.jobs import BODY_BYTES_MAX
from queuebit_gateway.kept_problems import KEPT_PROBLEMS
from queuebit_gateway.problem_type import ProblemType as ProblemType
from queuebit_gateway.problem_type import Retry as Retry

_TABLE: tuple[ProblemType, ...] = (
    ProblemType(
        "malformed_request", 400, "The request is not HTTP", "after_change", "Send HTTP/1.1 as RFC 9112 has it."
    ),
    ProblemType("malformed_json", 400, "The body is not JSON", "after_change", "Send one JSON object in UTF-8."),
    ProblemType(
        "idempotency_key_required",
        400,
        "An idempotency key is required",
        "after_change",
        "Send the header Idempotency-Key with a value that is unique for this job: a UUIDv7 is best.",
    ),
    ProblemType(
        "idempotency_key_invalid",
        400,
        "The idempotency key is not usable",
        "after_change",
        "Use 1 to 255 visible ASCII characters without spaces, quoted or bare.",
    ),
    ProblemType(
        "cursor_invalid", 400, "The cursor is not one of ours", "after_change", "Start again without a cursor."
    ),
    ProblemType(
        "cursor_mismatch",
        400,
        "The cursor belongs to another list",
        "after_change",
        "Keep the filters of the first page, or start again without a cursor.",
    ),
    ProblemType(
        "key_missing",
        401,
        "No API key",
        "after_change",
        "Send the header Authorization: Bearer qb_live_… with your key.",
    ),
    ProblemType("key_malformed", 401, "The API key is mistyped", "after_change", "Copy the whole key again."),
    ProblemType("key_unknown", 401, "The API key is not known", "after_change", "Use a key of this installation."),
    ProblemType("key_expired", 401, "The API key has expired", "after_change", "Ask an administrator for a new key."),
    ProblemType("key_revoked", 401, "The API key was revoked", "after_change", "Ask an administrator for a new key."),
    ProblemType(
        "token_invalid", 401, "The token is not valid", "after_change", "Sign in again, and send the new token."
    ),
    ProblemType(
        "role_forbids", 403, "The key's role does not allow this", "after_change", "Use a key whose role allows it."
    ),
    ProblemType(
        "scope_forbids", 403, "The key is narrowed to other actions", "after_change", "Use a key with a wider scope."
    ),
    ProblemType(
        "address_forbids",
        403,
        "The key may not be used from here",
        "after_change",
        "Use the key from one of its networks, or one that is not bound to networks.",
    ),
    ProblemType(
        "duty_forbids",
        403,
        "The plan waits for others",
        "after_change",
        "Use a key that has the duty which the plan waits for (`keys create --duty`), or a token with that role.",
    ),
    ProblemType("requester_forbids", 403, "Who asked does not allow its plan", "never", "Let somebody else decide."),
    ProblemType(
        "tenant_forbidden",
        403,
        "The tenant is not the key's",
        "after_change",
        "Leave `tenant` out: it comes from the API key.",
    ),
    ProblemType(
        "environment_forbidden",
        403,
        "This is not for this project or environment",
        "after_change",
        "Leave the labels `project` and `environment` out: they come from the API key. Quantum hardware is for production: ask "
        "for the lane auto, simulator or classical.",
    ),
    ProblemType(
        "key_exceeds_yours",
        403,
        "The key would allow more than yours",
        "after_change",
        "Ask for a role, actions, networks, a project and an environment that your own key has.",
    ),
    ProblemType("not_found", 404, "There is nothing here", "never", "See /openapi.json for what there is."),
    ProblemType(
        "subject_unprotected",
        422,
        "Data of a subject cannot be protected here",
        "after_change",
        "Leave the label data_subject out, or ask an operator to set QUEUEBIT_MASTER_KEY_FILE.",
    ),
    ProblemType("job_not_found", 404, "No such job", "never", "Check the job id; jobs of other tenants are not shown."),
    ProblemType("kind_not_found", 404, "No such problem kind", "never", "GET /v1/kinds lists the kinds."),
    ProblemType("backend_not_found", 404, "No such backend", "never", "GET /v1/backends lists the backends."),
    ProblemType("path_not_found", 404, "No such path", "never", "GET /v1/paths lists the paths."),
    ProblemType(
        "approval_not_found", 404, "No plan waits here", "never", "GET /v1/approvals lists the plans that wait."
    ),
    ProblemType("policy_not_found", 404, "No such policy", "never", "GET /v1/policies lists every version."),
    ProblemType("budget_not_found", 404, "No such budget", "never", "GET /v1/budgets lists yours."),
    ProblemType("webhook_not_found", 404, "No such webhook", "never", "GET /v1/webhooks lists yours."),
    ProblemType("key_not_found", 404, "No such key", "never", "GET /v1/keys lists yours."),
    ProblemType("method_not_allowed", 405, "The method is not allowed here", "after_change", "See the header Allow."),
    ProblemType(
        "request_timeout",
        408,
        "The request did not come in time",
        "same_request",
        "Send the whole request without a pause; a smaller one over a slow line.",
    ),
    ProblemType(
        "approval_changed",
        409,
        "What waits is not what was shown",
        "after_change",
        "Read the plan again, and decide on what it is now, by its digest.",
    ),
    ProblemType(
        "quote_unavailable",
        409,
        "There is nothing to offer",
        "after_change",
        "Name one backend whose price is known; `queuebit budget prices` lists them to operators.",
    ),
    ProblemType(
        "quote_void",
        409,
        "The quote does not hold for this",
        "after_change",
        "Ask for another quote for the request as it is now.",
    ),
    ProblemType(
        "quote_expired", 409, "The quote has expired", "after_change", "Ask for another quote: POST /v1/quotes."
    ),
    ProblemType(
        "job_not_completed", 409, "The job has no answer to act on", "never", "Only completed jobs have outcomes."
    ),
    ProblemType(
        "job_ended",
        409,
        "The job has already ended",
        "never",
        "Nothing is left to cancel; read the job for its outcome.",
    ),
    ProblemType(
        "job_not_started",
        409,
        "The job is not recorded yet",
        "same_request",
        "Send the same request again in a moment.",
    ),
    ProblemType(
        "key_made_before",
        409,
        "The key was made before",
        "never",
        "Its text was in the first answer alone. Where that was lost, revoke it and make another with a new Idempotency-Key.",
    ),
    ProblemType("too_many_keys", 409, "There are too many keys", "after_change", "Revoke those that nobody needs."),
    ProblemType(
        "too_many_webhooks",
        409,
        "There are too many webhooks",
        "after_change",
        "Delete those that nobody needs, or let one endpoint take more events.",
    ),
    ProblemType(
        "version_mismatch",
        412,
        "It has changed since",
        "after_change",
        "Read it again and send its new ETag in If-Match.",
    ),
    ProblemType(
        "body_too_large",
        413,
        "The body is too large",
        "after_change",
        f"State a smaller problem: at most {BODY_BYTES_MAX} bytes of JSON.",
    ),
    ProblemType(
        "uri_too_long", 414, "The URI is too long", "after_change", "Send fewer filters, and a cursor as it was given."
    ),
    ProblemType(
        "unsupported_media_type", 415, "The body is not JSON", "after_change", "Send Content-Type: application/json."
    ),
    ProblemType("invalid_request", 422, "The request is not valid", "after_change", "Correct the named fields."),
    ProblemType("nested_too_deep", 422, "The JSON is nested too deep", "after_change", "Nest at most 32 levels."),
    ProblemType(
        "number_not_finite",
        422,
        "A number is not finite",
        "after_change",
        "JSON has no NaN and no infinity: leave the field out or send a number.",
    ),
    ProblemType(
        "unknown_kind",
        422,
        "The problem kind is not known",
        "after_change",
        "GET /v1/kinds lists the kinds and versions.",
    ),
    ProblemType(
        "invalid_statement",
        422,
        "The problem statement is not valid",
        "after_change",
        "Correct the named fields; GET /v1/kinds/{kind} has the schema and an example.",
    ),
    ProblemType(
        "statement_too_costly",
        422,
        "The problem takes too much to check",
        "after_change",
        "State a smaller or simpler problem, or divide it.",
    ),
    ProblemType(
        "deadline_past", 422, "The deadline has passed", "after_change", "Give a deadline in the future, or none."
    ),
    ProblemType(
        "idempotency_key_reused",
        422,
        "The idempotency key stands for another request",
        "after_change",
        "Repeat the request unchanged, or send a new Idempotency-Key for a new job.",
    ),
    ProblemType(
        "target_refused",
        422,
        "Nothing is sent to this URL",
        "after_change",
        "Name an https URL of a public host, on port 443 or 8443, without a user name.",
    ),
    ProblemType(
        "quote_invalid",
        422,
        "This is no quote of yours",
        "after_change",
        "Send the id of a quote as POST /v1/quotes gave it, with a key of the same tenant.",
    ),
    ProblemType(
        "would_wait", 429, "It would wait", "after_change", "Submit it with a new Idempotency-Key, after Retry-After."
    ),
    ProblemType("rate_limited", 429, "Too many requests", "same_request", "Wait as long as Retry-After says."),
    ProblemType(
        "headers_too_large", 431, "The headers are too large", "after_change", "Send fewer and shorter headers."
    ),
    ProblemType(
        "history_unreadable",
        500,
        "What is stored of this job makes no sense",
        "never",
        "Tell whoever runs Queuebit the job's id; its raw events are still listed, and other jobs are not concerned.",
    ),
    ProblemType(
        "internal", 500, "Something failed inside", "same_request", "Try again; report the request_id if it stays."
    ),
    ProblemType(
        "service_unavailable",
        503,
        "A part that is needed does not answer",
        "same_request",
        "Send the same request again after Retry-After; the idempotency key makes that safe.",
    ),
    ProblemType(
        "figures_unavailable",
        503,
        "Nobody has counted yet",
        "same_request",
        "Ask again after Retry-After; where it stays so, a control plane must run its projections.",
    ),
    ProblemType(
        "overloaded",
        503,
        "Too many connections or requests at once",
        "same_request",
        "Use fewer connections, and send the same request again after Retry-After.",
    ),
    ProblemType(
        "shutting_down", 503, "This instance is stopping", "same_request", "Send the same request again in a moment."
    ),
)

PROBLEMS: dict[str, ProblemType] = {item.code: item for item in (*_TABLE, *KEPT_PROBLEMS)}
