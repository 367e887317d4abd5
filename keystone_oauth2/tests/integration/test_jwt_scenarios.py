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

"""The scenarios of other modules, with JWT access tokens."""

from keystone_oauth2.tests.integration import test_external_oauth2_token
from keystone_oauth2.tests.integration import test_keystoneauth
from keystone_oauth2.tests.integration import test_middleware
from keystone_oauth2.tests.support import forgeries
from keystone_oauth2.tests.support import jwts

# As long as opaque tokens, which the scenarios expect.
FORMAT = {'oauth2_tokens': {'format': 'jwt', 'lifetime': 3600}}
PROVIDER = 'oauth2_fernet'
OPTIONS = {
    **FORMAT,
    'oauth2': {'issuer': jwts.ISSUER},
    'token': {'provider': PROVIDER},
}


class JWTFormat:
    """Tokens of the token endpoint are JWTs."""

    options = OPTIONS

    def token_by_secret(self, client=None):
        """Return the response to a client secret."""
        return self._checked(super().token_by_secret(client))

    def token_by_certificate(self, files=None):
        """Return the response to a certificate."""
        return self._checked(super().token_by_certificate(files))

    def _checked(self, answer):
        if answer.status == 200:
            token = answer.json['access_token']
            self.assertEqual('at+jwt', forgeries.media_type(token))
        return answer


class ExternalJWTFormat:
    """The same for a Keystone that is an authorization server."""

    provider = PROVIDER
    options = FORMAT

    def issue(self, *arguments, **named):
        """Return an access token."""
        token = super().issue(*arguments, **named)
        self.assertEqual('at+jwt', forgeries.media_type(token))
        return token


class SecretFlowTest(JWTFormat, test_middleware.SecretFlowTest):
    pass


class CertificateFlowTest(JWTFormat, test_middleware.CertificateFlowTest):
    pass


class KeystoneauthTest(JWTFormat, test_keystoneauth.KeystoneauthTest):
    pass


class IdentityTest(ExternalJWTFormat, test_external_oauth2_token.IdentityTest):
    pass


class RefusalTest(ExternalJWTFormat, test_external_oauth2_token.RefusalTest):
    pass


class BindingTest(ExternalJWTFormat, test_external_oauth2_token.BindingTest):
    pass
