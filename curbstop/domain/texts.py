"""Text as databases and UTF-8 can hold it."""


def is_storable(text: str) -> bool:
    """False for a NUL, which PostgreSQL refuses, and for half a surrogate pair, which is no character."""
    if "\0" in text:
        return False
    try:
        # ASCII is whole, and nearly all there is.
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False
