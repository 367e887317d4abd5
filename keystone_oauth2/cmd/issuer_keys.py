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

"""Keys of trusted issuers, as the commands fetch and show them."""

import collections.abc as abc
import dataclasses
import json
import typing as ty

from oslo_utils import timeutils

from keystone_oauth2.cmd import issuer_arguments
from keystone_oauth2.outbound import fetching
from keystone_oauth2.outbound import key_sets
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.federation import issuer_keys
from keystone_oauth2.protocol.federation import trusted_issuer

_Issuer = trusted_issuer.TrustedIssuer
_REMEDY = (
    'Allow the network of its servers with --allow-network, give its CA with '
    '--ca-file, or its keys with --jwks-file.'
)


def fetched(issuer: _Issuer) -> tuple[_Issuer, list[str]]:
    """Return an issuer with its keys of now, if they come from a URL.

    :returns: the issuer, and a sentence for each key that was ignored.
    :raises issuer_arguments.Mistake: there are no usable ones.
    """
    began = timeutils.utcnow().replace(microsecond=0)
    try:
        jwks = key_sets.fetch(issuer)
    except fetching.FetchError as error:
        raise issuer_arguments.Mistake(str(error), _REMEDY) from error
    made, ignored = usable(issuer, jwks)
    return dataclasses.replace(
        made,
        attempted_at=began,
        keys_fetched_at=timeutils.utcnow().replace(microsecond=0),
    ), ignored


def usable(issuer: _Issuer, jwks: ty.Any) -> tuple[_Issuer, list[str]]:
    """Return an issuer with the usable keys of a JWK set.

    :returns: the issuer, and a sentence for each key that was ignored.
    :raises issuer_arguments.Mistake: there are none.
    """
    try:
        text, ignored = issuer_keys.usable(jwks, issuer.kind)
    except ValueError as error:
        raise issuer_arguments.Mistake(
            f'The key set {error}'.rstrip('.') + '.'
        ) from error
    return dataclasses.replace(
        issuer,
        jwks=text,
        keys_fetched_at=None,
        attempted_at=None,
        failure=None,
    ), ignored


def check_algorithms(issuer: _Issuer) -> None:
    """Check that a key is for an algorithm that the issuer may use.

    :raises issuer_arguments.Mistake: none is.
    """
    if issuer.jwks is None or any(usual for _, usual in rows(issuer)):
        return
    found = sorted(
        {name for key in _keys(issuer) for name in jwk.algorithms(key)}
    )
    raise issuer_arguments.Mistake(
        f'No key is for an algorithm that the issuer may use '
        f'({", ".join(issuer.algorithms)}): give one of {", ".join(found)} '
        f'with --algorithm.'
    )


def rows(issuer: _Issuer) -> abc.Iterator[tuple[str | None, str]]:
    """Return the ``kid`` of each key, and the algorithms that are used."""
    for key in _keys(issuer):
        possible = jwk.algorithms(key)
        usual = [name for name in issuer.algorithms if name in possible]
        yield key.get('kid'), ', '.join(usual)


def _keys(issuer: _Issuer) -> list[dict[str, str]]:
    if issuer.jwks is None:
        return []
    keys: list[dict[str, str]] = json.loads(issuer.jwks)['keys']
    return keys
