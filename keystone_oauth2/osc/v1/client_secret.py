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

"""``openstack oauth2 client secret ...``."""

import argparse
import typing as ty

from keystone_oauth2.osc import base
from keystone_oauth2.osc import resources
from keystone_oauth2.osc.v1 import authenticators


class _Secret(authenticators.Kind):
    noun = 'secret'
    plural = 'secrets'
    resource = resources.Secret

    def show_own(self, authenticator: ty.Any) -> dict[str, ty.Any]:
        """Return the secret, if it has just been created."""
        if authenticator.secret is None:
            return {}
        return {'secret': authenticator.secret}


class CreateSecret(authenticators.Create):
    """Create a secret for a client.

    The secret is shown only now. The other secrets of the client remain valid.
    """

    kind = _Secret()

    def take_action(self, parsed_args: argparse.Namespace) -> base.Table:
        """Create a secret, and return it."""
        return self.register(parsed_args)


class ListSecrets(authenticators.List):
    """List the secrets of a client, without their values.

    The secret with the ID of the client is the one that Keystone made together
    with the application credential.
    """

    kind = _Secret()


class ShowSecret(authenticators.Show):
    """Display details of a secret, without its value"""

    kind = _Secret()


class DeleteSecret(authenticators.Delete):
    """Delete secrets of a client.

    They are refused from the next request on. Tokens that the client has got
    remain valid.
    """

    kind = _Secret()
    hint = (
        '; the ID of the client permanently retires the secret that Keystone '
        'made together with the application credential'
    )
