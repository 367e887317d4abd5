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

"""Authorization server metadata (RFC 8414)."""

import collections.abc as abc
import typing as ty
import urllib.parse

from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import method as methods

Method = methods.Method[ty.Any]

WELL_KNOWN = '/.well-known/oauth-authorization-server'

_ENDPOINTS = {
    'token_endpoint': 'token',
    'introspection_endpoint': 'introspect',
    'revocation_endpoint': 'revoke',
}


def path(issuer: str) -> str:
    """Return the path of an issuer's metadata (RFC 8414, 3.1)."""
    return WELL_KNOWN + urllib.parse.urlsplit(issuer).path


def document(
    issuer: str,
    base_url: str,
    methods: abc.Iterable[type[Method]],
    grants: abc.Iterable[str],
    mtls_base_url: str | None,
    *,
    has_keys: bool = False,
) -> dict[str, ty.Any]:
    """Return the metadata, which lists exactly what is enabled.

    :param base_url: the common prefix of all endpoint URLs.
    :param methods: enabled client authentication methods.
    :param grants: the ``grant_type`` of each grant.
    :param mtls_base_url: the counterpart of ``base_url`` if Mutual-TLS has
        its own host or port.
    :param has_keys: whether there are public keys.
    """
    # The strongest first (RFC 9700, 2.5).
    ranked = sorted(
        methods, key=lambda method: (-method.strength, method.name)
    )
    algorithms = dict.fromkeys(
        name for method in ranked for name in method.signing_algorithms
    )
    members: dict[str, ty.Any] = {
        'issuer': issuer,
        **_urls(base_url),
        # Section 2 requires it, section 3.2 forbids it when empty; client
        # libraries require it.
        'response_types_supported': [],
        'grant_types_supported': sorted(grants),
    }
    if has_keys:
        members['jwks_uri'] = f'{base_url}/jwks'
    names = dict.fromkeys(
        method.advertised or method.name for method in ranked
    )
    for endpoint in _ENDPOINTS:
        members[f'{endpoint}_auth_methods_supported'] = list(names)
        if algorithms:
            members[f'{endpoint}_auth_signing_alg_values_supported'] = list(
                algorithms
            )
    if any(method.evidence is evidence.Certificate for method in ranked):
        members['tls_client_certificate_bound_access_tokens'] = True
        if mtls_base_url:
            members['mtls_endpoint_aliases'] = _urls(mtls_base_url)
    return members


def with_algorithms(
    document: dict[str, ty.Any], keys: signing_keys.KeySet
) -> dict[str, ty.Any]:
    """Return the metadata with what a rotation of the keys may change.

    :param keys: that sign introspection responses (RFC 9701, 7).
    """
    if not keys.algorithms:
        return document
    return {
        **document,
        'introspection_signing_alg_values_supported': list(keys.algorithms),
    }


def _urls(base_url: str) -> dict[str, str]:
    return {
        endpoint: f'{base_url}/{name}' for endpoint, name in _ENDPOINTS.items()
    }
