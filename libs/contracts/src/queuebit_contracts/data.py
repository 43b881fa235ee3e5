"""Whatever a message may carry."""

from __future__ import annotations

from queuebit_contracts.commands import CommandModel
from queuebit_contracts.events import Event

Data = Event | CommandModel
