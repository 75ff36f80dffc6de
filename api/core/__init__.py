"""What every resource is made of: operations, transactions, problems, pages, and the schemas' fields."""

from api.core.operation import Blueprint, creates, edits
from api.core.pages import PageQuery, Sort, page_of
from api.core.schemas import Answer, Body, Query
from api.core.transactions import actor, reading, writing

__all__ = [
    "Answer",
    "Blueprint",
    "Body",
    "PageQuery",
    "Query",
    "Sort",
    "actor",
    "creates",
    "edits",
    "page_of",
    "reading",
    "writing",
]
