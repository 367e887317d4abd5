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

"""Base class for tests of nodes whose clocks differ."""

import glob
import time

from functional import base
from functional import nodes
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients

ISSUER = 'https://keystone.example.com/v3'
LIBRARY = ''.join(glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1'))
#: Seconds until assertions expire, and that they may come from the future.
LIFETIME = 300
SKEW = 30
OPTIONS = {
    'oauth2': {
        'issuer': ISSUER,
        'oauth2_authn_methods': (
            'client_secret_basic,private_key_jwt,tls_client_auth'
        ),
    },
    'oauth2_limits': {'client_failures': '', 'address_failures': ''},
}


class ClockTestCase(nodes.NodesTestCase):
    """The second node has another clock."""

    needs = ('faketime',)
    processes = 1
    options = OPTIONS

    def grant(self, node, **credentials):
        """Request a token from a node."""
        return self.post_as_client(
            base.TOKEN, base.GRANT, url=node.url, **credentials
        )

    def register(self, client, token, kind, **attributes):
        """Register an authenticator at the first node.

        :param token: of the owner.
        """
        return clients.register(
            self.https(url=self.nodes[0].url).request,
            token,
            client,
            kind,
            **attributes,
        )

    def new_signer(self):
        """Return a client with a key."""
        token = self.identity.token_for(self.user)
        signer = assertions.Signer(self.client.id, ISSUER)
        self.register(self.client, token, 'key', jwk=signer.jwk)
        return signer

    def status_of(self, node, assertion):
        """Return the status of a token request with an assertion."""
        form = {
            **base.GRANT,
            'client_assertion_type': assertions.TYPE,
            'client_assertion': assertion,
        }
        return self.post(base.TOKEN, form, url=node.url).status

    def assert_revoked(self, token, *others):
        """Assert that nodes refuse a token."""
        for node in others:
            seen = self.introspect(token, url=node.url)
            self.assertEqual({'active': False}, seen)
            answer = self.use_token(token, url=node.url)
            self.assertEqual(401, answer.status)


def later():
    """Return when an assertion expires."""
    return int(time.time()) + LIFETIME
