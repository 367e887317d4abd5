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

"""``openstack oauth2 client key ...``."""

import argparse
import logging
import os
import typing as ty

from osc_lib import exceptions
from osc_lib.cli import format_columns

from keystone_oauth2.osc import base
from keystone_oauth2.osc import keys
from keystone_oauth2.osc import resources
from keystone_oauth2.osc.v1 import authenticators

LOG = logging.getLogger(__name__)


class _Key(authenticators.Kind):
    noun = 'key'
    plural = 'keys'
    resource = resources.Key
    listed = {'type': 'Type', 'kid': 'Key ID'}
    listed_long = {'alg': 'Algorithm', 'thumbprint': 'Thumbprint'}

    def show_own(self, authenticator: ty.Any) -> dict[str, ty.Any]:
        """Return the key, and what tells it from others."""
        jwk = authenticator.jwk or {}
        return {
            'type': jwk.get('crv', jwk.get('kty')),
            'kid': jwk.get('kid'),
            'alg': jwk.get('alg'),
            'thumbprint': authenticator.thumbprint,
            'jwk': format_columns.DictColumn(jwk),
        }


class CreateKey(authenticators.Create):
    """Register a public key of a client, for private_key_jwt.

    The key pair can be made on this host. Its private half is written to a
    file, as PEM that only you can read, and is never sent.
    """

    kind = _Key()

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            '--generate',
            metavar='<file>',
            help=(
                'Make a key pair here, and write the private half to this '
                'file, which must not exist'
            ),
        )
        source.add_argument(
            '--public-key',
            metavar='<file>',
            help='Register the public key in this file: PEM or a JWK',
        )
        parser.add_argument(
            '--algorithm',
            metavar='<algorithm>',
            choices=keys.ALGORITHMS,
            help=(
                f'Algorithm of the key to generate: '
                f'{", ".join(keys.ALGORITHMS)} (default: {keys.ALGORITHMS[0]})'
            ),
        )
        parser.add_argument(
            '--key-id',
            metavar='<key-id>',
            help=(
                'Key ID (kid); an assertion with another one does not match '
                'the key (default: that of the JWK, if any)'
            ),
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Register the key, and return what is shown of it.

        :raises exceptions.CommandError: the file cannot be used.
        """
        if parsed_args.generate is not None:
            return self._generate(parsed_args)
        if parsed_args.algorithm is not None:
            raise exceptions.CommandError(
                '--algorithm can only be used with --generate.'
            )
        text = base.read_file('--public-key', parsed_args.public_key)
        try:
            jwk = keys.read_public(text)
        except ValueError as error:
            raise exceptions.CommandError(
                f'The file of --public-key {error}.'
            ) from None
        return self._register(parsed_args, jwk)

    def _generate(self, parsed_args: argparse.Namespace) -> base.Table:
        path = os.path.expanduser(parsed_args.generate)
        private, jwk = keys.generate(
            parsed_args.algorithm or keys.ALGORITHMS[0]
        )
        try:
            keys.write_private(path, private)
        except FileExistsError:
            raise exceptions.CommandError(
                f'{path} exists already, and was not changed.'
            ) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, 'strerror', None) or error
            raise exceptions.CommandError(
                f'Cannot write {path}: {reason}.'
            ) from error
        try:
            return self._register(parsed_args, jwk)
        except BaseException as error:
            if _is_refusal(error):
                os.unlink(path)
            else:
                LOG.warning(
                    'The key may be registered, or not: list the keys of the '
                    'client. Its private half is in %s.',
                    path,
                )
            raise

    def _register(
        self, parsed_args: argparse.Namespace, jwk: dict[str, str]
    ) -> base.Table:
        if parsed_args.key_id is not None:
            jwk['kid'] = parsed_args.key_id
        return self.register(parsed_args, jwk=jwk)


class ListKeys(authenticators.List):
    """List the public keys of a client"""

    kind = _Key()


class ShowKey(authenticators.Show):
    """Display details of a public key"""

    kind = _Key()


class DeleteKey(authenticators.Delete):
    """Delete public keys of a client.

    Assertions that are signed with them are refused from the next request on.
    Tokens that the client has got remain valid.
    """

    kind = _Key()


def _is_refusal(error: BaseException) -> bool:
    """Whether an error says that nothing was registered."""
    status = getattr(error, 'status_code', None) or getattr(
        error, 'http_status', None
    )
    return isinstance(status, int) and 400 <= status < 500
