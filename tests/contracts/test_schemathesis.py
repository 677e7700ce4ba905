"""Schemathesis over the three documents: whatever is sent, the answer is one that the document foretells.

Examples, coverage of every schema's edges, and fuzzing, valid and invalid, against the real apps with tokens that are good for
each operation.  No server error, no undocumented status or type, no answer that does not fit its schema, and no error
that repeats what was sent.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.openapi import checks as openapi_checks
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi import checks
