"""Pages of lists: the documented parameters, the signed cursor and the Link header."""

from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import Schema, validate

from api.core.context import context
from api.core.schemas import Answer, Many, Part, Query, Text, Whole
from curbstop.queries.page import Page, PageRequest

MOST = 200


class PageQuery(Query):
    """The parameters of every list; a list that can be sorted adds `sort = Sort(...)`."""

    limit = Whole("At most so many items.", 50, least=1, most=MOST, load_default=50, strict=False)
    cursor = Text("Where the page begins: `next_cursor` of the page before.", longest=1000)


class Sort(Text):
    """The sort parameter: the first name is the default, a minus turns the order around."""

    def __init__(self, *names: str) -> None:
        both = [sign + name for name in names for sign in ("", "-")]
        super().__init__(f"The order of the list. The default is {names[0]}.", names[0], load_default=names[0])
        self.validators = [validate.OneOf(both)]


class PageAnswer(Answer):
    """The shape of every page."""

    next_cursor = Text("Give this as `cursor` for the next page; null at the end.", allow_none=True)


@cache
def page_of(item: type[Schema]) -> type[PageAnswer]:
    """The schema of a page of `item`."""
    name = item.__name__.removesuffix("Answer") + "Page"
    return type(name, (PageAnswer,), {"items": Many(Part(item, "One of the list."), "The items of this page.")})


def take_page(operation_id: str, query: dict[str, Any]) -> PageRequest:
    """Takes limit, cursor and sort out of `query`; what stays are the filters."""
    sort = query.pop("sort", "")
    cursor = query.pop("cursor", None)
    after = context().tokens.read_cursor(operation_id, sort, cursor) if cursor else None
    return PageRequest(limit=query.pop("limit"), sort=sort, after=after)


def page_body(operation_id: str, page: Page[Any], asked: PageRequest) -> tuple[dict[str, Any], dict[str, str]]:
    """The body to dump and the headers to send."""
    if page.after is None:
        return {**page.beside, "items": page.items, "next_cursor": None}, {}
    cursor = context().tokens.cursor(operation_id, asked.sort, page.after)
    parameters = [*((k, v) for k, v in request.args.items(multi=True) if k != "cursor"), ("cursor", cursor)]
    link = f'<{request.path}?{urlencode(parameters)}>; rel="next"'
    return {**page.beside, "items": page.items, "next_cursor": cursor}, {"Link": link}
