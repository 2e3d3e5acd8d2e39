"""Asking Duplicati servers through their own API."""
