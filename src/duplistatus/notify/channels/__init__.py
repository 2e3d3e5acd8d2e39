"""The kinds of channels, one small module each."""
