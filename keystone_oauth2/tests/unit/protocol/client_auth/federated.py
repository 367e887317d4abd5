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

"""Clients that authenticate with JWTs of trusted issuers."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol.client_auth import evidence
from keystone_oauth2.protocol.client_auth import federated_jwt
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.tests.unit.protocol import base as protocol_base
from keystone_oauth2.tests.unit.protocol.federation import issuers


class FederatedTestCase(issuers.FederationTestCase):
    """The three methods that read assertions.

    :ivar enabled: names of the methods that may be used; None for all.
    """

    enabled = None

    def setUp(self):
        super().setUp()
        self.rules = ports.AssertionRules(
            frozenset([issuers.OWN_ISSUER]), 3600
        )

    @property
    def methods(self):
        return [
            private_key_jwt.PrivateKeyJWT(
                replay_cache=self.replay_cache, assertion_rules=self.rules
            ),
            *(
                method(replay_cache=self.replay_cache, vouching=self.vouching)
                for method in (
                    federated_jwt.FederatedJWT,
                    federated_jwt.SpiffeJWT,
                )
            ),
        ]

    def form(self, assertion, client_id='client', kind=evidence.Assertion):
        values = {
            'client_id': client_id,
            'client_assertion_type': kind.type,
            'client_assertion': assertion,
        }
        return protocol_base.form(
            **{
                name: value
                for name, value in values.items()
                if value is not None
            }
        )

    def authenticate(self, assertion, *arguments, guard=None, **keywords):
        """Return the client of a whole request."""
        return protocol_base.authentication(
            self.methods, self.enabled, client_store=self.clients, guard=guard
        ).authenticate(
            protocol_base.request(),
            self.form(assertion, *arguments, **keywords),
        )

    def assert_refused(self, reason, assertion, *arguments, **keywords):
        """Assert that a request is refused, and nothing is used up."""
        before = dict(self.replay_cache.consumed), list(self.clients.uses)
        error = self.assert_raises(
            errors.InvalidClient,
            lambda: self.authenticate(assertion, *arguments, **keywords),
        )
        self.assertIn(reason, error.detail)
        after = dict(self.replay_cache.consumed), list(self.clients.uses)
        self.assertEqual(before, after)

    def assert_unavailable(self, assertion, *arguments, **keywords):
        """Assert that a request should be retried, whatever it names."""
        error = self.assert_raises(
            errors.TemporarilyUnavailable,
            lambda: self.authenticate(assertion, *arguments, **keywords),
        )
        self.assertEqual((503, 2), (error.status, error.retry_after))
        self.assertEqual({}, self.replay_cache.consumed)
        self.assertEqual([], self.clients.uses)
