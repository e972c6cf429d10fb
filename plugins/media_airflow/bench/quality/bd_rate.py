"""How many more bits one way of encoding takes for the same quality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Curve = Sequence[tuple[float, float]]


def bd_rate(reference: Curve, tested: Curve) -> float:
    """Give the mean difference of rates at equal quality in per cent; both are (rate, quality), four points or more.

    Bjontegaard, VCEG-M33 (2001): the logarithm of the rate as a cubic polynomial of quality, integrated over the
    qualities that both have.
    """
    fits, spans = [], []
    for curve in (reference, tested):
        rates, qualities = np.array(sorted(curve, key=lambda point: point[1])).T
        middle = float(qualities.mean())
        fits.append((np.polyint(np.polyfit(qualities - middle, np.log(rates), 3)), middle))
        spans.append((float(qualities.min()), float(qualities.max())))
    low, high = max(span[0] for span in spans), min(span[1] for span in spans)
    if high <= low:
        raise ValueError("the curves have no quality in common")
    means = [(np.polyval(fit, high - m) - np.polyval(fit, low - m)) / (high - low) for fit, m in fits]
    return float(100 * (np.exp(means[1] - means[0]) - 1))
