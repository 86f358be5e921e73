"""JSON API of a store under ``/api/v1``: each operation is a spec record and a handler function.

The OpenAPI document, the documentation page, request validation and the tests are all derived from that record, so they
cannot disagree. flask-openapi is not used: it knows no scopes, versions and problem types, and its documentation pages
need inline scripts, which the content security policy blocks.
"""
