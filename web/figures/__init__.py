"""Server-side figures: convert records to SVG, independent of pages, requests and scripts."""
