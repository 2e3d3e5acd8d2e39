"""Texts and formats for people, by language, region and time zone."""
