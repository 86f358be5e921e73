"""The JSON API of a store, ``/api/v1``: each operation is a record of what it takes and answers, and one function.

The OpenAPI document, the documentation page, what is checked of a request and what is tested all come from that record,
so that none of them can say something else. flask-openapi was tried and left: it reads an operation off a view's
annotations, which says nothing of scopes, versions and problems, and its documentation pages need scripts inside the
page, which the content security policy refuses.
"""
