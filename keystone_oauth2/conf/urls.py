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

"""URLs that follow from the configuration."""

import typing as ty

from keystone_oauth2.conf import oauth2


def base_url(endpoint: str | None) -> str | None:
    """Return the URL of version 3 below an endpoint of Keystone."""
    return f'{endpoint.rstrip("/")}/v3' if endpoint else None


def issuer(conf: ty.Any) -> str | None:
    """Return the issuer identifier, or None if there is none.

    :param conf: Keystone's configuration.
    """
    configured: str | None = conf.oauth2.issuer
    if configured:
        return configured
    derived = base_url(conf.public_endpoint)
    try:
        return oauth2.issuer.type(derived) if derived else None
    except ValueError:
        return None
