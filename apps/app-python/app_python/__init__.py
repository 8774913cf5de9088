"""app-python: the sample service of the lab. An orders API, its worker, and the inbox where alerts arrive."""

__version__ = "0.1.0"
