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

"""Tests of clients that authenticate with JWTs of trusted issuers."""

import re

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import copies
from keystone_oauth2.tests.support import trusted_issuers

SPIFFE_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
UNKNOWN_CLIENT = '0' * 32
#: What the owner of a client binds, by trusted issuer.
BOUND = {
    'k8s': {'subject': 'system:serviceaccount:apps:web'},
    'k8s-other': {'subject': 'system:serviceaccount:apps:web'},
    'github': {'claims': {'repository_id': '5678', 'environment': 'prod'}},
    'gitlab': {'claims': {'project_id': '20', 'ref_protected': 'true'}},
    'idp': {'subject': 'batch'},
}
_JWT = re.compile(r'eyJ[\w-]+\.[\w-]+')


def by_jwt(client, assertion, assertion_type=assertions.TYPE):
    """Return the request arguments for a JWT of a trusted issuer.

    :param client: None for no ``client_id``.
    """
    form = {
        'client_assertion_type': assertion_type,
        'client_assertion': assertion,
    }
    if client is not None:
        form['client_id'] = getattr(client, 'id', client)
    return {'form': form}


class FederationTestCase(clients.ClientsTestCase):
    """One Keystone with trusted issuers, whose keys are in files."""

    @classmethod
    @copies.shared
    def create(cls):
        super().create()
        trusted_issuers.provide(cls.keystone)

    def setUp(self):
        super().setUp()
        self.issuers = trusted_issuers.issuers()

    def identify(self, issuer_id='idp', client=None, **changes):
        """Register a federated identity that JWTs of an issuer match."""
        wanted = {'issuer_id': issuer_id, **BOUND[issuer_id], **changes}
        return self.register('federated_identity', client, **wanted)

    def by(self, issuer_id='idp', client=None, header=None, **claims):
        """Return the request arguments for a new JWT of an issuer.

        :param claims: to change; None leaves one out.
        """
        assertion = self.issuers[issuer_id].assertion(header, **claims)
        return by_jwt(client or self.own, assertion)

    def same(self, answer):
        """Return what refusals have in common."""
        headers = [
            (name, value)
            for name, value in answer.headers
            if name.lower() != 'x-openstack-request-id'
        ]
        return answer.status, headers, answer.body

    def assert_not_told(self, reason, how):
        """Assert that only the log has the reason of a refusal.

        The refusal is that of an unknown client.

        :param reason: a regular expression.
        :param how: request arguments.
        """
        form = {**how['form'], 'client_id': UNKNOWN_CLIENT}
        unknown = self.get_token(form=form)
        self.new_log()
        answer = self.get_token(**how)
        logged = self.new_log()
        self.assertThat(answer, clients.REFUSED)
        self.assertEqual(self.same(unknown), self.same(answer))
        self.assertRegex(logged, f'invalid_client: .*{reason}')
        self.assertNotRegex(logged, _JWT)
