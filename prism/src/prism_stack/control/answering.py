"""The one place where a refusal becomes a gRPC status."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import NoReturn, TypeVar

import grpc

from prism_stack.control.refusals import Refusal

Servicer = TypeVar("Servicer")
Request = TypeVar("Request")
Response = TypeVar("Response")

LOG = logging.getLogger(__name__)
Method = Callable[[Servicer, Request, grpc.ServicerContext], Response]


def answering(method: Method[Servicer, Request, Response]) -> Method[Servicer, Request, Response]:
    """Answer a refusal with its status, and what nobody foresaw with INTERNAL."""

    @functools.wraps(method)
    def answer(self: Servicer, request: Request, context: grpc.ServicerContext) -> Response:
        try:
            return method(self, request, context)
        except Refusal as refusal:
            refuse(context, grpc.StatusCode[refusal.status], str(refusal))
        except Exception:
            LOG.exception("%s failed", method.__name__)
            refuse(context, grpc.StatusCode.INTERNAL, "internal error; the log of this program says more")

    return answer


def refuse(context: grpc.ServicerContext, status: grpc.StatusCode, details: str) -> NoReturn:
    """End a call with a status."""
    context.abort(status, details)
