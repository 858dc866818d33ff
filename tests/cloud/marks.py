"""What tests need of the machine."""

import pytest

from tests.cloud.sdk import GCLOUD

needs_sdk = pytest.mark.skipif(GCLOUD is None, reason="the Google Cloud SDK is not installed")
