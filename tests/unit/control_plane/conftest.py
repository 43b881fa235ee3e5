"""Fixtures that several files share."""

from __future__ import annotations

from tests.unit.control_plane.entrance import plane

__all__ = ["plane"]
