"""The method: infinite-width kernel, prescription, and the finite net that follows it."""

from ntkreg.ntk.kernel_regressor import NTKKernelRegressor as NTKKernelRegressor
from ntkreg.ntk.regressor import NTKRegressor as NTKRegressor
