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

"""What our filter accepts, refuses, and tells a service and a client."""

import datetime
import time

from keystonemiddleware import auth_token as unmodified
from oslo_context import context

from keystone_oauth2.tests.integration import filters
from keystone_oauth2.tests.support import forgeries

RESOURCE = 'https://image.example.com/v2'
STATUS = 'HTTP_X_IDENTITY_STATUS'
METADATA = '/.well-known/oauth-protected-resource/v2'
RULE = {'path': '/resource', 'method': 'GET', 'service': filters.SERVICE_TYPE}


class BearerTest(filters.FilterTestCase):
    """Where a token is, and what a refusal says (RFC 6750)."""

    def setUp(self):
        super().setUp()
        self.filter = self.ours(oauth2_resource=RESOURCE)
        self.token = self.issue()

    def get(self, path='/resource', **headers):
        """Send a request, with ``_`` for ``-`` in the names of fields."""
        self.filter.service.environ = None
        return self.filter.request(
            'GET',
            path,
            headers={
                name.replace('_', '-'): value
                for name, value in headers.items()
            },
        )

    def challenges(self, answer):
        """Return the challenges, less that of auth_token."""
        keystone, *others = answer.headers.getlist('WWW-Authenticate')
        self.assertEqual(f'Keystone uri="{self.keystone.url}"', keystone)
        return others

    def test_scheme_in_any_case(self):
        """I01, I03: services find the token where auth_token leaves it."""
        for scheme in ('Bearer', 'bearer', 'BEARER', 'bEARER  '):
            with self.variant(scheme):
                answer = self.get(Authorization=f'{scheme} {self.token}')
                self.assertEqual(200, answer.status)
                environ = self.filter.service.environ
                self.assertEqual(self.token, environ['HTTP_X_AUTH_TOKEN'])
                self.assertEqual(self.user.id, environ['HTTP_X_USER_ID'])

    def test_opaque_token_in_the_same_place(self):
        """I01: Keystone validates it."""
        token = self.identity.token_for(self.user)
        for turn in range(2):
            with self.variant(turn):
                answer = self.get(Authorization=f'Bearer {token}')
                self.assertEqual(200, answer.status)

    def test_one_token_in_two_places(self):
        answer = self.get(
            Authorization=f'Bearer {self.token}', X_Auth_Token=self.token
        )
        self.assertEqual(200, answer.status)

    def test_two_tokens(self):
        """I01, I02: they are refused, whichever would be valid."""
        other, opaque = self.issue(), self.identity.token_for(self.user)
        for name in ('X_Auth_Token', 'X_Storage_Token'):
            for one, two in (
                (self.token, other),
                (self.token, 'x'),
                (self.token, opaque),
                (opaque, self.token),
            ):
                with self.variant((name, one, two)):
                    answer = self.get(
                        Authorization=f'Bearer {one}', **{name: two}
                    )
                    self.assertEqual(400, answer.status)
                    self.assertIn(
                        'error="invalid_request"',
                        answer.headers['WWW-Authenticate'],
                    )
                    self.assertIsNone(self.filter.service.environ)
            answer = self.get(Authorization='Bearer x', **{name: self.token})
            self.assertEqual(401, answer.status)

    def test_two_tokens_of_one_client(self):
        """keystoneauth's plugin for clients with a secret sends both."""
        identity = {
            'methods': ['application_credential'],
            'application_credential': self.client._asdict(),
        }
        answer = self.https().request(
            'POST', '/v3/auth/tokens', json={'auth': {'identity': identity}}
        )
        opaque = answer.headers['X-Subject-Token']
        for turn in range(2):
            with self.variant(turn):
                answer = self.get(
                    Authorization=f'Bearer {self.token}', X_Auth_Token=opaque
                )
                self.assertEqual(200, answer.status)
                environ = self.filter.service.environ
                self.assertEqual(self.token, environ['HTTP_X_AUTH_TOKEN'])
        self.identity.revoke(opaque)
        token = self.issue(
            self.identity.create_application_credential(self.user)
        )
        answer = self.get(Authorization=f'Bearer {token}', X_Auth_Token=opaque)
        self.assertEqual(400, answer.status)

    def test_malformed_credentials(self):
        """I02: a request with Bearer and no single token is no request."""
        for value in (
            'Bearer',
            'Bearer ',
            f'Bearer {self.token} {self.token}',
            f'Bearer {self.token}, Bearer {self.token}',
            f'Bearer token="{self.token}"',
        ):
            with self.variant(value):
                self.assertEqual(400, self.get(Authorization=value).status)
                self.assertIsNone(self.filter.service.environ)

    def test_other_schemes_are_for_the_service(self):
        for value in ('Basic YTpi', f'Bearerx {self.token}', self.token):
            with self.variant(value):
                self.assertEqual(401, self.get(Authorization=value).status)
                answer = self.get(Authorization=value, X_Auth_Token=self.token)
                self.assertEqual(200, answer.status)
                environ = self.filter.service.environ
                self.assertEqual(value, environ['HTTP_AUTHORIZATION'])

    def test_token_in_the_query(self):
        """I01: it is none."""
        for name in ('access_token', 'X-Auth-Token', 'token'):
            with self.variant(name):
                answer = self.get(f'/resource?{name}={self.token}')
                self.assertEqual(401, answer.status)

    def test_challenges(self):
        """H12, I02: an error only if a token was sent."""
        metadata = (
            'https://image.example.com/.well-known/oauth-protected-resource/v2'
        )
        for headers, error in (
            ({}, ''),
            ({'X_Auth_Token': 'x'}, ', error="invalid_token"'),
            ({'Authorization': 'Bearer x'}, ', error="invalid_token"'),
            (
                {'X_Auth_Token': f'{self.token[:-8]}AAAAAAAA'},
                ', error="invalid_token"',
            ),
        ):
            with self.variant(headers):
                answer = self.get(**headers)
                self.assertEqual(401, answer.status)
                self.assertEqual(
                    [f'Bearer resource_metadata="{metadata}"{error}'],
                    self.challenges(answer),
                )

    def test_challenges_of_the_service(self):
        """I02: a service that decides itself gets the same help."""
        self.filter = self.ours(
            status='401 Unauthorized', delay_auth_decision=True
        )
        for headers, expected in (
            ({}, 'Bearer'),
            ({'X_Auth_Token': 'x'}, 'Bearer error="invalid_token"'),
        ):
            with self.variant(headers):
                answer = self.get(**headers)
                self.assertEqual(401, answer.status)
                self.assertEqual([expected], self.challenges(answer))

    def test_metadata(self):
        """H12: for everybody, at the URL that follows from the resource."""
        answer = self.get(METADATA)
        self.assertEqual(200, answer.status)
        self.assertEqual(
            'application/json', answer.headers['Content-Type'].split(';')[0]
        )
        self.assertEqual(
            {
                'resource': RESOURCE,
                'authorization_servers': [self.issuer],
                'bearer_methods_supported': ['header'],
                'tls_client_certificate_bound_access_tokens': True,
            },
            answer.json,
        )
        answer = self.filter.request('POST', METADATA)
        self.assertEqual(405, answer.status)
        self.assertEqual('GET, HEAD', answer.headers['Allow'])
        for path in (f'{METADATA}/', '/.well-known/oauth-protected-resource'):
            with self.variant(path):
                self.assertEqual(401, self.get(path).status)

    def test_metadata_needs_a_resource(self):
        """H12: a service that has no identifier has no metadata."""
        self.filter = self.ours()
        self.assertEqual(401, self.get(METADATA).status)
        self.assertEqual(['Bearer'], self.challenges(self.get()))


class ValidityTest(filters.FilterTestCase):
    """Which tokens are valid (RFC 9068, 4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service_client = cls.identity.create_application_credential(
            cls.service_user
        )

    def status(self, client, token, **headers):
        return client.request(
            'GET', '/resource', token=token, headers=headers
        ).status

    def test_forged_tokens(self):
        """H08, I12: whatever is wrong with one."""
        ours = self.ours()
        token = self.issue()
        for problem, forged in forgeries.forged(
            self.keystone.folder, token, self.issue()
        ).items():
            with self.variant(problem):
                # The key might become known.
                while self.status(ours, forged) == 503:
                    self.assertEqual('kid', problem)
                    time.sleep(0.05)
                self.assertEqual(401, self.status(ours, forged))
                # Nor after a genuine one.
                self.assertEqual(200, self.status(ours, token))
                self.assertEqual(401, self.status(ours, forged))

    def test_audience(self):
        """H08, H11: a token for another service is refused."""
        one = self.ours()
        other = self.ours(oauth2_resource=RESOURCE)
        narrow = self.ours(oauth2_audience='https://volume.example.com')
        everywhere = self.issue()
        for_other = self.issue(resources=[RESOURCE])
        for_both = self.issue(
            resources=[RESOURCE, 'https://volume.example.com']
        )
        for token, accepting in (
            (everywhere, (one, other)),
            (for_other, (other,)),
            (for_both, (other, narrow)),
        ):
            for client in (one, other, narrow):
                with self.variant((token, client)):
                    for _turn in range(2):
                        self.assertEqual(
                            200 if client in accepting else 401,
                            self.status(client, token),
                        )

    def test_audience_before_anything_is_known(self):
        """H11: Keystone is not asked about a token for another service."""
        token = self.issue()
        for audience, status in (
            (self.issuer, 200),
            ('https://volume.example.com', 401),
        ):
            ours = self.ours(
                ready=False,
                oauth2_audience=audience,
                region_name='nowhere',
            )
            with self.variant(audience):
                self.assertIsNone(
                    ours.application._shared.publication.current.keys
                )
                self.assertIn(self.status(ours, token), (status, 503))
                self.assertIn(self.status(ours, token), (status, 503))

    def test_expired_token(self):
        """H08, I11: also if it was remembered; a service may use it still."""
        end = datetime.datetime.now(datetime.timezone.utc)
        end += datetime.timedelta(seconds=20)
        client = self.identity.create_application_credential(
            self.user, expires_at=end
        )
        ours = self.ours(oauth2_poll_interval=300, oauth2_events_max_age=900)
        used, fresh = self.issue(client), self.issue(client)
        service_token = self.issue(self.service_client)
        self.assertEqual(200, self.status(ours, used))
        while datetime.datetime.now(datetime.timezone.utc) <= end:
            time.sleep(0.1)
        for token in (used, fresh):
            with self.variant(token):
                self.assertEqual(401, self.status(ours, token))
                chain = {'X-Service-Token': service_token}
                self.assertEqual(200, self.status(ours, token, **chain))
                chain = {'X-Service-Token': self.issue()}
                self.assertEqual(401, self.status(ours, token, **chain))

    def test_access_rules(self):
        """I10: they are enforced, although there is no catalog."""
        allowed = self.identity.create_application_credential(
            self.user, access_rules=[RULE]
        )
        forbidden = self.identity.create_application_credential(
            self.user, access_rules=[{**RULE, 'path': '/other'}]
        )
        ours = self.ours(include_service_catalog=False)
        elsewhere = self.ours(
            include_service_catalog=False, service_type='other'
        )
        nowhere = self.ours(include_service_catalog=False, service_type='')
        for _turn in range(2):
            self.assertEqual(200, self.status(ours, self.issue(allowed)))
            self.assertEqual(401, self.status(ours, self.issue(forbidden)))
            for client in (elsewhere, nowhere):
                token = self.issue(allowed)
                self.assertEqual(401, self.status(client, token))
        token = self.issue(allowed)
        answer = ours.request('POST', '/resource', token=token)
        self.assertEqual(401, answer.status)

    def test_service_token_that_proves_nothing(self):
        """I10: it does not switch off the rules, nor the binding."""
        client = self.identity.create_application_credential(
            self.user, access_rules=[{**RULE, 'path': '/other'}]
        )
        opaque = self.https().request(
            'POST',
            '/v3/auth/tokens',
            json={
                'auth': {
                    'identity': {
                        'methods': ['application_credential'],
                        'application_credential': client._asdict(),
                    }
                }
            },
        )
        tokens = (self.issue(client), opaque.headers['X-Subject-Token'])
        other = self.identity.token_for(self.user)
        for options in (
            {'delay_auth_decision': True},
            {'service_token_roles_required': False},
            {
                'delay_auth_decision': True,
                'service_token_roles_required': False,
            },
        ):
            options['include_service_catalog'] = False
            ours = self.ours(**options)
            bound = self.ours(**options, enforce_token_bind='required')
            for token in tokens:
                for service_token in ('x', token, other):
                    headers = {
                        'X-Auth-Token': token,
                        'X-Service-Token': service_token,
                    }
                    with self.variant((options, headers)):
                        self.assert_nobody(ours, headers)
                headers = {'X-Auth-Token': other, 'X-Service-Token': 'x'}
                self.assert_nobody(bound, headers)
                headers['X-Service-Token'] = self.issue(self.service_client)
                headers['X-Auth-Token'] = token
                environ = ours.environ_for(headers=headers)
                self.assertEqual('Confirmed', environ[STATUS])

    def assert_nobody(self, client, headers):
        """Assert that the service learns of no user."""
        environ = client.environ_for(headers=headers) or {}
        self.assertNotEqual('Confirmed', environ.get(STATUS))
        self.assertNotIn('HTTP_X_USER_ID', environ)
        self.assertNotIn('HTTP_X_ROLES', environ)


class BoundTest(filters.FilterTestCase):
    """D07: tokens that are bound to a certificate."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_files = cls.certificate_files(cls.user, 'other')
        cls.service_client = cls.identity.create_application_credential(
            cls.service_user
        )

    def status(self, client, token, files=None, headers=None):
        """Return the status of a request over a connection."""
        environ = {}
        if files:
            with open(files[0]) as file:
                environ = {
                    'SSL_CLIENT_CERT': file.read(),
                    'SSL_CLIENT_VERIFY': 'SUCCESS',
                }
        return client.request(
            'GET',
            '/resource',
            token=token,
            headers=headers or {},
            environ=environ,
        ).status

    def tokens(self):
        """Return a JWT and an opaque token that are bound."""
        opaque = self.keystone.start_other_node(
            {'oauth2_tokens': {'format': 'opaque'}}
        )
        return (
            self.issue(files=self.files),
            self.issue(files=self.files, url=opaque.url),
        )

    def test_token_needs_its_certificate(self):
        ours = self.ours()
        for token in self.tokens():
            for _turn in range(2):
                for files, expected in (
                    (self.files, 200),
                    (None, 401),
                    (self.other_files, 401),
                ):
                    with self.variant((token, files)):
                        self.assertEqual(
                            expected, self.status(ours, token, files)
                        )

    def test_certificate_of_an_untrusted_sender(self):
        """E01: a header field counts if a trusted proxy has set it."""
        token = self.issue(files=self.files)
        with open(self.files[0]) as file:
            pem = file.read().replace('\n', '%0A')
        headers = {'X-SSL-Client-Cert': pem, 'X-SSL-Client-Verify': 'SUCCESS'}
        for proxy, expected in (('127.0.0.1', 200), ('192.0.2.1', 401)):
            with self.variant(proxy):
                ours = self.ours(
                    oauth2_certificate_sources='escaped_pem',
                    oauth2_trusted_proxies=proxy,
                )
                self.assertEqual(
                    expected, self.status(ours, token, headers=headers)
                )
        self.assertEqual(401, self.status(self.ours(), token, headers=headers))

    def test_token_that_a_service_passes_on(self):
        """A service with the right role vouches for the user's."""
        strict = self.ours()
        delayed = self.ours(delay_auth_decision=True)
        lenient = self.ours(service_token_roles_required=False)
        own = self.issue(self.service_client)
        for token in self.tokens():
            for client, service_token, expected in (
                (strict, own, 200),
                (strict, self.issue(), 401),
                (strict, 'x', 401),
                # Where any token may be one of a service, the role counts.
                (lenient, own, 200),
                (lenient, self.issue(), 401),
            ):
                with self.variant((token, service_token)):
                    headers = {'X-Service-Token': service_token}
                    self.assertEqual(
                        expected,
                        self.status(client, token, headers=headers),
                    )
            environ = delayed.environ_for(
                headers={'X-Auth-Token': token, 'X-Service-Token': 'x'}
            )
            self.assertEqual('Invalid', environ['HTTP_X_IDENTITY_STATUS'])
            self.assertNotIn('HTTP_X_USER_ID', environ)

    def test_service_token_needs_its_certificate(self):
        """D07: a stolen one is worth nothing."""
        files = self.certificate_files(self.service_user, 'service')
        answer = self.https(files).request(
            'POST',
            '/v3/OS-OAUTH2/token',
            form={
                'grant_type': 'client_credentials',
                'client_id': self.service_user.id,
            },
        )
        self.assertEqual(200, answer.status, answer.text)
        headers = {'X-Service-Token': answer.json['access_token']}
        ours, token = self.ours(), self.issue()
        for used, expected in (
            (files, 200),
            (None, 401),
            (self.files, 401),
        ):
            with self.variant(used):
                self.assertEqual(
                    expected, self.status(ours, token, used, headers)
                )


class HeadersTest(filters.FilterTestCase):
    """What a client or another service cannot tell a service."""

    def system_token(self):
        """Return a service's token for the system."""
        role = self.identity.role_id('service')
        self.identity.as_admin(
            'PUT', f'/v3/system/users/{self.service_user.id}/roles/{role}'
        )
        user = {
            'id': self.service_user.id,
            'password': self.service_user.password,
        }
        method = {'methods': ['password'], 'password': {'user': user}}
        answer = self.https().request(
            'POST',
            '/v3/auth/tokens',
            json={
                'auth': {
                    'identity': method,
                    'scope': {'system': {'all': True}},
                }
            },
        )
        self.assertEqual(201, answer.status, answer.text)
        return answer.headers['X-Subject-Token']

    def test_identity_of_a_client(self):
        """I04: on every path, it is removed before anything happens."""
        forged = dict.fromkeys(filters.auth_token._IDENTITY_KEYS, 'forged')
        token, opaque = self.issue(), self.identity.token_for(self.user)
        delayed = self.ours(delay_auth_decision=True)
        for headers in (
            {},
            {'X-Auth-Token': 'x'},
            {'X-Auth-Token': token},
            {'X-Auth-Token': opaque},
            {'X-Auth-Token': token, 'X-Service-Token': 'x'},
            {'X-Service-Token': opaque},
            {'Authorization': f'Bearer {token}'},
        ):
            with self.variant(headers):
                for _turn in range(2):
                    environ = delayed.environ_for(
                        headers=headers, environ=forged
                    )
                    self.assertNotIn('forged', environ.values())

    def test_system_scope_of_a_client(self):
        """I07: auth_token lets it through, and this filter does not."""
        for headers in (
            {'OpenStack-System-Scope': 'all'},
            {'OpenStack-System-Scope': 'all', 'X-Auth-Token': 'x'},
        ):
            with self.variant(headers):
                found = self.unmodified(delay_auth_decision=True).environ_for(
                    headers=headers
                )
                self.assertEqual('all', found['HTTP_OPENSTACK_SYSTEM_SCOPE'])
                found = self.ours(delay_auth_decision=True).environ_for(
                    headers=headers
                )
                self.assertIsNone(found.get('HTTP_OPENSTACK_SYSTEM_SCOPE'))

    def test_system_scope_of_a_service(self):
        """I07: it is no part of the user's token."""
        for token in (self.issue(), self.identity.token_for(self.user)):
            headers = {
                'X-Auth-Token': token,
                'X-Service-Token': self.system_token(),
            }
            found = self.unmodified().environ_for(headers=headers)
            self.assertEqual('all', found['HTTP_OPENSTACK_SYSTEM_SCOPE'])
            found = self.ours().environ_for(headers=headers)
            self.assertIsNone(found['HTTP_OPENSTACK_SYSTEM_SCOPE'])
            self.assertEqual('service', found['HTTP_X_SERVICE_ROLES'])

    def test_contexts(self):
        """I06: services make the same of it."""
        token = self.issue()
        ours, other = self.ours(), self.unmodified()
        for headers in (
            {'X-Auth-Token': token},
            {'X-Auth-Token': self.identity.token_for(self.user)},
            {
                'X-Auth-Token': token,
                'X-Service-Token': self.identity.token_for(self.service_user),
            },
        ):
            with self.variant(headers):
                contexts = []
                for client in (other, ours, ours):
                    made = context.RequestContext.from_environ(
                        client.environ_for(headers=headers),
                        request_id='req-1',
                    ).to_dict()
                    made['roles'].sort()
                    contexts.append(made)
                self.assertEqual(contexts[0], contexts[1])
                self.assertEqual(contexts[0], contexts[2])


class StartUpTest(filters.FilterTestCase):
    """Wrong options are refused with a sentence."""

    def test_wrong_options(self):
        for options, expected in (
            ({'oauth2_issuer': ''}, 'oauth2_issuer is not set'),
            ({'oauth2_issuer': 'http://keystone.example.com/v3'}, 'https'),
            ({'oauth2_resource': 'image'}, 'oauth2_resource'),
            ({'oauth2_poll_interval': '0'}, 'oauth2_poll_interval'),
            (
                {'oauth2_poll_interval': 300, 'oauth2_events_max_age': 300},
                'oauth2_events_max_age must be longer',
            ),
            ({'insecure': True}, 'insecure must be false'),
            ({'auth_url': 'http://127.0.0.1:5000'}, 'auth_url must begin'),
            ({'auth_type': ''}, 'auth_type is not set'),
            (
                {'oauth2_certificate_sources': 'rfc9440'},
                'oauth2_trusted_proxies is empty',
            ),
            (
                {'oauth2_certificate_sources': 'header'},
                'oauth2_certificate_sources',
            ),
            ({'oauth2_trusted_proxies': '0.0.0.0/0'}, 'includes all'),
            (
                {'oauth2_certificate_ca_file': '/nonexistent'},
                'oauth2_certificate_ca_file: cannot use',
            ),
        ):
            with self.variant(options):
                error = self.assertRaises(
                    unmodified.ConfigurationError,
                    self.ours,
                    ready=False,
                    **options,
                )
                self.assertIn(expected, str(error))
