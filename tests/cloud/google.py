"""Google Cloud on this machine, as far as the Cloud SDK asks it in a release.

It refuses what Google refuses: an API that is not enabled, an account without any role, a token of
another audience. What each role permits is Google's to say, and not known here.
"""

import base64
import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

type Json = Any  # as a caller or the SDK wrote it

PROJECT: Final = "projects/rehearsal"
OWNER: Final = "owner@example.com"


class RefusalError(Exception):
    """A status and a message of Google's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Call(NamedTuple):
    """One call of an API, by an account."""

    api: str
    method: str
    path: str
    query: dict[str, str]
    body: bytes
    account: str

    @property
    def name(self) -> str:
        """The resource, such as `projects/rehearsal/serviceAccounts/NAME`."""
        name = re.sub(r"^.*?(?=projects/|namespaces/|b/|b$)|:\w+$", "", self.path)
        name = name.replace("namespaces/rehearsal", f"{PROJECT}/locations/southamerica-west1")
        return name.replace("projects/-/", f"{PROJECT}/")

    @property
    def verb(self) -> str:
        """What is asked of the resource, such as `setIamPolicy`, or the method itself."""
        return self.path.rpartition(":")[2] if ":" in self.path else self.method

    @property
    def json(self) -> Json:
        return json.loads(self.body or b"{}")


class Failure(NamedTuple):
    """What one call gets, once `after` others have passed."""

    calls: str  # a pattern
    after: int
    refusal: RefusalError


@dataclass
class Google:
    """One project: what is enabled, who may do what, its resources by name, and its builds."""

    folder: Path
    enabled: set[str] = field(default_factory=lambda: {"serviceusage"})
    policies: dict[str, list[Json]] = field(default_factory=dict)
    resources: dict[str, Json] = field(default_factory=dict)
    builds: list[Json] = field(default_factory=list)
    failure: Failure | None = None
    calls: list[str] = field(default_factory=list)
    slow: int = 0  # how often a source build is still under way when it is asked for

    def branch(self, folder: Path) -> "Google":
        """Return the same project for another test; what runs in it is shared."""
        state = {name: copy.deepcopy(value) for name, value in vars(self).items()}
        return Google(**state | {"folder": folder, "calls": []})

    def is_bound(self, account: str, resource: str) -> bool:
        """Return whether the policy of the resource gives the account, or everyone, a role."""
        members = {f"serviceAccount:{account}", "allUsers"}
        bindings = self.policies.get(resource, [])
        return account == OWNER or any(members & {*each["members"]} for each in bindings)

    def demand(self, account: str, resource: str = PROJECT) -> None:
        """Raise `RefusalError` unless the account has a role on the resource."""
        if not self.is_bound(account, resource):
            raise RefusalError(403, f"Permission denied on '{resource}' for {account}")

    def allow(self, call: Call) -> None:
        """Raise `RefusalError` unless the API is enabled and the account may make this call."""
        line = f"{call.method} {call.path}"
        self.calls.append(line)
        if self.failure and re.search(self.failure.calls, line):
            self.failure = self.failure._replace(after=self.failure.after - 1)
            if self.failure.after < 0:
                refusal, self.failure = self.failure.refusal, None
                raise refusal
        if call.api not in self.enabled:
            raise RefusalError(403, f"{call.api}.googleapis.com is disabled in this project")
        if call.verb == "setIamPolicy" and call.account != OWNER:
            raise RefusalError(403, f"Permission denied to set the policy of '{call.name}'")
        self.demand(call.account, call.name if call.api == "iamcredentials" else PROJECT)

    def answer(self, call: Call) -> Json:
        """Answer a call that is allowed, but those of builds and revisions."""
        special: dict[tuple[str, str], Callable[[Call], Json]] = {
            ("serviceusage", "GET"): self._is_enabled,
            ("serviceusage", "batchEnable"): self._enable,
            ("iamcredentials", "generateAccessToken"): self._access_token,
            ("iamcredentials", "generateIdToken"): self._token,
        }
        if call.api == "storage" and call.name == "b" and call.method == "GET":
            return {"items": [each for name, each in self.resources.items() if name[:2] == "b/"]}
        return special.get((call.api, call.verb), self._resource)(call)

    def _is_enabled(self, call: Call) -> Json:
        api = call.path.rpartition("/")[2].partition(".")[0]
        return {"state": "ENABLED" if api in self.enabled else "DISABLED"}

    def _enable(self, call: Call) -> Json:
        self.enabled |= {name.partition(".")[0] for name in call.json["serviceIds"]}
        return {"name": "operations/noop.DONE_OPERATION", "done": True, "response": {}}

    def _access_token(self, call: Call) -> Json:
        return {"accessToken": call.name.rpartition("/")[2], "expireTime": "2100-01-01T00:00:00Z"}

    def _token(self, call: Call) -> Json:
        if "iam" not in self.enabled:
            raise RefusalError(403, "iam.googleapis.com is disabled in this project")
        email = call.name.rpartition("/")[2]
        return {"token": identity_token(email, call.json["audience"])}

    def _resource(self, call: Call) -> Json:
        if call.verb == "getIamPolicy":
            return {"bindings": self.policies.get(call.name, []), "etag": "AA=="}
        if call.verb == "setIamPolicy":
            self.policies[call.name] = call.json["policy"].get("bindings", [])
            return call.json["policy"]
        if call.method == "POST":
            return self._create(call)
        if call.method == "PATCH":
            self.resources[call.name] |= call.json
        if call.name not in self.resources:
            raise RefusalError(404, f"Resource '{call.name}' was not found")
        return self.resources[call.name]

    def _create(self, call: Call) -> Json:
        names = {
            "serviceAccounts": f"{call.json.get('accountId')}@rehearsal.iam.gserviceaccount.com",
            "repositories": call.query.get("repositoryId", ""),
        }
        name = f"{call.name}/{names.get(call.path.rpartition('/')[2]) or call.json['name']}"
        if name in self.resources:
            raise RefusalError(409, f"Resource '{name}' already exists")
        self.resources[name] = {"name": name, "id": name.rpartition("/")[2]} | call.json
        if call.api == "artifactregistry":
            operation = f"{PROJECT}/locations/southamerica-west1/operations/made"
            self.resources[operation] = {"name": operation, "done": True}
            return self.resources[operation]
        return self.resources[name]


def identity_token(email: str, audience: str) -> str:
    """Return a JSON Web Token that says who calls whom; its signature is a word."""
    claims = {"email": email, "aud": audience, "exp": 4102444800}
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".sig"
