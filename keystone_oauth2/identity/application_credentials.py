# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Secrets of application credentials (``keystone.application_credential``).

This module implements :class:`keystone_oauth2.protocol.ports.SecretHasher`.
"""

import functools
import uuid

from keystone import exception
from keystone.common import password_hashing
from keystone.common import provider_api

PROVIDERS = provider_api.ProviderAPIs

# No secret is longer than the largest request body.
_LONGEST = 64 * 1024


def check(client_id: str, client_secret: str) -> bool:
    """Check a secret as ``POST /v3/auth/tokens`` does.

    Calls ``application_credential_api.authenticate``, which reads the
    database each time, hashes, and checks the expiration.
    """
    api = PROVIDERS.application_credential_api
    try:
        api.authenticate(client_id, client_secret)
    except (AssertionError, exception.PasswordVerificationError):
        return False
    return True


def check_dummy(client_secret: str) -> None:
    """Take as long as :func:`check` with a wrong secret."""
    try:
        password_hashing.check_password(client_secret, _dummy_hash())
    except exception.PasswordVerificationError:
        # This is as fast as with an existing client: [DEFAULT]
        # strict_password_check refuses before hashing.
        return


def hashed_part(client_secret: str) -> bytes:
    """Return the bytes of a secret that Keystone hashes."""
    return client_secret.encode()[: hashed_length()]


@functools.cache
def hashed_length() -> int:
    """Return the maximum number of bytes of a secret that Keystone hashes.

    Calls ``password_hashing``: it is 72 for bcrypt, the default.
    """
    try:
        return len(
            password_hashing.verify_length_and_trunc_password('x' * _LONGEST)
        )
    except exception.PasswordVerificationError:
        # Longer secrets are refused, not truncated.
        return _LONGEST


@functools.cache
def _dummy_hash() -> str:
    return password_hashing.hash_password(uuid.uuid4().hex)
