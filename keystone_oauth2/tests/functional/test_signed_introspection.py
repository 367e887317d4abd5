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

"""Introspection responses as signed JWTs (RFC 9701)."""

import json
import time

import jwt

from keystone_oauth2.tests.functional import samples
from keystone_oauth2.tests.functional import test_signing_keys
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import openapi
from keystone_oauth2.tests.support import tokens

TYPE = 'token-introspection+jwt'
SIGNED = f'application/{TYPE}'
JSON = 'application/json'
METADATA = '/v3/OS-OAUTH2/.well-known/oauth-authorization-server'
ADVERTISED = 'introspection_signing_alg_values_supported'


class IsSigned(matchers._Answer):
    """A signed response, without other header fields."""

    def __str__(self):
        return 'IsSigned()'

    def _wrong(self, answer):
        yield from self._wrong_status(answer, 200)
        yield from self._wrong_headers(answer, {'Content-Type': [SIGNED]})


class SignedTestCase(test_signing_keys.Keys, jwts.JWTTestCase):
    """A Keystone with keys, whose access tokens are opaque."""

    options = {**jwts.OPTIONS, 'oauth2_tokens': {}}

    def ask_signed(self, token, accept=SIGNED, **arguments):
        """Introspect a token, and return the answer."""
        return self.introspect(token, headers={'Accept': accept}, **arguments)

    def by_token(self, token, subject):
        """Introspect as the holder of a Keystone token."""
        return self.ask(
            tokens.INTROSPECT,
            subject,
            headers={'Accept': SIGNED, 'X-Auth-Token': token},
        )

    def verified(self, answer, audience=None):
        """Return the claims, verified with the published keys.

        :param audience: the caller, by default the service.
        """
        self.assertThat(answer, IsSigned())
        published = jwt.PyJWKSet.from_dict(self.jwks().json)
        header = jwt.get_unverified_header(answer.text)
        key = published[header['kid']]
        self.assertEqual(
            {'typ': TYPE, 'alg': key.algorithm_name, 'kid': key.key_id},
            header,
        )
        return jwt.decode(
            answer.text,
            key,
            algorithms=self.metadata()[ADVERTISED],
            audience=audience or self.service.id,
            issuer=jwts.ISSUER,
        )

    def metadata(self):
        """Return the metadata."""
        return self.keystone.request('GET', METADATA).json

    def assert_is_json(self, answer):
        """Assert that an answer is the one without a signature."""
        self.assertThat(answer, tokens.IsAnswer(answer.json))
        self.assertIs(True, answer.json['active'])


class ResponseTest(SignedTestCase):
    def test_active_token(self):
        """G06: the members of the JSON response, inside one claim."""
        token = self.issue()
        before = int(time.time())
        claims = self.verified(self.ask_signed(token))
        self.assertIn(claims.pop('iat'), range(before, before + 60))
        self.assertEqual(
            {
                'iss': jwts.ISSUER,
                'aud': self.service.id,
                'token_introspection': self.introspect(token).json,
            },
            claims,
        )

    def test_inactive_token(self):
        """G06: G02, whatever is wrong, and with no other member."""
        revoked = self.issue()
        self.revoke(revoked, self.client)
        other = self.identity.create_application_credential(self.user)
        for problem, answer, caller in (
            ('no token', self.ask_signed('x'), self.service),
            ('revoked', self.ask_signed(revoked), self.service),
            (
                'not allowed',
                self.ask_signed(self.issue(), client=other),
                other,
            ),
        ):
            with self.variant(problem):
                claims = self.verified(answer, caller.id)
                self.assertEqual(
                    {'iss', 'aud', 'iat', 'token_introspection'},
                    set(claims),
                )
                self.assertEqual(
                    {'active': False}, claims['token_introspection']
                )

    def test_audience_is_the_caller(self):
        """G06: a client by its id, another user by that of the user."""
        token = self.issue()
        for caller, answer in (
            (self.client.id, self.ask_signed(token, client=self.client)),
            (self.service.id, self.by_token(self.issue(self.service), token)),
            (
                self.service_user.id,
                self.by_token(
                    self.identity.token_for(self.service_user), token
                ),
            ),
        ):
            with self.variant(caller):
                claims = self.verified(answer, caller)
                self.assertIs(True, claims['token_introspection']['active'])

    def test_errors_are_json(self):
        """G06: G01, A13, the media type is that of responses only."""
        wrong = (self.service.id, 'wrong')
        self.assertThat(
            self.ask_signed('x', client=wrong),
            matchers.IsOAuthError(401, 'invalid_client'),
        )
        # RFC 9701, 5, unlike without the media type.
        for accept, status in ((SIGNED, 400), ('application/json', 401)):
            with self.variant(accept):
                answer = self.ask(
                    tokens.INTROSPECT, 'x', headers={'Accept': accept}
                )
                self.assertThat(
                    answer, matchers.IsOAuthError(status, 'invalid_client')
                )
        self.assertThat(
            self.ask_signed(''),
            matchers.IsOAuthError(400, 'invalid_request'),
        )

    def test_other_methods_are_refused(self):
        """A01: as without Accept."""
        for method in ('GET', 'HEAD'):
            with self.variant(method):
                answer = self.keystone.request(
                    method, tokens.INTROSPECT, headers={'Accept': SIGNED}
                )
                self.assertEqual(
                    (405, JSON),
                    (answer.status, answer.headers['Content-Type']),
                )

    def test_other_endpoints_ignore_accept(self):
        answer = self.post_as(self.client, headers={'Accept': SIGNED})
        self.assertThat(answer, matchers.IsAccessToken())
        answer = self.revoke(
            answer.json['access_token'],
            self.client,
            headers={'Accept': SIGNED},
        )
        self.assertThat(answer, tokens.REVOKED)

    def test_response_is_as_described(self):
        """G06: in the OpenAPI description."""
        answer = self.ask_signed(self.issue())
        schema = openapi.load(self.keystone.application)
        openapi.verify_answer(schema[tokens.INTROSPECT]['POST'], answer)

    def test_response_has_the_members_of_the_sample(self):
        """G06: which the keys of another sample verify."""
        text = samples.read('introspect-signed-response.txt').strip()
        header = samples.read('introspect-signed-header.json')
        claims = samples.read('introspect-signed-claims.json')
        keys = jwt.PyJWKSet.from_dict(samples.read('jwks-response.json'))
        shown = jwt.decode_complete(
            text,
            keys[header['kid']],
            algorithms=['ES256'],
            audience=claims['aud'],
        )
        self.assertEqual((header, claims), (shown['header'], shown['payload']))
        answer = self.ask_signed(self.issue()).text
        self.assertEqual(list(header), list(jwt.get_unverified_header(answer)))
        found = jwts.claims(answer)
        self.assertEqual(list(claims), list(found))
        self.assertEqual(
            list(claims['token_introspection']),
            list(found['token_introspection']),
        )


class AcceptTest(SignedTestCase):
    """RFC 9110, 12.5.1."""

    def test_signed_response_must_be_asked_for(self):
        """G06: by its name; other values, and nonsense, mean JSON."""
        token = self.issue()
        for accept in (
            SIGNED,
            SIGNED.upper(),
            f'{SIGNED};q=0.001',
            f'{SIGNED}, {JSON}',
            f'{JSON}, {SIGNED}',
            f'{JSON};q=0.9, {SIGNED}',
            f'{SIGNED};q=0.5, */*;q=0.1',
            f'*/*, {SIGNED}',
            f'text/html, {SIGNED}, nonsense',
            [('Accept', 'text/html'), ('Accept', SIGNED)],
        ):
            with self.variant(accept):
                self.verified(self.ask_any(token, accept))

    def test_json_otherwise(self):
        """G06: the default, also if nothing else is acceptable."""
        token = self.issue()
        self.assert_is_json(self.introspect(token))
        for accept in (
            '',
            '*/*',
            'application/*',
            JSON,
            f'{SIGNED};q=0',
            f'{SIGNED};q=0, */*',
            f'{SIGNED};q=0.1, {JSON}',
            f'{SIGNED};q=0.1, */*',
            'application/jwt',
            'text/html',
            SIGNED[:-1],
            f'{SIGNED}x',
            f'{SIGNED};charset=utf-8',
            f'{SIGNED};charset=utf-8, */*',
        ):
            with self.variant(accept):
                self.assert_is_json(self.ask_any(token, accept))

    def test_nonsense_is_no_defect(self):
        """A13: whatever it is."""
        for accept in (
            ',;=',
            f'{SIGNED};q=x',
            f'{SIGNED};q=2',
            f'{SIGNED};q=nan',
            f'{SIGNED};*=*/*',
            f"{SIGNED};x*=y''%ff",
            f'{SIGNED};x*0="',
            f'"{SIGNED}',
            f'{SIGNED};q=\xb2'.encode('latin-1'),
            f'\xff\xfe{SIGNED}'.encode('latin-1'),
            f'{SIGNED},' * 100,
        ):
            with self.variant(accept):
                answer = self.ask_any('x', accept)
                self.assertEqual(200, answer.status, answer.text)
                self.assertNotIn('Traceback', self.new_log())

    def ask_any(self, token, accept):
        """Introspect a token, with any header fields.

        :param accept: the field's value, or pairs for several fields.
        """
        if not isinstance(accept, list):
            accept = [('Accept', accept)]
        return self.keystone.request(
            'POST',
            tokens.INTROSPECT,
            form={
                'token': token,
                'client_id': self.service.id,
                'client_secret': self.service.secret,
            },
            headers=accept,
        )

    def test_caches_are_told(self):
        """A08: G06, beside what Keystone tells them."""
        token = self.issue()
        for accept in (SIGNED, JSON):
            answer = self.ask_signed(token, accept)
            self.assertEqual(
                {'X-Auth-Token', 'Accept'},
                set(answer.headers['Vary'].split(', ')),
            )
            self.assertEqual('no-store', answer.headers['Cache-Control'])


class ConfusionTest(SignedTestCase):
    """RFC 9701, 8.1; RFC 8725, 3.11: a response is nothing else."""

    def assert_no_token(self, text):
        """Assert that nothing accepts a text as a token."""
        self.assertEqual(401, self.use(text))
        self.assertEqual(404, self.seen(text).status)
        self.assertThat(self.introspect(text), tokens.INACTIVE)
        self.assertEqual(401, self.by_token(text, 'x').status)

    def test_it_is_no_access_token(self):
        """G06: H05, although the same key signs both."""
        self.assert_no_token(self.ask_signed(self.issue()).text)

    def test_its_type_alone_prevents_that(self):
        """G06: even with the claims of an access token."""
        path = self.directory / '1'
        key = jwt.PyJWK(json.loads(path.read_text()), 'ES256').key
        signed = self.ask_signed(self.issue()).text
        for media_type, status in ((TYPE, 401), ('at+jwt', 200)):
            token = jwt.encode(
                self.claims_of_access_token(),
                key,
                'ES256',
                {**jwt.get_unverified_header(signed), 'typ': media_type},
            )
            with self.variant(media_type):
                self.assertEqual(status, self.use(token))

    def claims_of_access_token(self):
        """Return claims that Keystone accepts with the right type."""
        token = self.issue()
        found = self.seen(token).json['token']
        found['roles'] = [{'name': role['name']} for role in found['roles']]
        now = int(time.time())
        return {
            'iss': jwts.ISSUER,
            'sub': self.user.id,
            'client_id': self.client.id,
            'aud': jwts.ISSUER,
            'exp': now + 60,
            'iat': now,
            'jti': found['audit_ids'][0],
            'scope': 'member reader',
            'openstack': found,
        }

    def test_it_is_no_client_assertion(self):
        """G06: C01, not even of a client that has registered the key."""
        answer = self.ask_signed(self.issue(), client=self.own)
        (key,) = [
            key
            for key in self.jwks().json['keys']
            if key['kid'] == self.kid(answer.text)
        ]
        self.register('key', jwk=key)
        self.assert_refused(
            **clients.by_assertion(answer.text, client_id=self.own.id)
        )
        self.assertIn('assertion: sub differs', self.new_log())
        # The key itself would do.
        own = (self.directory / '1').read_text()
        now = int(time.time())
        self.assert_issued(
            **clients.by_assertion(
                jwt.encode(
                    {
                        'iss': self.own.id,
                        'sub': self.own.id,
                        'aud': jwts.ISSUER,
                        'exp': now + 60,
                        'jti': 'x',
                    },
                    jwt.PyJWK(json.loads(own), 'ES256').key,
                    'ES256',
                )
            )
        )

    def test_its_type_is_refused_in_an_assertion(self):
        """G06: C01, even with the claims of an assertion."""
        signer = self.register_key()
        self.assert_refused(
            **clients.by_assertion(signer.assertion({'typ': TYPE}))
        )
        self.assertIn('unsupported typ', self.new_log())


class JWSProviderConfusionTest(ConfusionTest):
    """Beside Keystone's own JWS tokens."""

    options = {**SignedTestCase.options, 'token': {'provider': 'oauth2_jws'}}


class JWTFormatTest(SignedTestCase):
    """Access tokens are JWTs, too."""

    options = jwts.OPTIONS

    def test_jwt_access_token(self):
        """G06: the format of access tokens does not matter."""
        claims = self.verified(self.ask_signed(self.issue()))
        self.assertIs(True, claims['token_introspection']['active'])
