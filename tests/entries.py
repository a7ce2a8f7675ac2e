"""Lambda entries, loaded by capability."""

from tools.entries import load

__all__ = ["load"]
