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

"""``openstack oauth2 client show`` and ``set``."""

import argparse

from osc_lib.cli import format_columns

from keystone_oauth2.osc import base
from keystone_oauth2.osc import resources


class _Names(format_columns.ListDictColumn):
    """Roles: their names for humans, all members for programs."""

    def human_readable(self) -> str:
        """Return the names."""
        return ', '.join(role['name'] for role in self._value or [])


class _Ids(format_columns.ListDictColumn):
    """Authenticators: their ids for humans, all members for programs."""

    def human_readable(self) -> str:
        """Return the ids, one a line."""
        return '\n'.join(item['id'] for item in self._value or [])


class ShowClient(base.ShowOne):
    """Display a client, its methods and its authenticators.

    A client is an application credential. A table has only the IDs of its
    authenticators; the format json has all of their details.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        base.add_client(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Return what is shown of it."""
        client = resources.Client.new(id=parsed_args.client)
        client.fetch(self.identity)
        members = {
            'id': client.id,
            'name': client.name,
            'description': client.description,
            'expires_at': client.expires_at,
            'user_id': client.user['id'],
            'user_name': client.user['name'],
            'project_id': client.project['id'],
            'project_name': client.project['name'],
            'roles': _Names(client.roles),
            'authentication_methods': format_columns.ListColumn(
                client.authentication_methods
            ),
            'secrets': _Ids(client.secrets),
            'keys': _Ids(client.public_keys),
            'certificates': _Ids(client.certificates),
            'federated_identities': _Ids(client.federated_identities),
        }
        return tuple(members), tuple(members.values())


class SetClient(base.Command):
    """Choose the client authentication methods that a client may use.

    All others are refused from the next request on, even with a correct
    secret. Methods that the operator has not enabled remain disabled.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        base.add_client(parser)
        methods = parser.add_mutually_exclusive_group(required=True)
        methods.add_argument(
            '--authentication-method',
            metavar='<method>',
            action='append',
            dest='methods',
            help=(
                'Method that the client may use, such as private_key_jwt, '
                'federated_jwt, client_secret_basic, client_secret_post, '
                'tls_client_auth or self_signed_tls_client_auth (repeat '
                'option to set multiple methods)'
            ),
        )
        methods.add_argument(
            '--all-authentication-methods',
            action='store_const',
            const=None,
            dest='methods',
            help='Allow all methods that the operator has enabled',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Choose the methods."""
        client = resources.Client.existing(id=parsed_args.client)
        client._update(authentication_methods=parsed_args.methods)
        client.commit(self.identity)
