"""Dashboards as Grafana reads them. Pure."""

from __future__ import annotations

from typing import Any

from queuebit_workbench.observability.panels import Board, Panel

SCHEMA = 39
WIDTH, HEIGHT = 12, 8
SOURCE = {"type": "prometheus", "uid": "${source}"}


def document(board: Board) -> dict[str, Any]:
    """One dashboard: two panels a row; the source is chosen when it is looked at."""
    return {
        "uid": f"queuebit-{board.name}",
        "title": board.title,
        "tags": ["queuebit"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(number, each) for number, each in enumerate(board.panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": {"h": HEIGHT, "w": WIDTH, "x": number % 2 * WIDTH, "y": number // 2 * HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": SOURCE,
                "expr": expr,
                "legendFormat": legend,
                "exemplar": True,
            }
            for index, (expr, legend) in enumerate(panel.queries)
        ],
    }
