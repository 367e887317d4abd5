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

"""What the commands for all kinds of authenticators have in common."""

import argparse
import collections.abc as abc
import logging
import typing as ty

from osc_lib import exceptions

from keystone_oauth2.osc import arguments
from keystone_oauth2.osc import base
from keystone_oauth2.osc import resources

LOG = logging.getLogger(__name__)

_COMMON = (
    'id',
    'description',
    'created_at',
    'expires_at',
    'expires_soon',
    'last_used_at',
)
#: Columns and their headers: those that a list always has, and the others.
_LISTED = {
    'expires_at': 'Expires At',
    'last_used_at': 'Last Used At',
}
_LISTED_LONG = {
    'created_at': 'Created At',
    'expires_soon': 'Expires Soon',
}


class Kind:
    """A kind of authenticator.

    :cvar noun: its name in messages; a command's last object.
    :cvar plural: the name of several.
    :cvar resource: its class.
    :cvar listed: columns that only this kind has, with their headers.
    :cvar listed_long: the same for ``--long``.
    """

    noun: ty.ClassVar[str]
    plural: ty.ClassVar[str]
    resource: ty.ClassVar[type[resources.Authenticator]]
    listed: ty.ClassVar[dict[str, str]] = {}
    listed_long: ty.ClassVar[dict[str, str]] = {}

    @property
    def metavar(self) -> str:
        """The name of an argument with its ID."""
        return f'<{self.noun.replace(" ", "-")}>'

    def show(self, authenticator: ty.Any) -> dict[str, ty.Any]:
        """Return the members of an authenticator, in their order."""
        common = base.pick(authenticator, _COMMON)
        return {
            **dict(zip(_COMMON, common, strict=True)),
            **self.show_own(authenticator),
        }

    def show_own(self, authenticator: ty.Any) -> dict[str, ty.Any]:
        """Return the members that only this kind has."""
        return {}


class Create(base.ShowOne):
    """Registers an authenticator."""

    kind: Kind

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        base.add_client(parser)
        parser.add_argument(
            '--description',
            metavar='<description>',
            help=f'Description of the {self.kind.noun}',
        )
        expiry = parser.add_mutually_exclusive_group()
        expiry.add_argument(
            '--expires-in',
            metavar='<period>',
            type=arguments.period,
            help=(
                f'Period after which the {self.kind.noun} expires: a number '
                f'and one of s, m, h, d and w, such as 90d (default: never)'
            ),
        )
        expiry.add_argument(
            '--expires-at',
            metavar='<time>',
            help=(
                f'Time at which the {self.kind.noun} expires, in UTC, such '
                f'as 2027-06-01T00:00:00Z'
            ),
        )
        return parser

    def register(
        self, parsed_args: argparse.Namespace, **members: ty.Any
    ) -> base.Table:
        """Register an authenticator, and return what is shown of it."""
        if parsed_args.expires_in is not None:
            members['expires_at'] = arguments.after(parsed_args.expires_in)
        elif parsed_args.expires_at is not None:
            members['expires_at'] = parsed_args.expires_at
        if parsed_args.description is not None:
            members['description'] = parsed_args.description
        created = self.kind.resource.new(
            client_id=parsed_args.client, **members
        ).create(self.identity)
        return _as_columns(self.show(created))

    def show(self, created: ty.Any) -> dict[str, ty.Any]:
        """Return what is shown of a new authenticator."""
        return self.kind.show(created)


class List(base.Lister):
    """Lists the authenticators of a kind."""

    kind: Kind

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        base.add_client(parser)
        parser.add_argument(
            '--long',
            action='store_true',
            help='List additional fields in output',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Return a row for each authenticator, the oldest first."""
        found = self.kind.resource.list(
            self.identity, client_id=parsed_args.client
        )
        columns = {
            'id': 'ID',
            'description': 'Description',
            **self.kind.listed,
            **_LISTED,
        }
        if parsed_args.long:
            columns |= {**self.kind.listed_long, **_LISTED_LONG}
        rows = [self.kind.show(authenticator) for authenticator in found]
        return tuple(columns.values()), [
            tuple(row[name] for name in columns) for row in rows
        ]


class Show(base.ShowOne):
    """Shows an authenticator."""

    kind: Kind

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        base.add_client(parser)
        parser.add_argument(
            'authenticator',
            metavar=self.kind.metavar,
            type=arguments.identifier,
            help=f'{self.kind.noun.capitalize()} to display (ID only)',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Return what is shown of it."""
        found = self.kind.resource.new(
            client_id=parsed_args.client, id=parsed_args.authenticator
        ).fetch(self.identity)
        return _as_columns(self.kind.show(found))


class Delete(base.Command):
    """Removes authenticators."""

    kind: Kind
    #: Is added to the help of the argument.
    hint = ''

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        base.add_client(parser)
        parser.add_argument(
            'authenticators',
            metavar=self.kind.metavar,
            type=arguments.identifier,
            nargs='+',
            help=(
                f'{self.kind.plural.capitalize()} to delete (ID only)'
                f'{self.hint}'
            ),
        )
        parser.add_argument(
            '--revoke-tokens',
            action='store_true',
            help=(
                'Also revoke the tokens that the client has got so far; only '
                'if Keystone issues JWTs'
            ),
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Remove each of them, also if another one cannot be removed.

        :raises exceptions.CommandError: some cannot be removed.
        """
        params = {'revoke_tokens': 'true'} if parsed_args.revoke_tokens else {}
        failed = 0
        for authenticator_id in parsed_args.authenticators:
            authenticator = self.kind.resource.new(
                client_id=parsed_args.client, id=authenticator_id
            )
            try:
                authenticator.delete(self.identity, params=params)
            except Exception as error:  # noqa: BLE001
                failed += 1
                LOG.error(
                    "Failed to delete %s with ID '%s': %s",
                    self.kind.noun,
                    authenticator_id,
                    base.explain(error),
                )
        if failed:
            total = len(parsed_args.authenticators)
            raise exceptions.CommandError(
                f'{failed} of {total} {self.kind.plural} failed to delete.'
            )


def _as_columns(
    members: abc.Mapping[str, ty.Any],
) -> tuple[tuple[str, ...], tuple[ty.Any, ...]]:
    return tuple(members), tuple(members.values())
