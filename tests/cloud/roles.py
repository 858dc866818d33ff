"""What a call needs and what a role holds, as far as a release goes.

From Google's published lists (August 2026): the methods' required permissions and the permissions
of the predefined roles. A role that is not here holds nothing.
"""

from typing import Final

OWNER: Final = "owner@example.com"

# API, method and path of a call, and the permission that it needs.
CALLS: Final = [
    ("run", r"GET .*/services/[^/:]+$", "run.services.get"),
    ("run", r"POST .*/namespaces/[^/]+/services$", "run.services.create"),
    ("run", r"PUT .*/services/[^/:]+$", "run.services.update"),
    ("run", r"GET .*/services/[^/]+:getIamPolicy$", "run.services.getIamPolicy"),
    ("run", r"POST .*/services/[^/]+:setIamPolicy$", "run.services.setIamPolicy"),
    ("run", r"POST .*/builds:submit$", "cloudbuild.builds.create"),
    ("cloudbuild", r"GET .*/operations/[^/]+$", "cloudbuild.builds.get"),
    ("cloudbuild", r"GET .*/builds$", "cloudbuild.builds.list"),
    ("storage", r"GET .*/b$", "storage.buckets.list"),
    ("storage", r"GET .*/b/[^/]+$", "storage.buckets.get"),
    ("storage", r"POST .*/b$", "storage.buckets.create"),
    ("storage", r"POST /upload/.*", "storage.objects.create"),
    ("artifactregistry", r"GET .*/repositories/[^/]+$", "artifactregistry.repositories.get"),
    ("serviceusage", r"GET .*/services/[^/]+$", "serviceusage.services.get"),
    ("iam", r"GET .*/serviceAccounts/[^/]+$", "iam.serviceAccounts.get"),
    ("iamcredentials", r"POST .*:generateAccessToken$", "iam.serviceAccounts.getAccessToken"),
    ("iamcredentials", r"POST .*:generateIdToken$", "iam.serviceAccounts.getOpenIdToken"),
]

ROLES: Final = {
    "roles/run.sourceDeveloper": {
        "artifactregistry.repositories.create",
        "artifactregistry.repositories.get",
        "cloudbuild.builds.create",
        "cloudbuild.builds.get",
        "cloudbuild.builds.list",
        "run.routes.invoke",
        "run.services.create",
        "run.services.get",
        "run.services.getIamPolicy",
        "run.services.update",
        "serviceusage.services.get",
        "serviceusage.services.use",
        "storage.buckets.create",
        "storage.buckets.get",
        "storage.buckets.list",
        "storage.objects.create",
        "storage.objects.get",
    },
    "roles/run.builder": {
        "artifactregistry.repositories.uploadArtifacts",
        "logging.logEntries.create",
        "storage.objects.get",
    },
    "roles/run.invoker": {"run.routes.invoke"},
    "roles/logging.logWriter": {"logging.logEntries.create"},
    "roles/iam.serviceAccountUser": {"iam.serviceAccounts.actAs", "iam.serviceAccounts.get"},
    "roles/iam.serviceAccountTokenCreator": {
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.getOpenIdToken",
    },
}
