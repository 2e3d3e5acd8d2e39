"""duplistatus: a self-hosted dashboard that watches Duplicati backup servers."""

__version__ = "2.0.0"
