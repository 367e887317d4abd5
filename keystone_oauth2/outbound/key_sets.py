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

"""Key sets of trusted issuers (OpenID Connect Discovery 1.0, 4).

The registration of an issuer, and never a JWT, says what is fetched (RFC 8725,
3.10).
"""

import time
import typing as ty

from keystone_oauth2.outbound import addresses
from keystone_oauth2.outbound import fetching
from keystone_oauth2.protocol import json_objects
from keystone_oauth2.protocol.federation import trusted_issuer

#: Seconds for all requests, and bytes of each response.
DEADLINE = 10
MAX_BYTES = 1024 * 1024

_WELL_KNOWN = '/.well-known/openid-configuration'
_HEADERS = {'User-Agent': 'keystone-oauth2'}


def fetch(issuer: trusted_issuer.TrustedIssuer) -> dict[str, ty.Any]:
    """Return the JWK set of an issuer, which has yet to be checked.

    :param issuer: one whose keys do not come from a file.
    :raises fetching.FetchError: there is none; the message is a sentence for
        the operator.
    """
    documents = _Documents(issuer)
    url = issuer.jwks_uri
    if issuer.key_source == trusted_issuer.DISCOVERY:
        location = issuer.issuer.removesuffix('/') + _WELL_KNOWN
        url = _jwks_uri(documents.get(location), issuer.issuer)
    if url is None:
        raise fetching.FetchError('The keys of this issuer have no URL.')
    return documents.get(url)


class _Documents:
    """JSON objects from the servers of an issuer, with one deadline."""

    def __init__(self, issuer: trusted_issuer.TrustedIssuer) -> None:
        self._end = time.monotonic() + DEADLINE
        try:
            self._tls = fetching.context(authorities=issuer.ca_certificates)
            self._addresses = addresses.Addresses(issuer.allowed_networks)
        except (OSError, ValueError) as error:
            raise fetching.FetchError(
                f'The CA certificates or networks of this issuer cannot be '
                f'read: {error}.'
            ) from error

    def get(self, url: str) -> dict[str, ty.Any]:
        try:
            return _object(
                fetching.get(
                    url,
                    self._tls,
                    _HEADERS,
                    self._end - time.monotonic(),
                    permits=self._addresses.permits,
                    max_bytes=MAX_BYTES,
                )
            )
        except fetching.FetchError as error:
            raise fetching.FetchError(
                f'{url} cannot be fetched: {error}.'
            ) from error


def _object(answer: fetching.Answer) -> dict[str, ty.Any]:
    if 300 <= answer.status < 400:
        raise fetching.FetchError(
            f'status {answer.status}, and redirects are not followed'
        )
    if answer.status != 200:
        raise fetching.FetchError(f'status {answer.status}')
    try:
        return json_objects.read(answer.body)
    except (ValueError, RecursionError) as error:
        raise fetching.FetchError(
            'the response is not a JSON object'
        ) from error


def _jwks_uri(document: dict[str, ty.Any], issuer: str) -> str:
    """Return the URL of the keys in a discovery document (4.2, 4.3)."""
    found = document.get('issuer')
    if found != issuer:
        raise fetching.FetchError(
            f'The discovery document has another issuer than {issuer}'
            f'{_shown(found)}.'
        )
    url = document.get('jwks_uri')
    if not isinstance(url, str) or not trusted_issuer.is_https_url(
        url, query=True
    ):
        raise fetching.FetchError(
            'The jwks_uri in the discovery document is not an https URL.'
        )
    return url


def _shown(found: ty.Any) -> str:
    # It could be anything, also of any length.
    if isinstance(found, str) and trusted_issuer.is_https_url(found):
        return f', {found}'
    return ''
