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

"""Trusted issuers as the commands print them."""

import collections.abc as abc

from oslo_utils import timeutils
import prettytable

from keystone_oauth2.cmd import issuer_keys
from keystone_oauth2.protocol.federation import trusted_issuer

_Issuer = trusted_issuer.TrustedIssuer


def keys(issuer: _Issuer) -> prettytable.PrettyTable:
    """Return a table with the keys of an issuer."""
    table = prettytable.PrettyTable(['Key id', 'Algorithms'])
    for kid, algorithms in issuer_keys.rows(issuer):
        table.add_row([kid or '-', algorithms or '-'])
    return table


def summary(issuers: abc.Iterable[_Issuer]) -> prettytable.PrettyTable:
    """Return a table with a row for each issuer."""
    table = prettytable.PrettyTable(
        ['Id', 'Kind', 'Issuer', 'Enabled', 'Keys fetched', 'Last failure']
    )
    for issuer in issuers:
        table.add_row(
            [
                issuer.id,
                issuer.kind,
                issuer.issuer,
                issuer.is_enabled,
                age(issuer),
                issuer.failure or '-',
            ]
        )
    return table


def details(
    issuer: _Issuer, uses: int, own_issuer: str | None
) -> prettytable.PrettyTable:
    """Return a table with all about an issuer.

    :param uses: how many federated identities use it.
    :param own_issuer: our own issuer identifier, the default audience.
    """
    properties = {
        'Id': issuer.id,
        'Kind': issuer.kind,
        'Issuer': issuer.issuer,
        'Enabled': issuer.is_enabled,
        'Keys from': issuer.key_source,
        'URL of the keys': issuer.jwks_uri,
        'CA certificates': 'of its own'
        if issuer.ca_certificates
        else 'of requests',
        'Allowed networks': ', '.join(issuer.allowed_networks),
        'Algorithms': ', '.join(issuer.algorithms),
        'Audience': issuer.audience or own_issuer,
        'Longest lifetime': issuer.max_lifetime,
        'Once': issuer.is_once,
        'Required claims': ', '.join(issuer.required_claims),
        'Key ids': ', '.join(
            kid or '-' for kid, _ in issuer_keys.rows(issuer)
        ),
        'Keys fetched': age(issuer),
        'Last attempt': issuer.attempted_at,
        'Last failure': issuer.failure,
        'Federated identities': uses,
        'Revision': issuer.revision,
    }
    table = prettytable.PrettyTable(['Property', 'Value'])
    table.align = 'l'
    for name, value in properties.items():
        table.add_row([name, '-' if value in (None, '') else value])
    return table


def age(issuer: _Issuer) -> str:
    """Return when the keys of an issuer were fetched, and their age."""
    if issuer.key_source == trusted_issuer.JWKS:
        return 'from a file'
    if issuer.keys_fetched_at is None:
        return 'never'
    age = timeutils.utcnow() - issuer.keys_fetched_at
    seconds = max(0, int(age.total_seconds()))
    return f'{issuer.keys_fetched_at}, {seconds} seconds ago'
