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

"""``openstack oauth2 trusted issuer list``."""

import argparse

from osc_lib.cli import format_columns

from keystone_oauth2.osc import base
from keystone_oauth2.osc import resources

_COLUMNS = {
    'id': 'ID',
    'kind': 'Kind',
    'issuer': 'Issuer',
    'enabled': 'Enabled',
}
_LONG = {
    'audience': 'Audience',
    'algorithms': 'Algorithms',
    'max_lifetime': 'Max Lifetime',
    'is_once': 'Once',
    'required_claims': 'Required Claims',
}
_LISTS = ('algorithms', 'required_claims')


class ListTrustedIssuers(base.Lister):
    """List the issuers of JWTs that the operator trusts.

    With --long, the list has what their JWTs must fulfil: the audience that
    they are requested for, the lifetime in seconds that they may have, and
    whether each can be used only once. A federated identity must bind at least
    one of the required claims, if there are any.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Return the parser of the command's arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--long',
            action='store_true',
            help='List additional fields in output',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Return a row for each of them."""
        columns = {**_COLUMNS, **(_LONG if parsed_args.long else {})}
        rows = [
            tuple(
                format_columns.ListColumn(getattr(issuer, name))
                if name in _LISTS
                else getattr(issuer, name)
                for name in columns
            )
            for issuer in resources.TrustedIssuer.list(self.identity)
        ]
        return tuple(columns.values()), rows
