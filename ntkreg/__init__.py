"""Regression for manufacturing tables: wide ReLU networks trained as their tangent kernel prescribes."""

__version__ = "0.1.0"
