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

"""``openstack oauth2 access token ...``."""

import argparse
import sys
import typing as ty

from osc_lib import exceptions
from osc_lib.cli import format_columns

from keystone_oauth2.osc import base

_PLUGIN = 'v3oauth2client'


class IssueToken(base.ShowOne):
    """Issue an access token to the client of this command.

    The authentication type must be v3oauth2client. Keep the output secret: a
    token can be used until it expires, unless it is bound to a certificate.
    """

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Return the token that the command has got to authenticate itself.

        :raises exceptions.CommandError: it is not a client with our plugin.
        """
        manager: ty.Any = self.app.client_manager
        if manager.auth_plugin_name != _PLUGIN:
            raise exceptions.CommandError(
                f'Only a client can get an access token: set the '
                f'authentication type (--os-auth-type, OS_AUTH_TYPE or '
                f'auth_type in clouds.yaml) to {_PLUGIN} instead of '
                f'{manager.auth_plugin_name}.'
            )
        found = manager.auth_ref
        members = {
            'access_token': found.auth_token,
            'token_type': 'Bearer',
            'expires_at': found.expires.strftime('%Y-%m-%dT%H:%M:%SZ'),
            'user_id': found.user_id,
            'project_id': found.project_id,
            'roles': format_columns.ListColumn(found.role_names),
        }
        return tuple(members), tuple(members.values())


class IntrospectToken(base.ShowOne):
    """Display what an access token, or another token of Keystone, is.

    You need the role service or admin, except for tokens that your own client
    has got. Otherwise, and for anything that is not a valid token, the only
    field is active, with the value False.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        _add_token(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Return the response of Keystone (RFC 7662, 2.2)."""
        found = self.post('introspect', _token(parsed_args)).json()
        return tuple(found), [_formatted(value) for value in found.values()]


class RevokeToken(base.Command):
    """Revoke an access token, or another token of Keystone.

    You need the role admin, except for tokens that your own client has got.
    Keystone does not say whether there was anything to revoke, nor whether you
    were allowed to.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        _add_token(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Revoke it (RFC 7009, 2)."""
        self.post('revoke', _token(parsed_args))


def _add_token(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        'token',
        metavar='<token>',
        nargs='?',
        help=(
            'Token, or - to read it from standard input. Other users of this '
            'host can see what is on the command line, and --debug logs it: '
            'prefer - or --token-file'
        ),
    )
    source.add_argument(
        '--token-file',
        metavar='<file>',
        help='Read the token from this file',
    )


def _token(parsed_args: argparse.Namespace) -> str:
    """Return the token, wherever it is.

    :raises exceptions.CommandError: there is none, or more than one line.
    """
    if parsed_args.token_file is not None:
        text = base.read_file('--token-file', parsed_args.token_file)
    elif parsed_args.token == '-':
        text = sys.stdin.read()
    else:
        text = parsed_args.token
    return base.one_token(text)


def _formatted(value: ty.Any) -> ty.Any:
    if isinstance(value, dict):
        return format_columns.DictColumn(value)
    if isinstance(value, list):
        return format_columns.ListDictColumn(value)
    return value
