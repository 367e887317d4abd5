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

"""Tests of client authenticators with requests to a real Keystone."""

import datetime
import functools

from oslo_utils import timeutils

from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import base
from keystone_oauth2.tests.support import copies
from keystone_oauth2.tests.support import digests
from keystone_oauth2.tests.support import matchers
from keystone_oauth2.tests.support import tokens

ISSUER = tokens.ISSUER
AUTHENTICATORS = 'oauth2_client_authenticator'
METHODS = [
    'client_secret_basic',
    'client_secret_post',
    'federated_jwt',
    'private_key_jwt',
    'self_signed_tls_client_auth',
    'tls_client_auth',
]
#: Each kind of authenticator, and the name of its collection.
COLLECTIONS = {
    'secret': 'secrets',
    'key': 'keys',
    'certificate': 'certificates',
    'federated_identity': 'federated_identities',
}
OPTIONS = {
    'oauth2': {'issuer': ISSUER, 'oauth2_authn_methods': METHODS},
    'oauth2_limits': {'client_failures': '', 'address_failures': ''},
}
REFUSED = matchers.IsOAuthError(401, 'invalid_client')
ISSUED = matchers.IsAccessToken()


def path_of(client, rest=''):
    """Return the path of a client, or of a resource below it."""
    return f'/v3/OS-OAUTH2/clients/{getattr(client, "id", client)}{rest}'


def register(request, token, client, kind, **wanted):
    """Register one authenticator, and return its representation.

    :param request: the function that sends requests.
    :param token: the owner's token.
    """
    answer = request(
        'POST',
        path_of(client, f'/{COLLECTIONS[kind]}'),
        json={kind: wanted},
        token=token,
    )
    assert answer.status == 201, answer.text
    return answer.json[kind]


def by_secret(client, secret):
    """Return the request arguments for a secret with HTTP Basic."""
    return {'headers': {'Authorization': base.basic(client.id, secret)}}


def by_secret_in_body(client, secret):
    """Return the request arguments for a secret in the body."""
    return {'form': {'client_id': client.id, 'client_secret': secret}}


def by_assertion(assertion, **form):
    """Return the request arguments for a client assertion."""
    return {
        'form': {
            'client_assertion_type': assertions.TYPE,
            'client_assertion': assertion,
            **form,
        }
    }


def by_key(signer, **claims):
    """Return the request arguments for a new assertion of a signer."""
    return by_assertion(signer.assertion(**claims))


def by_certificate(client, certificate, verdict='SUCCESS'):
    """Return the request arguments for a client over Mutual-TLS."""
    return {
        'form': {'client_id': client.id},
        'environ': {
            'SSL_CLIENT_CERT': certificate.pem,
            'SSL_CLIENT_VERIFY': verdict,
        },
    }


class IsKeystoneError(matchers._Answer):
    """An error in the format of Keystone's API.

    :param status: the expected status.
    :param message: a part of the expected message.
    """

    def __init__(self, status, message=''):
        self.status = status
        self.message = message

    def __str__(self):
        return f'IsKeystoneError({self.status}, {self.message!r})'

    def _wrong(self, answer):
        yield from self._wrong_status(answer, self.status)
        if answer.headers.get('Content-Type') != 'application/json':
            yield f'Content-Type: {answer.headers.get("Content-Type")}'
            return
        error = answer.json.get('error', {})
        if answer.json.keys() != {'error'} or error.keys() != {
            'code',
            'title',
            'message',
        }:
            yield 'other members'
        if error.get('code') != self.status:
            yield f'code: {error.get("code")}'
        if self.message not in error.get('message', ''):
            yield f'{self.message!r} is not in the message'


class Clients:
    """Helpers for tests of clients.

    :cvar owner_token: a token of the owner of all clients, the default
        caller.
    """

    owner_token = None

    @functools.cached_property
    def own(self):
        """A client of this test only."""
        return self.identity.create_application_credential(
            self.user, token=self.owner_token
        )

    def manage(self, method, rest='', json=None, client=None, token=None):
        """Send a request about a client, by default the test's own.

        :param rest: the path after the client's id.
        :param token: the caller's token, by default the owner's.
        """
        return self.keystone.request(
            method,
            path_of(client or self.own, rest),
            json=json,
            token=token or self.owner_token,
        )

    def show(self, rest='', **arguments):
        """Return the body of a successful GET."""
        answer = self.manage('GET', rest, **arguments)
        self.assertEqual(200, answer.status, answer.text)
        return answer.json

    def shown(self, kind, one, **arguments):
        """Return the current representation of one authenticator.

        :param one: its representation at registration, or its id.
        """
        one = one['id'] if isinstance(one, dict) else one
        rest = f'/{COLLECTIONS[kind]}/{one}'
        return self.show(rest, **arguments)[kind]

    def register(self, kind, client=None, token=None, **wanted):
        """Register one authenticator, and return its representation."""
        answer = self.manage(
            'POST', f'/{COLLECTIONS[kind]}', {kind: wanted}, client, token
        )
        self.assertEqual(201, answer.status, answer.text)
        return answer.json[kind]

    def register_secret(self, client=None, **wanted):
        """Register a secret; the result includes the secret itself."""
        return self.register('secret', client, **wanted)

    def register_key(self, algorithm='ES256', client=None, **wanted):
        """Register a key.

        :returns: a signer with the key; its ``id`` is that of the key.
        """
        client = client or self.own
        signer = assertions.Signer(client.id, ISSUER, algorithm)
        jwk = signer.jwk
        signer.id = self.register('key', client, jwk=jwk, **wanted)['id']
        return signer

    def register_certificate(self, client=None, **wanted):
        """Register a certificate or an expected subject."""
        return self.register('certificate', client, **wanted)

    def remove(self, kind, one, **arguments):
        """Remove an authenticator, or retire the credential's own secret.

        :param one: its representation, or its id.
        """
        one = one['id'] if isinstance(one, dict) else one
        rest = f'/{COLLECTIONS[kind]}/{one}'
        answer = self.manage('DELETE', rest, **arguments)
        self.assertEqual((204, b''), (answer.status, answer.body))
        self.assertNotIn('Content-Type', answer.headers)

    def retire_secret(self):
        """Retire the application credential's own secret."""
        self.remove('secret', self.own.id)

    def choose_methods(self, *methods):
        """Choose the methods that the client may use."""
        wanted = {'client': {'authentication_methods': list(methods)}}
        answer = self.manage('PATCH', json=wanted)
        self.assertEqual(200, answer.status, answer.text)

    def at(self, moment, seconds=0):
        """Set Keystone's clock to a moment until the test ends.

        :param moment: UTC without a time zone.
        :param seconds: added to the moment.
        """
        moment += datetime.timedelta(seconds=seconds)
        timeutils.set_time_override(moment)
        self.addCleanup(timeutils.clear_time_override)

    def expire(self, one):
        """Expire an authenticator in the database, unknown to Keystone."""
        one = one['id'] if isinstance(one, dict) else one
        self.execute(
            f'UPDATE {AUTHENTICATORS} SET expires_at = :moment WHERE id = :id',
            id=one,
            moment='2020-01-01 00:00:00',
        )

    def token_of_keystone(self, **named):
        """Ask Keystone's own API for a token with a credential's secret."""
        return self.keystone.request(
            'POST',
            '/v3/auth/tokens',
            json={
                'auth': {
                    'identity': {
                        'methods': ['application_credential'],
                        'application_credential': named,
                    }
                }
            },
        )

    def get_token(self, form=(), **how):
        """Ask for a token, authenticated with the result of ``by_...``."""
        form = {'grant_type': 'client_credentials', **dict(form)}
        return self.keystone.request('POST', base.TOKEN, form=form, **how)

    def assert_issued(self, **how):
        """Assert that a client gets a token, and return it."""
        answer = self.get_token(**how)
        self.assertThat(answer, ISSUED)
        return answer.json['access_token']

    def assert_refused(self, **how):
        """Assert that a client gets the common refusal."""
        self.assertThat(self.get_token(**how), REFUSED)


class ClientsTestCase(Clients, tokens.TokensTestCase, digests.DigestTestCase):
    """Each test has its own client; all clients share one owner."""

    options = OPTIONS

    @classmethod
    @copies.shared
    def create(cls):
        super().create()
        cls.owner_token = cls.identity.token_for(cls.user)
