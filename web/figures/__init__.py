"""Figures drawn on the server: records in, SVG out; no page, no request and no script in it."""
