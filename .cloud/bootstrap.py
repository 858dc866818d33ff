"""Preparing a project for releases.

What exists is left as it is; access and clean-up are set anew.
"""

import json
from os import environ
from typing import Final

from commands import gcloud, read, run, say, succeeds
from settings import IN_REGION, PROJECT, REGION, SERVICE, account

APIS: Final = (
    *("artifactregistry", "cloudbuild", "cloudresourcemanager", "iam", "iamcredentials"),
    *("logging", "run", "storage"),
)
BUILDER: Final = f"{SERVICE}-build"
CHECKER: Final = f"{SERVICE}-check"
CALLER: Final = f"{SERVICE}-caller"
ACCOUNTS: Final = {
    SERVICE: "Runs the function; has no roles",
    BUILDER: "Builds, tests and deploys main",
    CHECKER: "Tests pull requests; may only write logs",
    CALLER: "Calls the function in smoke tests",
}
LOCATION: Final = f"--location={REGION}"
# The Cloud SDK's own names; it would make them without clean-up.
IMAGES: Final = "cloud-run-source-deploy"
PACKAGES: Final = f"gs://run-sources-{PROJECT}-{REGION}"


def bootstrap() -> None:
    """Prepare PROJECT: APIs, accounts, clean-up, a service that holds the address, triggers."""
    _do("services enable", *(f"{api}.googleapis.com" for api in APIS))
    for name, purpose in ACCOUNTS.items():
        if not _exists("iam service-accounts describe", account(name)):
            _do("iam service-accounts create", name, f"--display-name={purpose}")
    make_stores()
    make_service()
    grant_roles()
    set_callers()
    if environ["REPO"] or environ["REPOSITORY"]:
        make_triggers()
    else:
        say("No trigger was made: REPO=owner/name makes them, once the repository is connected.")


def make_stores() -> None:
    """Make the stores of images and of uploaded packages, and let old ones be deleted."""
    if not _exists("artifacts repositories describe", IMAGES, LOCATION):
        _do("artifacts repositories create", IMAGES, LOCATION, "--repository-format=docker")
    policies = ("--policy=.cloud/images.json", "--no-dry-run", "--format=none")
    _do("artifacts repositories set-cleanup-policies", IMAGES, LOCATION, *policies)
    if not _exists("storage buckets describe", PACKAGES):
        _do("storage buckets create", PACKAGES, LOCATION, "--uniform-bucket-level-access")
    _do("storage buckets update", PACKAGES, "--lifecycle-file=.cloud/packages.json")


def make_service() -> None:
    """Make the service, closed: it must exist before it can be deployed to without traffic."""
    if not _exists("run services describe", SERVICE, IN_REGION):
        placeholder = ("--image=us-docker.pkg.dev/cloudrun/container/hello", "--max-instances=1")
        flags = (f"--service-account={account(SERVICE)}", "--no-allow-unauthenticated")
        name = "--revision-suffix=placeholder"
        _do("run deploy", SERVICE, IN_REGION, name, *placeholder, *flags)
    # For all revisions together; --max-instances of a deployment holds for each of them.
    _do("beta run services update", SERVICE, IN_REGION, f"--max={environ['MAX_INSTANCES']}")


def grant_roles() -> None:
    """Give each account the roles that it needs, and no more."""
    for name, role in (
        (CHECKER, "logging.logWriter"),
        (BUILDER, "run.builder"),  # makes the image and writes logs
        (BUILDER, "run.sourceDeveloper"),  # uploads the package, deploys, lists builds
    ):
        flags = (f"--member={_member(name)}", f"--role=roles/{role}", "--condition=None")
        _do("projects add-iam-policy-binding", PROJECT, *flags, "--format=none")
    for name, role in (
        (SERVICE, "iam.serviceAccountUser"),
        (BUILDER, "iam.serviceAccountUser"),
        # gcloud asks for an access token first, so the role for identity tokens is not enough.
        (CALLER, "iam.serviceAccountTokenCreator"),
    ):
        flags = (f"--member={_member(BUILDER)}", f"--role=roles/{role}", "--format=none")
        _do("iam service-accounts add-iam-policy-binding", account(name), *flags)


def set_callers() -> None:
    """Let CALLER call the service, and everyone with PUBLIC; close it without."""
    _change_callers("add", _member(CALLER))
    if environ["PUBLIC"] == "true":
        _change_callers("add", "allUsers")
        return
    policy = gcloud("run services get-iam-policy", SERVICE, IN_REGION, "--format=json", "--quiet")
    opened = json.dumps({"bindings": [{"members": ["allUsers"]}]})
    bindings = json.loads(read(*policy, in_dry_run=opened)).get("bindings", [])
    if any("allUsers" in binding["members"] for binding in bindings):
        _change_callers("remove", "allUsers")


def make_triggers() -> None:
    """Make a trigger for pushes to main, and one for pull requests."""
    region = "global"
    if repository := environ["REPOSITORY"]:  # projects/P/locations/L/connections/C/repositories/R
        region, source = repository.split("/")[3], [f"--repository={repository}"]
    else:
        owner, name = environ["REPO"].split("/")
        source = [f"--repo-owner={owner}", f"--repo-name={name}"]
    values = f"_REGION={REGION},_SERVICE={SERVICE},_MAX_INSTANCES={environ['MAX_INSTANCES']}"
    main = ("--branch-pattern=^main$", f"--substitutions=_DEPLOY=true,{values}")
    comments = "--comment-control=COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
    pull = ("--pull-request-pattern=^main$", comments)
    for trigger, builder, flags in (("main", BUILDER, main), ("pull", CHECKER, pull)):
        if _exists("builds triggers describe", f"{SERVICE}-{trigger}", f"--region={region}"):
            continue
        _do(
            "builds triggers create github",
            *(f"--name={SERVICE}-{trigger}", f"--region={region}", *source, *flags),
            "--build-config=cloudbuild.yaml",
            f"--service-account=projects/{PROJECT}/serviceAccounts/{account(builder)}",
        )


def _do(command: str, *arguments: str) -> None:
    run(*gcloud(command, *arguments, "--quiet"))


def _exists(command: str, *arguments: str) -> bool:
    return succeeds(*gcloud(command, *arguments, "--quiet"))


def _member(name: str) -> str:
    return f"serviceAccount:{account(name)}"


def _change_callers(verb: str, member: str) -> None:
    flags = (IN_REGION, f"--member={member}", "--role=roles/run.invoker", "--format=none")
    _do(f"run services {verb}-iam-policy-binding", SERVICE, *flags)
