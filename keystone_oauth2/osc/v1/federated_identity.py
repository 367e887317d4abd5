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

"""``openstack oauth2 client federated identity ...``."""

import argparse
import json
import logging
import typing as ty

from osc_lib.cli import format_columns

from keystone_oauth2.osc import base
from keystone_oauth2.osc import issuers
from keystone_oauth2.osc import resources
from keystone_oauth2.osc import workloads
from keystone_oauth2.osc.v1 import authenticators

LOG = logging.getLogger(__name__)


class _Claims(format_columns.DictColumn):
    """Conditions: one a line for humans, all members for programs."""

    def human_readable(self) -> str:
        """Return them, with texts in quotes."""
        return '\n'.join(
            f'{name} = {" or ".join(_quoted(value))}'
            for name, value in sorted((self._value or {}).items())
        )


class _Warnings(format_columns.ListColumn):
    """Sentences: one a line for humans, a list for programs."""

    def human_readable(self) -> str:
        """Return them."""
        return '\n'.join(self._value or [])


class _Results(format_columns.ListDictColumn):
    """Results of a test: one a line for humans, all members for programs."""

    def human_readable(self) -> str:
        """Return the ids, with the conditions that are not fulfilled."""
        return '\n'.join(
            f'{item["id"]} ({item["issuer_id"]}): '
            f'{"matches" if item["is_matching"] else item["reason"]}'
            for item in self._value or []
        )


class _FederatedIdentity(authenticators.Kind):
    noun = 'federated identity'
    plural = 'federated identities'
    resource = resources.FederatedIdentity
    listed = {
        'issuer_id': 'Issuer ID',
        'subject': 'Subject',
        'claims': 'Claims',
    }
    listed_long = {'issuer': 'Issuer'}

    def show_own(self, authenticator: ty.Any) -> dict[str, ty.Any]:
        """Return its conditions, and what the server thinks of them."""
        return {
            'issuer_id': authenticator.issuer_id,
            'issuer': authenticator.issuer,
            'subject': authenticator.subject,
            'claims': _Claims(authenticator.claims or {}),
            'warnings': _Warnings(authenticator.warnings or []),
        }


class CreateFederatedIdentity(authenticators.Create):
    """Let workloads use a client with the JWTs of a trusted issuer.

    A workload can use the client if its JWT fulfils all conditions, which are
    shown. Names of repositories and projects can be given to others, so their
    IDs are bound. Bind an environment or a branch as well: otherwise, all
    workflows and jobs of a repository or project can use the client.
    """

    kind = _FederatedIdentity()

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        workloads.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Register it, and return what is shown of it.

        :raises exceptions.CommandError: the conditions are not clear.
        """
        kind = workloads.kind(parsed_args)
        issuer = issuers.choose(
            resources.TrustedIssuer.list(self.identity),
            parsed_args.issuer,
            kind,
            workloads.issuer(parsed_args),
        )
        members = {
            'issuer_id': issuer.id,
            'subject': workloads.subject(parsed_args),
            'claims': workloads.claims(parsed_args, issuer.issuer),
        }
        return self.register(
            parsed_args,
            **{name: value for name, value in members.items() if value},
        )

    def show(self, created: ty.Any) -> dict[str, ty.Any]:
        """Return what is shown of it, and print the warnings."""
        for warning in created.warnings or []:
            LOG.warning('%s', base.printable(warning))
        return super().show(created)


class ListFederatedIdentities(authenticators.List):
    """List the federated identities of a client"""

    kind = _FederatedIdentity()


class ShowFederatedIdentity(authenticators.Show):
    """Display details of a federated identity"""

    kind = _FederatedIdentity()


class DeleteFederatedIdentity(authenticators.Delete):
    """Delete federated identities of a client.

    Workloads that no other one matches are refused from the next request on.
    Tokens that the client has got remain valid.
    """

    kind = _FederatedIdentity()


class TestFederatedIdentity(base.ShowOne):
    """Test whether a workload can use a client with a JWT.

    No token is issued, and a JWT that can be used only once remains unused.
    The result has the conditions that are not fulfilled. The exit status is 1
    if the JWT is not accepted.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        base.add_client(parser)
        parser.add_argument(
            'file',
            metavar='<jwt-file>',
            help='File with the JWT, or - to read it from standard input',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Return the result; the JWT does not get into a log."""
        result = resources.FederatedIdentity.test(
            self.identity,
            parsed_args.client,
            base.read_token('<jwt-file>', parsed_args.file),
        )
        self._is_accepted = result['is_accepted'] is True
        return ('is_accepted', 'reason', 'federated_identities'), (
            result['is_accepted'],
            result['reason'],
            _Results(result['federated_identities']),
        )

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Show the result, and return it as the exit status."""
        self._is_accepted = False
        return super().run(parsed_args) or int(not self._is_accepted)


def _quoted(value: ty.Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [json.dumps(one, ensure_ascii=False) for one in values]
