"""Identity tokens for callers of the service."""

import re
from os import environ
from pathlib import Path

from commands import CloudError, read
from settings import account
from traffic import Traffic


def token_for(url: str) -> str:
    """Return the token in TOKEN_FILE, or a new one; none is needed for this machine."""
    if not url:
        return ""
    if file := environ.get("TOKEN_FILE"):
        return _checked(Path(file).read_text().strip())
    if re.match(r"http://(localhost|127\.)", url):
        return ""
    return new_token()


def new_token() -> str:
    """Return a token of the account CALLER, or of whoever is logged in."""
    flags = []
    if caller := environ.get("CALLER"):
        flags = [f"--impersonate-service-account={account(caller)}", "--include-email"]
        # The address of the service itself is the audience, for tagged revisions too.
        flags += [f"--audiences={Traffic().url}"]
    command = ("gcloud", "auth", "print-identity-token", *flags)
    return _checked(read(*command, in_dry_run="TOKEN"))


def _checked(token: str) -> str:
    if not token:
        raise CloudError(
            "Cannot call the service: the identity token is empty. "
            "Check TOKEN_FILE, or run `gcloud auth login`."
        )
    return token
