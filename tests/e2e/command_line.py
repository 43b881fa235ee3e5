"""The command line as a process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

QUEUEBIT = str(Path(sys.executable).with_name("queuebit"))


async def queuebit(
    *arguments: str, cwd: Path, timeout_s: float = 120.0, postgres: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line beside the event loop, which has consumers to keep alive."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    return await asyncio.to_thread(
        subprocess.run,
        [QUEUEBIT, *arguments],
        cwd=cwd,
        env={**env, "TMPDIR": str(cwd), **({"QUEUEBIT_POSTGRES": postgres} if postgres else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
