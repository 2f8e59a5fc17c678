"""Nystroem landmarks for tables of many rows: features, sums over rows, the path from the sums."""

from ntkreg.ntk.landmarks.features import Landmarks, choose_landmarks, n_landmarks
from ntkreg.ntk.landmarks.path import LandmarkSpectrum, decompose_sums
from ntkreg.ntk.landmarks.sums import Sums, accumulate, merge, subtract

__all__ = [
    "LandmarkSpectrum",
    "Landmarks",
    "Sums",
    "accumulate",
    "choose_landmarks",
    "decompose_sums",
    "merge",
    "n_landmarks",
    "subtract",
]
