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

"""Independent libraries verify JWT access tokens, over TLS.

They know the issuer and the audience, and nothing else.
"""

import json
import shutil
import time

import fixtures
import jwt

from keystone_oauth2.tests.integration import authorization_server
from keystone_oauth2.tests.integration import javascript
from keystone_oauth2.tests.integration import verifiers
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import jwts

RESOURCE = 'https://reports.example.com'
OTHER = 'https://other.example.com'


class Verification(jwts.Keys):
    """The tests for all libraries."""

    provider = 'oauth2_fernet'
    options = {'oauth2_tokens': {'format': 'jwt'}}
    #: Those that leave the confirmation to the caller.
    accept_bound = ()

    def verifier(self, name, audience=None):
        """Return the verifier of a library."""
        return self.libraries[name](self, audience or self.issuer)

    def assert_refused(self, verifier, token):
        self.assertRaises(verifier.REFUSALS, verifier.verify, token)

    def test_token_is_accepted(self):
        """H05: from the metadata to the claims."""
        token = self.issue()
        for name in self.libraries:
            with self.variant(name):
                self.assertEqual(
                    jwts.claims(token), self.verifier(name).verify(token)
                )

    def test_token_for_a_resource_is_accepted_there(self):
        """H06: alone, or among others."""
        tokens = [
            self.issue(resources=[RESOURCE]),
            self.issue(resources=[OTHER, RESOURCE]),
        ]
        for name in self.libraries:
            with self.variant(name):
                verifier = self.verifier(name, RESOURCE)
                for token in tokens:
                    self.assertEqual(
                        jwts.claims(token), verifier.verify(token)
                    )

    def test_each_algorithm_is_accepted(self):
        """H05: each algorithm of the keys."""
        self.addCleanup(self.rotate, '--emergency')
        for algorithm in verifiers.ALGORITHMS:
            self.rotate('--emergency', algorithm=algorithm)
            token = self.issue()
            header = jwt.get_unverified_header(token)
            self.assertEqual(algorithm, header['alg'])
            for name in self.libraries:
                with self.variant((name, algorithm)):
                    verifier = self.verifier(name)
                    if algorithm in verifier.algorithms:
                        verifier.verify(token)

    def own_key(self):
        """Return the key that signs."""
        path = max(self.directory.iterdir(), key=lambda one: int(one.name))
        return jwt.PyJWK(json.loads(path.read_text())).key

    def forge(self, key=None, algorithm='ES256', typ='at+jwt', **claims):
        """Return a token with other claims, by default with the real key."""
        own = self.issue()
        header = {**jwt.get_unverified_header(own), 'typ': typ}
        return jwt.encode(
            {**jwts.claims(own), **claims},
            None if algorithm == 'none' else key or self.own_key(),
            algorithm,
            header | {'alg': algorithm},
        )

    def wrong(self):
        """Return tokens that are not valid, by what is wrong with them."""
        head, _, signature = self.issue().split('.')
        _, payload, _ = self.issue().split('.')
        past = int(time.time()) - 3600
        return {
            'payload': f'{head}.{payload}.{signature}',
            'audience': self.issue(resources=[RESOURCE]),
            'issuer': self.forge(iss=OTHER),
            'expired': self.forge(iat=past - 900, exp=past),
            'typ': self.forge(typ='JWT'),
            'key': self.forge(assertions.new_key('ES256')),
            'none': self.forge(algorithm='none'),
        }

    def test_other_tokens_are_refused(self):
        """H05: all that makes a token one of this server is checked."""
        genuine = self.forge()
        wrong = self.wrong()
        for name in self.libraries:
            verifier = self.verifier(name)
            verifier.verify(genuine)
            for problem, token in wrong.items():
                with self.variant((name, problem)):
                    self.assert_refused(verifier, token)

    def test_certificate_of_a_bound_token_is_seen(self):
        """D06: the caller compares it, or the library refuses the token."""
        token = self.issue(files=self.files)
        for name in self.libraries:
            with self.variant(name):
                verifier = self.verifier(name)
                if name in self.accept_bound:
                    confirmation = verifier.verify(token)['cnf']
                    self.assertEqual(self.confirmation(), confirmation)
                else:
                    self.assert_refused(verifier, token)

    def test_new_key_is_known_before_it_signs(self):
        """H09: verifiers that have fetched the keys before accept it."""
        before = self.issue()
        known = {name: self.verifier(name) for name in self.libraries}
        for verifier in known.values():
            verifier.verify(before)
        self.age(jwts.KNOWN)
        self.rotate()
        after = self.issue()
        self.assertNotEqual(self.kid(before), self.kid(after))
        fetched = self.fetched()
        self.assertLess(0, fetched)
        for name, verifier in known.items():
            with self.variant(name):
                verifier.verify(after)
                verifier.verify(before)
        self.assertEqual(fetched, self.fetched())

    def fetched(self):
        """Return how often the keys have been fetched."""
        return self.keystone.log.count('OS-OAUTH2/jwks')


def of_python(verifier):
    """Return a function that creates a verifier for a test."""
    return lambda test, audience: verifier(test.issuer, audience)


def of_javascript(sample):
    """Return a function that starts the verifier of a sample for a test."""

    def start(test, audience):
        verifier = verifiers.JavaScript(
            sample,
            test.folder,
            test.keystone.ca_file,
            test.issuer,
            audience,
        )
        test.addCleanup(verifier.close)
        return verifier

    return start


class PythonTest(
    Verification, authorization_server.AuthorizationServerTestCase
):
    libraries = {
        'PyJWT': of_python(verifiers.PyJWT),
        'joserfc': of_python(verifiers.Joserfc),
        'Authlib': of_python(verifiers.Authlib),
    }
    accept_bound = ('PyJWT', 'joserfc', 'Authlib')

    def setUp(self):
        super().setUp()
        for name, value in (
            ('SSL_CERT_FILE', f'{self.keystone.ca_file}'),
            ('no_proxy', '127.0.0.1'),
        ):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        # Since Python 3.12, it keeps the certificates of the first request.
        self.useFixture(fixtures.MonkeyPatch('urllib.request._opener', None))


class JavaScriptTest(Verification, javascript.JavaScriptTestCase):
    libraries = {
        'jose': of_javascript('verify_jose'),
        'oauth4webapi': of_javascript('verify_oauth4webapi'),
    }
    #: oauth4webapi accepts no confirmation but that of DPoP.
    accept_bound = ('jose',)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.not_installed is None:
            for path in verifiers.SAMPLES.glob('verify_*.mjs'):
                shutil.copy(path, cls.folder)
