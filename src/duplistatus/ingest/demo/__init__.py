"""A made-up fleet with two years of history. In: a seed and the present moment; out: the reports that its machines would have
posted, delivered through the same parsing and recording as an upload, so that nothing on a page is set by the demo itself."""
