"""Declarations as forms: workbooks, CSV and JSON in, with units; templates with the last figures out."""
