"""The rules of Prometheus that follow from promises and alerts. Pure."""

from __future__ import annotations

from typing import Any

from queuebit_workbench.observability.alerts import ALERTS, Alert, Condition
from queuebit_workbench.observability.promises import BURNS, BY_NAME, PERIOD_DAYS, PROMISES, WINDOWS, Burn, Promise

RUNBOOKS = "infra/docs/runbooks"
Rule = dict[str, Any]


def rules() -> dict[str, Any]:
    """The whole document: a group of recording rules a promise, then one of alerts."""
    groups: list[dict[str, Any]] = [
        {"name": f"queuebit-promise-{each.name}", "rules": [_recorded(each, window) for window in WINDOWS]}
        for each in PROMISES
    ]
    groups.append({"name": "queuebit-alerts", "rules": [rule for alert in ALERTS for rule in _rules_of(alert)]})
    return {"groups": groups}


def _recorded(promise: Promise, window: str) -> Rule:
    return {"record": f"{promise.series}_{window}", "expr": promise.bad_ratio(window)}


def _rules_of(alert: Alert) -> list[Rule]:
    told = [_condition(alert, each) for each in alert.conditions]
    return told + [_burning(alert, BY_NAME[name], burn) for name in alert.promises for burn in BURNS]


def _condition(alert: Alert, condition: Condition) -> Rule:
    return {
        "alert": alert.name,
        "expr": condition.expr,
        "for": condition.lasting,
        "labels": {"severity": condition.severity, "sign": condition.sign},
        "annotations": {"summary": condition.summary, "runbook": f"{RUNBOOKS}/{alert.page}.md"},
    }


def _burning(alert: Alert, promise: Promise, burn: Burn) -> Rule:
    limit = round(burn.factor * promise.budget, 6)
    share = f"{promise.objective:g} % over {PERIOD_DAYS} days"
    return {
        "alert": alert.name,
        "expr": f"{promise.series}_{burn.long} > {limit:g} and {promise.series}_{burn.short} > {limit:g}",
        "labels": {"severity": burn.severity, "promise": promise.name, "window": burn.long},
        "annotations": {
            "summary": f"{promise.meaning} Promised to {share}; the budget goes {burn.factor:g} times too fast ({burn.long}).",
            "runbook": f"{RUNBOOKS}/{alert.page}.md",
        },
    }


def sloth() -> dict[str, Any]:
    """The same promises as a specification for Sloth, for who generates rules with it."""
    return {
        "version": "prometheus/v1",
        "service": "queuebit",
        "labels": {"owner": "queuebit"},
        "slos": [_specified(each) for each in PROMISES],
    }


def _specified(promise: Promise) -> Rule:
    good, total = (text.replace("{window}", "{{.window}}") for text in (promise.good, promise.total))
    page = next(each.page for each in ALERTS if promise.name in each.promises)
    runbook = {"annotations": {"summary": promise.meaning, "runbook": f"{RUNBOOKS}/{page}.md"}}
    severities = {f"{each}_alert": {"labels": {"severity": each}} for each in ("page", "ticket")}
    return {
        "name": promise.name,
        "objective": promise.objective,
        "description": promise.meaning,
        "sli": {"events": {"error_query": f"({total}) - ({good})", "total_query": total}},
        "alerting": {"name": next(each.name for each in ALERTS if each.page == page), **runbook, **severities},
    }
