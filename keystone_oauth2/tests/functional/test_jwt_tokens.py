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

"""JWT access tokens at the token endpoint, and at Keystone's own API."""

import base64
import time

import jwt
from oslo_utils import timeutils

from keystone_oauth2.protocol.clients import jwk
from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import forgeries
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import tokens

#: Members of Keystone's answer that other claims repeat, or that are left out.
LEFT_OUT = {'audit_ids', 'catalog', 'expires_at', 'issued_at'}
REFUSED = matchers.IsOAuthError(400, 'invalid_target')


def shown(token):
    """Return Keystone's description of a token, as far as JWTs have it."""
    members = {
        name: value for name, value in token.items() if name not in LEFT_OUT
    }
    members['user'] = {**token['user']}
    members['user'].pop('password_expires_at')
    for name in ('user', 'application_credential'):
        members[name] = {**members[name]}
        members[name].pop('id')
    return members


class ClaimsTest(jwts.JWTTestCase):
    """What a token says (RFC 9068, 2)."""

    def setUp(self):
        super().setUp()
        self.before = int(time.time())
        self.token = self.issue()
        self.claims = jwts.claims(self.token)

    def test_header(self):
        """H05: the type of the RFC, a real algorithm, and a known key."""
        header = jwt.get_unverified_header(self.token)
        (active, _) = self.keystone.request('GET', jwts.JWKS).json['keys']
        self.assertEqual(
            {'typ': 'at+jwt', 'alg': 'ES256', 'kid': active['kid']}, header
        )

    def test_claims(self):
        """H05, H06, H07: all that the RFC requires."""
        self.assertEqual(
            {
                'iss': jwts.ISSUER,
                'sub': self.user.id,
                'client_id': self.client.id,
                'aud': jwts.ISSUER,
                'scope': 'member reader',
                'jti': self.introspect(self.token).json['jti'],
            },
            {
                name: value
                for name, value in self.claims.items()
                if name not in ('exp', 'iat', 'openstack')
            },
        )

    def test_times(self):
        """It lives fifteen minutes by default."""
        issued_at = self.claims['iat']
        self.assertTrue(self.before <= issued_at <= time.time())
        self.assertIn(self.claims['exp'] - issued_at, (899, 900))

    def test_other_members_are_those_of_keystone(self):
        """The member openstack has what Keystone says of the same token."""
        answer = self.seen(self.token)
        self.assertEqual(200, answer.status, answer.text)
        token = answer.json['token']
        said = self.claims['openstack']
        # Keystone returns them in any order.
        for roles in (token['roles'], said['roles']):
            roles.sort(key=lambda role: role['name'])
        self.assertEqual(shown(token), said)
        self.assertEqual(self.claims['sub'], token['user']['id'])
        self.assertEqual(
            self.claims['client_id'], token['application_credential']['id']
        )
        self.assertEqual([self.claims['jti']], token['audit_ids'])
        for name, claim in (('expires_at', 'exp'), ('issued_at', 'iat')):
            self.assertEqual(tokens.epoch(token[name]), self.claims[claim])

    def test_access_rules_are_in_it(self):
        """A service can enforce them."""
        rules = [{'path': '/v2/x', 'method': 'GET', 'service': 'compute'}]
        client = self.identity.create_application_credential(
            self.user, access_rules=rules
        )
        credential = jwts.claims(self.issue(client))['openstack'][
            'application_credential'
        ]
        (rule,) = credential['access_rules']
        del rule['id']
        self.assertEqual(rules, [rule])

    def test_size(self):
        """It is no longer than 1.2 kB with two roles."""
        self.assertLess(len(self.token), 1200)


class UseTest(jwts.JWTTestCase):
    """Such tokens at Keystone's API."""

    def test_it_is_a_token(self):
        token = self.issue()
        self.assertEqual(200, self.use(token))
        answer = self.keystone.request(
            'GET',
            '/v3/auth/tokens',
            token=token,
            headers={'X-Subject-Token': token},
        )
        self.assertEqual(200, answer.status, answer.text)

    def test_revoked_token_is_refused(self):
        """G09: at once."""
        token = self.issue()
        self.assertEqual(200, self.use(token))
        self.assertThat(self.revoke(token, self.client), tokens.REVOKED)
        self.assertEqual(401, self.use(token))
        self.assertEqual(404, self.seen(token).status)
        self.assertThat(self.introspect(token), tokens.INACTIVE)

    def test_token_revoked_at_keystone_is_refused(self):
        token = self.issue()
        answer = self.keystone.request(
            'DELETE',
            '/v3/auth/tokens',
            token=token,
            headers={'X-Subject-Token': token},
        )
        self.assertEqual(204, answer.status, answer.text)
        self.assertEqual(401, self.use(token))
        self.assertThat(self.introspect(token), tokens.INACTIVE)

    def test_token_of_a_deleted_client_is_refused(self):
        client = self.identity.create_application_credential(self.user)
        token = self.issue(client)
        self.assertEqual(200, self.use(token))
        self.identity.delete_application_credential(self.user, client.id)
        # As Keystone refuses its own.
        self.assertEqual(404, self.use(token))
        self.assertThat(self.introspect(token), tokens.INACTIVE)

    def test_expired_token_is_refused(self):
        token = self.issue()
        self.at(timeutils.utcnow(), 899)
        self.assertEqual(200, self.use(token))
        self.at(timeutils.utcnow(), 2)
        self.assertEqual(401, self.use(token))
        self.assertThat(self.introspect(token), tokens.INACTIVE)

    def test_opaque_tokens_are_valid(self):
        """Those that nodes have issued before."""
        answer = self.token_of_keystone(
            id=self.client.id, secret=self.client.secret
        )
        self.assertEqual(201, answer.status, answer.text)
        token = answer.headers['X-Subject-Token']
        self.assertEqual(200, self.use(token))
        self.assertIs(True, self.introspect(token).json['active'])


class ForgedTest(jwts.JWTTestCase):
    """RFC 9068, 4: nobody else can make one."""

    def test_none_is_valid(self):
        folder, own = self.keystone.folder, self.issue()
        key, kid = forgeries.signing_key(folder)
        genuine = forgeries.forge(own, key, 'ES256', kid=kid)
        self.assertEqual(200, self.use(genuine))
        forged = forgeries.forged(folder, own, self.issue())
        for problem, token in {**forged, 'blank': f' {own}'}.items():
            with self.variant(problem):
                if problem != 'blank':
                    self.assertEqual(401, self.use(token))
                self.assertEqual(404, self.seen(token).status)
                self.assertThat(self.introspect(token), tokens.INACTIVE)

    def test_payload_of_anybody_is_no_defect(self):
        """It is read before the signature is verified."""
        _, kid = forgeries.signing_key(self.keystone.folder)
        header = encoded(
            f'{{"typ": "at+jwt", "alg": "ES256", "kid": "{kid}"}}'
        )
        members = '"iss":"x","sub":"x","client_id":"x","iat":1,"exp":1'
        rest = '"jti":"x","openstack":{}'
        for payload in (
            4500 * '[',
            '[]',
            '{}',
            f'{{{members},{rest},"aud":[[]]}}',
            f'{{{members},{rest},"aud":{{"a":[]}}}}',
            f'{{{members},{rest},"aud":1}}',
        ):
            token = f'{header}.{encoded(payload)}.AAAA'
            with self.variant(payload[:80]):
                self.assertEqual(401, self.use(token))
                self.assertEqual(404, self.seen(token).status)
                self.assertThat(self.introspect(token), tokens.INACTIVE)
                answer = self.keystone.request(
                    'GET', '/v3', headers={'X-Service-Token': token}
                )
                self.assertIn(answer.status, (200, 300, 401))
        self.assertNotIn('Traceback', self.log)


def encoded(text):
    """Return a text as base64url."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')


class AdminTokenTest(jwts.JWTTestCase):
    """``[DEFAULT] admin_token`` belongs to no user."""

    options = {**jwts.OPTIONS, 'DEFAULT': {'admin_token': 'bootstrap'}}

    def test_it_validates_no_token_for_another_resource(self):
        """H11: nor does any other service."""
        for resources, status in (((), 200), ((jwts.RESOURCE,), 404)):
            with self.variant(resources):
                answer = self.keystone.request(
                    'GET',
                    '/v3/auth/tokens',
                    token='bootstrap',
                    headers={'X-Subject-Token': self.issue(None, *resources)},
                )
                self.assertEqual(status, answer.status, answer.text)


class ResourceTest(jwts.JWTTestCase):
    """H10: tokens for some resources only (RFC 8707)."""

    def test_audience_is_the_resource(self):
        """H06: or several ones."""
        self.assertEqual(
            jwts.RESOURCE, jwts.claims(self.issue(None, jwts.RESOURCE))['aud']
        )
        token = self.issue(None, jwts.RESOURCE, 'urn:x', jwts.RESOURCE)
        self.assertEqual([jwts.RESOURCE, 'urn:x'], jwts.claims(token)['aud'])

    def test_keystone_accepts_only_its_own(self):
        """H11: it is a service, too."""
        token = self.issue(None, jwts.RESOURCE)
        self.assertEqual(401, self.use(token))
        answer = self.seen(token)
        self.assertEqual(404, answer.status, answer.text)
        self.assertEqual(
            200, self.use(self.issue(None, jwts.RESOURCE, jwts.ISSUER))
        )

    def test_service_that_checks_the_audience_may_have_it_validated(self):
        """H11: it says so; the token is worth nothing to its sender."""
        token = self.issue(None, jwts.RESOURCE)
        for audiences, status in (
            (jwts.RESOURCE, 200),
            (f'https://x {jwts.RESOURCE}', 200),
            ('https://x', 404),
            ('', 404),
        ):
            with self.variant(audiences):
                answer = self.identity.as_admin(
                    'GET',
                    '/v3/auth/tokens',
                    headers={
                        'X-Subject-Token': token,
                        'OpenStack-Identity-Audiences': audiences,
                    },
                )
                self.assertEqual(status, answer.status, answer.text)
        answer = self.keystone.request(
            'GET',
            '/v3/auth/tokens',
            token=token,
            headers={
                'X-Subject-Token': token,
                'OpenStack-Identity-Audiences': jwts.RESOURCE,
            },
        )
        self.assertEqual(401, answer.status, answer.text)

    def test_it_cannot_be_exchanged(self):
        token = self.issue(None, jwts.RESOURCE)
        identity = {'methods': ['token'], 'token': {'id': token}}
        answer = self.keystone.request(
            'POST', '/v3/auth/tokens', json={'auth': {'identity': identity}}
        )
        self.assertEqual(404, answer.status, answer.text)

    def test_its_service_learns_the_audience(self):
        seen = self.introspect(self.issue(None, jwts.RESOURCE)).json
        self.assertIs(True, seen['active'])
        self.assertEqual(jwts.RESOURCE, seen['aud'])

    def test_what_is_no_resource_is_refused(self):
        for resource in ('/v3', 'https://x/%23y#z', 'compute', 'https://a b'):
            with self.variant(resource):
                answer = self.post_as(
                    self.client,
                    f'grant_type=client_credentials&resource='
                    f'{resource.replace("#", "%23").replace(" ", "%20")}',
                )
                self.assertThat(answer, REFUSED)
                self.assertEqual(
                    samples.read('error-invalid-target.json'), answer.json
                )


class BoundTest(jwts.JWTTestCase):
    """Tokens that are bound to a certificate (RFC 8705, 3)."""

    def setUp(self):
        super().setUp()
        self.certificate = mutual_tls.AUTHORITY.client([('CN', 'own')])
        self.register('certificate', certificate=self.certificate.pem)
        answer = self.get_token(
            **clients.by_certificate(self.own, self.certificate)
        )
        self.assertEqual(200, answer.status, answer.text)
        self.bound = answer.json['access_token']

    def test_client_gets_one_on_a_site_with_fernet(self):
        """The thumbprint of the RFC is in it."""
        seen = self.introspect(self.bound).json
        self.assertEqual(seen['cnf'], jwts.claims(self.bound)['cnf'])

    def test_it_needs_its_certificate(self):
        self.assertEqual(401, self.use(self.bound))
        self.assertEqual(
            200,
            self.use(
                self.bound, environ=mutual_tls.verified(self.certificate)
            ),
        )


class TooLongTest(jwts.JWTTestCase):
    """A JWT would be longer than is allowed."""

    options = {
        **jwts.OPTIONS,
        'oauth2_tokens': {'format': 'jwt', 'max_size': 1024},
    }

    def test_token_is_opaque(self):
        token = self.issue()
        self.assertNotIn('.', token)
        self.assertEqual(200, self.use(token))
        self.assertIn('gets an opaque token', self.log)

    def test_token_for_a_resource_is_refused(self):
        """It would be valid for all."""
        answer = self.post_as(
            self.client,
            f'grant_type=client_credentials&resource={jwts.RESOURCE}',
        )
        self.assertThat(answer, REFUSED)


class OpaqueTest(jwts.JWTTestCase):
    """The default format."""

    options = {**jwts.OPTIONS, 'oauth2_tokens': {}}

    def test_resource_is_ignored(self):
        """RFC 6749, 3.2: as any unknown parameter."""
        token = self.issue(None, jwts.RESOURCE)
        self.assertNotIn('.', token)
        self.assertEqual(200, self.use(token))


class SamplesTest(jwts.JWTTestCase):
    """The samples in the API reference."""

    def shape(self, value):
        """Return names and types of members, in their order."""
        if isinstance(value, dict):
            return [(name, self.shape(one)) for name, one in value.items()]
        if isinstance(value, list):
            return [self.shape(one) for one in value]
        return type(value)

    def test_token_has_the_members_of_the_sample(self):
        token = self.issue()
        sample = samples.read('access-token-claims.json')
        self.assertEqual(self.shape(sample), self.shape(jwts.claims(token)))
        self.assertEqual(
            samples.read('access-token-header.json').keys(),
            jwt.get_unverified_header(token).keys(),
        )

    def test_keys_have_the_members_of_the_sample(self):
        """One signs, and one will sign next."""
        sample = samples.read('jwks-response.json')
        keys = self.keystone.request('GET', jwts.JWKS).json
        self.assertEqual(self.shape(sample), self.shape(keys))

    def test_ids_of_the_sample_are_thumbprints(self):
        """RFC 7638: as those of real keys."""
        for key in samples.read('jwks-response.json')['keys']:
            with self.variant(key['kid']):
                self.assertEqual(jwk.thumbprint(key), key['kid'])
