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

"""Metadata of a service that accepts access tokens (RFC 9728)."""

import typing as ty
import urllib.parse

WELL_KNOWN = '/.well-known/oauth-protected-resource'


def path(resource: str) -> str:
    """Return the path of a service's metadata (RFC 9728, 3.1).

    :param resource: the resource identifier.
    """
    return WELL_KNOWN + urllib.parse.urlsplit(resource).path


def url(resource: str) -> str:
    """Return the URL of a service's metadata.

    :param resource: the resource identifier.
    """
    return urllib.parse.urljoin(resource, path(resource))


def document(resource: str, issuer: str) -> dict[str, ty.Any]:
    """Return the metadata (RFC 9728, 2).

    :param resource: the resource identifier.
    :param issuer: the issuer identifier of the authorization server.
    """
    return {
        'resource': resource,
        'authorization_servers': [issuer],
        'bearer_methods_supported': ['header'],
        'tls_client_certificate_bound_access_tokens': True,
    }
