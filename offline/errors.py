"""The one kind of error that a person at the keyboard can do something about."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend; its text says what is wrong and how to put it right.

    The command line prints the text alone, without a traceback, and exits with status 1.
    """
