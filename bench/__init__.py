"""Measures the product as it is used: a real process, a database of a known size, requests over loopback. A benchmark says what it
measured; it never passes or fails. `python -m bench --help` tells how."""
