"""Plots of measurements, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram: a line of (x, y) for each label."""

    x: str
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    is_logarithmic: bool = False
    """Whether the scale of x is logarithmic."""


def plot(file: Path, title: str, panels: Sequence[Panel]) -> None:
    """Write the panels beside each other. The scale of y begins at 0, so that no difference looks larger than it is."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = file.name  # equal measurements give equal files
    figure = Figure(figsize=(5 * len(panels), 4), layout="constrained")
    figure.suptitle(title)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for label, points in panel.lines.items():
            axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=label.strip("`"))
        axes.set(xlabel=panel.x, ylabel=panel.y)
        if panel.is_logarithmic:
            axes.set_xscale("log")
        axes.margins(y=0.1)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(file, format="svg", metadata={"Date": None})
