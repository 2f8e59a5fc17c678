"""Saving and loading fitted models: JSON, safetensors and LightGBM's own text, never pickle."""

from ntkreg.persistence.files import SCHEMA_VERSION, load_model, save_model
from ntkreg.persistence.model import FittedModel

__all__ = ["SCHEMA_VERSION", "FittedModel", "load_model", "save_model"]
