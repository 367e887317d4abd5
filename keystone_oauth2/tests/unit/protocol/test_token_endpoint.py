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

"""The steps of the token endpoint, and their order (RFC 6749, 3.2)."""

from keystone_oauth2.protocol import errors
from keystone_oauth2.protocol import ports
from keystone_oauth2.protocol import token_endpoint
from keystone_oauth2.protocol.client_auth import client_secret_basic
from keystone_oauth2.protocol.client_auth import client_secret_post
from keystone_oauth2.protocol.client_auth import private_key_jwt
from keystone_oauth2.protocol.clients import secret_digest
from keystone_oauth2.protocol.grants import client_credentials
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol import base as protocol_base

GRANT = 'grant_type=client_credentials'
RIGHT = protocol_base.basic('client:secret')
WRONG = protocol_base.basic('client:wrong')


class SecretWasHashed(Exception):
    """Raised whenever a secret would be hashed."""


class Hasher:
    """A :class:`.ports.SecretHasher` without a hash.

    :ivar refuses: whether a secret must not be hashed.
    """

    def __init__(self):
        self.refuses = False

    def check(self, client_id, client_secret):
        self.check_dummy(client_secret)
        return (client_id, client_secret) == ('client', 'secret')

    def check_dummy(self, client_secret):
        if self.refuses:
            raise SecretWasHashed

    def hashed_part(self, client_secret):
        return client_secret.encode()

    def hashed_length(self):
        return 72


class TokenEndpointTest(base.TestCase):
    def setUp(self):
        super().setUp()
        self.clients = protocol_base.ClientStore()
        self.clients.add('client')
        self.hasher = Hasher()
        self.tokens = protocol_base.TokenService()
        self.endpoint = token_endpoint.TokenEndpoint(
            authentication=self.authentication(),
            grants={
                'client_credentials': client_credentials.ClientCredentials(
                    tokens=self.tokens,
                    policy=protocol_base.Policy(),
                    certificates=protocol_base.CertificateStore(),
                )
            },
        )

    def authentication(self):
        secrets = secret_digest.SecretVerifier(
            client_store=self.clients, hasher=self.hasher, digest_keys=tuple
        )
        return protocol_base.authentication(
            [
                client_secret_basic.ClientSecretBasic(secrets=secrets),
                client_secret_post.ClientSecretPost(secrets=secrets),
                private_key_jwt.PrivateKeyJWT(
                    replay_cache=protocol_base.ReplayCache(),
                    assertion_rules=ports.AssertionRules(
                        frozenset({protocol_base.ISSUER}), 300
                    ),
                ),
            ],
            ['client_secret_basic'],
            client_store=self.clients,
        )

    def respond(self, body, authorization=RIGHT, **attributes):
        return self.endpoint.respond(
            protocol_base.request(
                body, authorization=authorization, **attributes
            )
        )

    def assert_refused(self, expected, body, authorization=RIGHT):
        return self.assert_raises(expected, self.respond, body, authorization)

    def test_authenticated_client_gets_a_token(self):
        """A07: the response is that of the grant."""
        body = self.respond(GRANT).body
        self.assertEqual('token of client', body['access_token'])

    def test_unknown_parameters_are_ignored(self):
        """A05: whatever their names are."""
        body = self.respond(GRANT + '&audience=x&foo=bar&resource=y').body
        self.assertEqual('token of client', body['access_token'])

    def test_missing_grant_type_differs_from_an_unsupported_one(self):
        """A03: an empty one counts as missing."""
        for body in ('', 'grant_type=', 'grant_type', 'scope=member'):
            with self.variant(body):
                self.assert_refused(errors.MissingParameter, body)

    def test_other_grants_are_not_supported(self):
        """A16: including the password grant."""
        for grant_type in (
            'password',
            'authorization_code',
            'refresh_token',
            'client_credentials+',
            'CLIENT_CREDENTIALS',
        ):
            with self.variant(grant_type):
                body = f'grant_type={grant_type}&username=u&password=p'
                self.assert_refused(errors.UnsupportedGrantType, body)

    def test_unauthenticated_client_does_not_learn_which_grants_exist(self):
        """A12: authentication comes before the grant."""
        for grant_type in ('client_credentials', 'password', 'nonsense'):
            for authorization, error in (
                (WRONG, errors.InvalidClient),
                (None, errors.NoClientAuthentication),
            ):
                with self.variant((grant_type, authorization)):
                    self.assert_refused(
                        error,
                        f'grant_type={grant_type}',
                        authorization,
                    )

    def test_refusal_becomes_invalid_client_with_the_reason_in_the_log(self):
        """B07: there is one error; only the log has the detail."""
        error = self.assert_refused(errors.InvalidClient, GRANT, WRONG)
        self.assertEqual('client client: wrong secret', error.detail)
        self.assertNotIn(error.detail, error.description)

    def test_refusal_to_issue_a_token_becomes_invalid_client_too(self):
        """B07: a client whose user has no role gets the same error."""
        self.tokens.refuses = True
        error = self.assert_refused(errors.InvalidClient, GRANT)
        self.assertEqual('no role', error.detail)

    def test_malformed_request_costs_no_hash(self):
        self.hasher.refuses = True
        for body, authorization in (
            ('', RIGHT),
            ('grant_type=', RIGHT),
            (f'{GRANT}&{GRANT}', RIGHT),
            (f'{GRANT}&client_secret=secret&client_id=client', RIGHT),
            (f'{GRANT}&client_secret=secret&client_id=client', None),
            (f'{GRANT}&client_id=other', RIGHT),
            (f'{GRANT}&client_assertion=x', RIGHT),
            (GRANT, 'Basic nonsense'),
        ):
            with self.variant((body, authorization)):
                request = protocol_base.request(
                    body, authorization=authorization
                )
                self.assertRaises(
                    errors.OAuthError, self.endpoint.respond, request
                )
        self.assertRaises(
            SecretWasHashed,
            self.endpoint.respond,
            protocol_base.request(GRANT, authorization=RIGHT),
        )
