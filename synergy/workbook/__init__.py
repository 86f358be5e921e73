"""Workbooks: read in a child process with limits, as tables with places; written as templates with drop-downs."""
