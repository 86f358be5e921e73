"""Authentication of API requests by token or Basic; sessions are not accepted, as protection against CSRF."""

from __future__ import annotations

import re
import secrets

from flask import Request, g, request
from synergy.web.access import settings, store
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import AuthScheme
from synergy.web.limits import Left, counted
from synergy.web.sign_in import checked
from synergy.web.throttle import BusyError
from werkzeug.exceptions import TooManyRequests

from synergy.errors import DeniedError
from synergy.store.access import Actor
from synergy.store.accounts import one_time
from synergy.store.api_tokens import PREFIX, actor_of_token

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TOKEN = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{20,100}")
_SAID = ("name, password or token is wrong, expired or disabled", "用户名、密码或令牌有误、已过期或已停用")


def request_id() -> str:
    """Return the request id: the X-Request-ID of the client if valid, else a new one."""
    found = g.get("request_id")
    if found is None:
        given = request.headers.get("X-Request-ID", "")
        found = g.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
    return str(found)


def who(asked: Request, proof: AuthScheme) -> Actor:
    """Authenticate a request by the required scheme and return the caller.

    Raises
    ------
    ApiProblem
        The credentials are missing or invalid.
    """
    given = asked.authorization
    try:
        if given is not None and proof is AuthScheme.BEARER and given.type == "bearer" and given.token:
            if _TOKEN.fullmatch(given.token):
                return actor_of_token(store(), given.token)
        elif given is not None and proof is AuthScheme.BASIC and given.type == "basic":
            known = checked(str(given.username or "")[:200], str(given.password or "")[:1000])
            # a password that somebody else gave opens the page where it is changed, and nothing else
            if not one_time(store(), known):
                return known
    except DeniedError:
        pass
    except TooManyRequests as error:
        raise ApiProblem("too_many", headers={"Retry-After": str(error.retry_after)}) from error
    except BusyError as error:
        raise ApiProblem("unavailable", headers={"Retry-After": "2"}) from error
    if proof is AuthScheme.BEARER:
        admitted(settings().sign_in_rate, f"address:{asked.remote_addr}")
    scheme = "Basic" if proof is AuthScheme.BASIC else "Bearer"
    raise ApiProblem("signed_out", _SAID, headers={"WWW-Authenticate": f'{scheme} realm="synergy"'})


def admitted(rate: str, name: str) -> Left | None:
    """Count a request against the rate limit of a key and return the remaining quota; None without a limit.

    Raises
    ------
    ApiProblem
        The rate limit is exceeded.
    """
    left = counted(rate, name)
    if left is not None and left.over:
        raise ApiProblem("too_many", headers={**left.headers, "Retry-After": str(left.reset)})
    return left
