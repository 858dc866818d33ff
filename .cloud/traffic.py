"""Where the traffic of SERVICE goes."""

import json
import re
from collections import Counter
from typing import Any, Final

from commands import CloudError, gcloud, read, run
from settings import IN_REGION, SERVICE, TAG

ADDRESS: Final = {"url": "https://ADDRESS"}
TAGGED: Final = [
    {"revisionName": "REVISION", "tag": tag} | ADDRESS for tag in (TAG, "previous", "c0000000")
]
# What a dry run takes for the answer:
ASSUMED: Final = {
    "status": {"traffic": [{"revisionName": "SERVING", "percent": 100}, *TAGGED]} | ADDRESS
}


class Traffic:
    """The traffic of the service as it is now."""

    def __init__(self) -> None:
        describe = gcloud("run services describe", SERVICE, IN_REGION, "--format=json")
        status = json.loads(read(*describe, in_dry_run=json.dumps(ASSUMED)))["status"]
        self.url: str = status["url"]  # which all revisions share
        self._targets: list[dict[str, Any]] = status["traffic"]
        self._shares: Counter[str] = Counter()
        for target in self._targets:
            self._shares[target["revisionName"]] += target.get("percent", 0)

    def revision(self, tag: str) -> str:
        """Return the name of the revision that has a tag."""
        return str(self._tagged(tag)["revisionName"])

    def url_of(self, tag: str) -> str:
        """Return the address of the revision that has a tag."""
        return str(self._tagged(tag)["url"])

    def serving(self, *, besides: str = TAG) -> str:
        """Return the revision that has most of the traffic, besides the one of a tag."""
        tagged = {each["revisionName"] for each in self._targets if each.get("tag") == besides}
        for revision, _ in self._shares.most_common():
            if revision not in tagged:
                return revision
        raise CloudError(f"Cannot tell what serves {SERVICE}: its traffic does not name it.")

    def canaries(self) -> list[str]:
        """Return the tags of other builds' canaries."""
        tags = [each.get("tag", "") for each in self._targets]
        return [tag for tag in tags if re.fullmatch("c[0-9a-f]+", tag) and tag != TAG]

    def is_withdrawn(self) -> bool:
        """Return whether one revision has all traffic, and none is tagged TAG."""
        sharing = [share for share in self._shares.values() if share]
        return len(sharing) == 1 and all(each.get("tag") != TAG for each in self._targets)

    def _tagged(self, tag: str) -> dict[str, Any]:
        for target in self._targets:
            if target.get("tag") == tag:
                return target
        raise CloudError(f"Cannot tell the revision tagged {tag}: {SERVICE} has no such tag.")


def update_traffic(*flags: str) -> None:
    """Change the traffic of the service."""
    run(*gcloud("run services update-traffic", SERVICE, IN_REGION, *flags))
