"""Input metrics: scales of the embedded columns, learned by the likelihood or from gradients."""

from ntkreg.ntk.metric.evidence import likelihood_metric
from ntkreg.ntk.metric.scales import Metric, apply_metric, gradient_metric, plain_metric

__all__ = ["Metric", "apply_metric", "gradient_metric", "likelihood_metric", "plain_metric"]
