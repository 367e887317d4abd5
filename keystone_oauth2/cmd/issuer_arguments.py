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

"""Arguments of the commands for trusted issuers."""

import argparse
import collections.abc as abc
import json
import pathlib
import typing as ty

from keystone_oauth2.outbound import fetching
from keystone_oauth2.protocol import json_objects
from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.protocol.federation import trusted_issuer

_MAX_CA_LENGTH = 16 * 1024
_PRIVATE_PEM = 'PRIVATE KEY-----'
_PREFIX = 'trusted_issuer_'
#: Members of a trusted issuer that are lists, or that are taken as they are.
_LISTS = ('algorithms', 'allowed_networks', 'required_claims')
_OTHERS = ('issuer', 'max_lifetime', 'is_once', 'is_enabled')


class Mistake(Exception):
    """A sentence for the operator.

    :param remedy: another sentence, unless the reason says what to do.
    """

    def __init__(self, reason: str, remedy: str = '') -> None:
        super().__init__(f'{reason} {remedy}'.rstrip())
        self.reason = reason


def add(parsers: abc.Mapping[str, argparse.ArgumentParser]) -> None:
    """Add the arguments to the parsers of the commands, by name."""
    for name in ('create', 'set', 'check', 'show', 'delete'):
        parsers[_PREFIX + name].add_argument(
            'issuer_id', metavar='ID', help='of the trusted issuer'
        )
    create = parsers[f'{_PREFIX}create']
    create.add_argument(
        '--kind',
        required=True,
        choices=sorted(trusted_issuer.PRESETS),
        help='of issuer, which decides on the defaults',
    )
    create.add_argument(
        '--issuer',
        metavar='URL',
        help='the exact iss of its JWTs; by default that of github.com or '
        'gitlab.com, if it is of that kind',
    )
    _add_members(create)
    change = parsers[f'{_PREFIX}set']
    _add_members(change)
    _add_switch(
        change,
        'is_enabled',
        ('--enable', 'accept its JWTs again'),
        ('--disable', 'refuse its JWTs'),
    )


def members(command: ty.Any) -> dict[str, ty.Any]:
    """Return the members of a trusted issuer that were given.

    Files are read and checked here, so that other nodes need none.

    :param command: the parsed command line.
    :raises Mistake: a file cannot be used.
    """
    given = {name: getattr(command, name, None) for name in _OTHERS}
    found = {name: one for name, one in given.items() if one is not None}
    for name in _LISTS:
        values = getattr(command, name)
        if values is not None:
            found[name] = tuple(value for value in values if value)
    if command.audience is not None:
        found['audience'] = command.audience or None
    if command.ca_file is not None:
        found['ca_certificates'] = (
            _certificates(command.ca_file) if command.ca_file else None
        )
    return found | _source(command)


def _add_members(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        '--discovery',
        action='store_true',
        help='take its keys from where its OpenID discovery document says, '
        'the default',
    )
    source.add_argument(
        '--jwks-uri', metavar='URL', help='of the JWK set with its keys'
    )
    source.add_argument(
        '--jwks-file',
        metavar='FILE',
        help='with a JWK set, which is stored in the database',
    )
    source.add_argument(
        '--bundle-endpoint', metavar='URL', help='of a SPIFFE trust domain'
    )
    parser.add_argument(
        '--ca-file',
        metavar='FILE',
        help='with the only CA certificates for its URLs (PEM), which are '
        'stored in the database; "" for those of the Python library requests',
    )
    parser.add_argument(
        '--audience',
        metavar='AUD',
        help='of its JWTs; "" for the default, the issuer identifier of this '
        'server',
    )
    parser.add_argument(
        '--algorithm',
        dest='algorithms',
        action='append',
        metavar='ALG',
        help='of its signatures; can be repeated',
    )
    parser.add_argument(
        '--max-lifetime',
        type=int,
        metavar='SECONDS',
        help='of its JWTs',
    )
    _add_switch(
        parser,
        'is_once',
        ('--once', 'accept each of its JWTs once'),
        ('--reusable', 'accept its JWTs until they expire'),
    )
    parser.add_argument(
        '--require-claim',
        dest='required_claims',
        action='append',
        metavar='NAME',
        help='a federated identity must have this claim, or another one that '
        'is given like this; can be repeated; "" for none',
    )
    parser.add_argument(
        '--allow-network',
        dest='allowed_networks',
        action='append',
        metavar='CIDR',
        help='connect to its servers in this network although it is not '
        'public; can be repeated; "" for none',
    )


def _add_switch(
    parser: argparse.ArgumentParser,
    member: str,
    on: tuple[str, str],
    off: tuple[str, str],
) -> None:
    group = parser.add_mutually_exclusive_group()
    for (option, meaning), value in ((on, True), (off, False)):
        group.add_argument(
            option,
            dest=member,
            action='store_const',
            const=value,
            help=meaning,
        )


def _source(command: ty.Any) -> dict[str, ty.Any]:
    """Return the members that say where keys come from, if any was given."""
    if command.jwks_file is not None:
        return {
            'key_source': trusted_issuer.JWKS,
            'jwks_uri': None,
            'jwks': _jwks(command.jwks_file),
        }
    for source, url in (
        (trusted_issuer.JWKS_URI, command.jwks_uri),
        (trusted_issuer.BUNDLE, command.bundle_endpoint),
    ):
        if url is not None:
            return {'key_source': source, 'jwks_uri': url}
    if command.discovery:
        return {'key_source': trusted_issuer.DISCOVERY, 'jwks_uri': None}
    return {}


def _certificates(path: str) -> str:
    try:
        text = _content('--ca-file', path).decode('ascii')
        if len(text) > _MAX_CA_LENGTH:
            raise ValueError(f'it has more than {_MAX_CA_LENGTH} bytes')
        if _PRIVATE_PEM in text:
            raise ValueError('it has a private key')
        fetching.context(authorities=text)
    except (OSError, ValueError) as error:
        raise Mistake(
            f'--ca-file: {path} cannot be used, {error}: give a file with '
            f'certificates of CAs only, in PEM.'
        ) from error
    return text


def _jwks(path: str) -> str:
    try:
        jwks = json_objects.read(_content('--jwks-file', path))
    except (RecursionError, ValueError) as error:
        raise Mistake(
            f'--jwks-file: {path} is not a JWK set, {error}: give a JSON '
            f'object with the member keys.'
        ) from error
    keys = jwks.get('keys')
    if isinstance(keys, list) and any(map(_is_private, keys)):
        raise Mistake(
            f'--jwks-file: {path} has a private or secret key: remove the '
            f'private members, and replace the key if others could read it.'
        )
    return json.dumps(jwks)


def _is_private(key: ty.Any) -> bool:
    return isinstance(key, dict) and jwk.is_private(key)


def _content(option: str, path: str) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise Mistake(
            f'{option}: {path} cannot be read, {error.strerror}.'
        ) from error
