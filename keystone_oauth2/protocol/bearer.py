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

"""Bearer tokens in requests to services (RFC 6750)."""

import re

#: What a token can be (RFC 6750, 2.1).
TOKEN = re.compile(r'[A-Za-z0-9._~+/-]+=*')

_SCHEME = re.compile('bearer(?: |$)', re.IGNORECASE)
# With the white space that RFC 9110, 5.5, allows.
_CREDENTIALS = re.compile(rf'bearer +({TOKEN.pattern})[ \t]*', re.IGNORECASE)


class MalformedCredentials(ValueError):
    """A header field with the scheme ``Bearer`` and no single token."""


def token(authorization: str) -> str | None:
    """Return the token in a header field ``Authorization``.

    :param authorization: the value of the field.
    :returns: None if the scheme is another one (RFC 9110, 11.1: in any case).
    :raises MalformedCredentials: there is no token, or more than one.
    """
    if not _SCHEME.match(authorization):
        return None
    match = _CREDENTIALS.fullmatch(authorization)
    if match is None:
        raise MalformedCredentials('Bearer needs exactly one token')
    return match[1]


def challenge(
    error: str | None = None, resource_metadata: str | None = None
) -> str:
    """Return a value for the header field ``WWW-Authenticate``.

    :param error: an error code (RFC 6750, 3.1); None if no token was sent.
    :param resource_metadata: URL of the metadata of the service (RFC 9728,
        5.1), if it has any.
    """
    parameters = {'resource_metadata': resource_metadata, 'error': error}
    given = ', '.join(
        f'{name}="{value}"' for name, value in parameters.items() if value
    )
    return f'Bearer {given}'.rstrip()
