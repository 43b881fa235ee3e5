"""What is kept of a training run beside its checkpoint: a model card (Mitchell et al. 2019, arXiv:1810.03993), and MLflow."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from queuebit_client.models import Job


def card_of(options: Any, qasm: str, parameters: Sequence[float], result: Mapping[str, Any], last: Job) -> str:
    """What a reader must know before he uses the parameters: what was trained, how, on what, and how well it does."""
    ran = last.ran
    shots = "exact values" if options.shots is None else f"{options.shots} shots a circuit and basis"
    lines = [
        f"# {options.task}, seed {options.seed}",
        "",
        f"- **Trained**: {result['iterations']} iterations of Adam on parameter-shift gradients, {shots}.",
        f"- **Ran on**: {ran.backend if ran else 'nothing'} ({ran.method if ran else ''}); every value was recomputed.",
        f"- **Data**: {'drawn by the seed; see split.json' if options.task == 'classify' else 'none'}.",
        f"- **Result**: {', '.join(f'{name} {value:.6g}' for name, value in result.items())}.",
        "- **Not meant for**: anything but showing the loop; two qubits are simulated by every laptop.",
        f"- **Last job**: {last.id}, cost {last.cost.amount} {last.cost.currency}.",
        "",
        "Parameters: " + ", ".join(f"{value:.6f}" for value in parameters) + ".",
        "",
        "```qasm",
        qasm.strip(),
        "```",
        "",
    ]
    return "\n".join(lines)


def export_to_mlflow(
    uri: str, folder: Path, params: Mapping[str, Any], losses: Sequence[float], result: Mapping[str, float]
) -> None:
    """The run as one of MLflow: parameters, the loss of each iteration, the result, and the files of its folder."""
    try:
        import mlflow
    except ImportError:
        sys.exit("--mlflow needs MLflow: pip install mlflow-skinny")
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("queuebit")
    with mlflow.start_run(run_name=folder.name):
        mlflow.log_params({name: str(value) for name, value in params.items()})
        for step, loss in enumerate(losses, start=1):
            mlflow.log_metric("loss", loss, step=step)
        mlflow.log_metrics({name: float(value) for name, value in result.items()})
        for path in sorted(folder.iterdir()):
            mlflow.log_artifact(str(path))
