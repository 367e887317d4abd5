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

"""What the commands have in common."""

import argparse
import collections.abc as abc
import os
import pathlib
import sys
import typing as ty

from cliff import columns
from openstack import exceptions as sdk_exceptions
from openstack import proxy
from osc_lib import exceptions
from osc_lib.command import command
import requests

from keystone_oauth2.osc import arguments
from keystone_oauth2.osc import plugin

Row = tuple[ty.Any, ...]
Table = tuple[tuple[str, ...], abc.Iterable[ty.Any]]


class Command(command.Command):
    """A command that sends requests to Keystone."""

    @property
    def identity(self) -> proxy.Proxy:
        """The client for Keystone."""
        # ``client_manager.oauth2`` would be the client of the first command
        # of a process, whatever cloud that was for.
        return plugin.make_client(self.app.client_manager)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command, and explain a refusal in one sentence."""
        try:
            return super().run(parsed_args)
        except sdk_exceptions.HttpException as error:
            raise exceptions.CommandError(explain(error)) from error

    def post(self, endpoint: str, token: str) -> requests.Response:
        """Send a token to an endpoint of the OAuth 2.0 protocol.

        Unlike the other URLs, these have errors in the form of RFC 6749, 5.2.
        The token does not get into a log.

        :raises exceptions.CommandError: the request is refused.
        """
        # Plugins of clients also send "Authorization", which these endpoints
        # refused in earlier releases.
        own_token = self.identity.get_token()
        response: requests.Response = self.identity.post(
            f'/OS-OAUTH2/{endpoint}',
            data={'token': token},
            headers={'X-Auth-Token': own_token},
            authenticated=False,
            log=False,
        )
        if response.status_code < 400:
            return response
        try:
            reason = response.json()['error_description']
        except (ValueError, KeyError, TypeError):
            reason = response.reason
        raise exceptions.CommandError(
            f'{printable(reason)} (HTTP {response.status_code})'
        )


class ShowOne(Command, command.ShowOne):
    """A command that shows one resource."""

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: ty.Any,
        data: abc.Sequence[ty.Any],
    ) -> int:
        """Show it; other users have chosen some of its texts."""
        cells = tuple(printable(cell) for cell in data)
        status: int = super().produce_output(parsed_args, column_names, cells)
        return status


class Lister(Command, command.Lister):
    """A command that lists resources."""

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: ty.Any,
        data: abc.Iterable[abc.Sequence[ty.Any]],
    ) -> int:
        """Show them; other users have chosen some of their texts."""
        rows = [tuple(printable(cell) for cell in row) for row in data]
        status: int = super().produce_output(parsed_args, column_names, rows)
        return status


def explain(error: Exception) -> str:
    """Return what an error says, without the name of its class and the URL."""
    if not isinstance(error, sdk_exceptions.HttpException):
        return str(error)
    details = ' '.join(str(error.details or error.message or '').split())
    return f'{printable(details)} (HTTP {error.status_code})'


def printable(value: ty.Any) -> ty.Any:
    """Return a value without what a terminal would take for a command.

    :param value: a text, or what has texts in it; others are returned as they
        are.
    """
    if isinstance(value, columns.FormattableColumn):
        return type(value)(printable(value._value))
    if isinstance(value, dict):
        return {printable(key): printable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [printable(one) for one in value]
    if not isinstance(value, str):
        return value
    return ''.join(
        char if char.isprintable() or char in '\n\t' else '\ufffd'
        for char in value
    )


def add_client(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names the client."""
    parser.add_argument(
        'client',
        metavar='<client>',
        type=arguments.identifier,
        help='Client: an application credential (ID only)',
    )


def read_file(option: str, path: str) -> str:
    """Return the content of a file.

    Commands call it themselves, instead of the parser, since ``--debug`` logs
    all parsed arguments.

    :param option: its option, for the message of an error.
    :raises exceptions.CommandError: it cannot be read, or is not text.
    """
    try:
        return pathlib.Path(os.path.expanduser(path)).read_text('utf-8')
    except UnicodeDecodeError:
        raise exceptions.CommandError(
            f'The file of {option} is not text.'
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise exceptions.CommandError(
            f'The file of {option} cannot be read: {reason}.'
        ) from None


def read_token(argument: str, path: str) -> str:
    """Return the token in a file.

    :param argument: for the message of an error.
    :param path: of the file, or ``-`` for standard input.
    :raises exceptions.CommandError: it cannot be read, or is not one token.
    """
    return one_token(
        sys.stdin.read() if path == '-' else read_file(argument, path)
    )


def one_token(text: str) -> str:
    """Return the token in a text that may end with a line feed.

    :raises exceptions.CommandError: there is none, or more than one.
    """
    token = text.strip()
    if not token or len(token.split()) > 1:
        raise exceptions.CommandError('There must be exactly one token.')
    return token


def pick(item: ty.Any, attributes: abc.Iterable[str]) -> Row:
    """Return attributes of a resource, in their order."""
    return tuple(getattr(item, name) for name in attributes)
