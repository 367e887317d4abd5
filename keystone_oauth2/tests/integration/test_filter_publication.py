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

"""A filter whose Keystone misbehaves, goes away, or changes its keys.

A gateway between them counts all requests of the filter.
"""

import json

import fixtures

from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.tests.integration import misbehaving
from keystone_oauth2.tests.support import forgeries
from keystone_oauth2.tests.support import jwts

COOLDOWN = 'keystone_oauth2.middleware.publication.COOLDOWN'
PUBLISHED = (jwts.JWKS, jwts.EVENTS)
#: Seconds, longer than a test.
LONG = 300
STRANGER = signing_keys.SigningKey.generate('ES256', 0)
#: A key set that would be good without this key's private member.
PRIVATE = {**json.loads(STRANGER.write()), 'kid': STRANGER.kid, 'use': 'sig'}
#: Key sets, and lists of events, that are none.
CONTENTS = {
    'empty': ({'keys': []}, {}),
    'another type': ([], {'revocation_events': {}}),
    'private key': (
        {'keys': [STRANGER.jwk, PRIVATE]},
        {'revocation_events': [1]},
    ),
    'no time': ({'keys': [{}]}, {'revocation_events': [{'user_id': 'x'}]}),
}
#: Responses that end soon.
ENDING = {
    'not JSON': misbehaving.body('{"keys": [], "revocation_events": ['),
    'nested': misbehaving.body(100_000 * '[' + 100_000 * ']'),
    'too large': misbehaving.body(b' ' * 1_100_000 + b'{}'),
    'endless': misbehaving.endless,
    'endless header': misbehaving.endless_header,
    'truncated': misbehaving.truncate,
    'no response': misbehaving.close,
    '304': misbehaving.body('', 304),
    **{str(number): misbehaving.status(number) for number in (401, 404, 500)},
}
#: Responses that never end.
UNENDING = {
    'slow body': misbehaving.slow_body,
    'slow header': misbehaving.slow_header,
    'silent': misbehaving.silent,
}
ANY = ENDING | UNENDING


class MisbehavingTest(jwts.Keys, misbehaving.GatewayTestCase):
    """I08: what is known stays in use, whatever the server does."""

    def setUp(self):
        super().setUp()
        self.trap = self.useFixture(misbehaving.Gateway(self.keystone))
        self.known, self.bystander = self.issue(), self.issue()
        self.subjects = {}

    def behaviours(self):
        """Return what servers do, by name, for keys and for events."""
        redirect = misbehaving.redirect(self.trap.url)
        return {
            **{
                name: tuple(misbehaving.body(json.dumps(one)) for one in pair)
                for name, pair in CONTENTS.items()
            },
            **{name: (one, one) for name, one in ENDING.items()},
            'redirect': (redirect, redirect),
        }

    def start(self, name):
        """Return a gateway whose filter has accepted both tokens."""
        # All of them together are many requests for one Keystone.
        client = self.subjects[name] = self.behind_gateway(
            oauth2_poll_interval=8
        )
        self.assertEqual(200, client.use(self.known))
        self.assertEqual(200, client.use(self.bystander))
        return client.gateway

    def start_all(self):
        """Start filters, and let their servers misbehave."""
        for name, pair in self.behaviours().items():
            gateway = self.start(name)
            for path, behaviour in zip(PUBLISHED, pair, strict=True):
                gateway.misbehave(behaviour, path)
        self.start('certificate').use_strange_certificate()
        self.start('stopped').stop()

    def start_unending(self):
        """Start filters whose servers do not end their responses."""
        for name, behaviour in UNENDING.items():
            for path in PUBLISHED:
                self.start((name, path)).misbehave(behaviour, path)

    def wait_for_failure(self, client):
        """Wait until a filter has got bad responses of each kind."""
        self.wait_until(
            lambda: client.gateway.has_failed, 'it has got bad responses'
        )

    def rotate_twice(self):
        """Make a key sign that nobody has fetched yet."""
        for _ in range(2):
            self.age(jwts.KNOWN)
            self.rotate()

    def for_each(self, check):
        """Call a function for each service as a row of a table."""
        for name, client in self.subjects.items():
            with self.variant(name):
                check(client)

    def test_known_keys_and_events_stay_in_use(self):
        """I08, I09: until the server behaves, which the filter notices."""
        self.start_all()
        self.start_unending()
        self.for_each(self.wait_for_failure)
        new = self.issue()
        self.for_each(
            lambda client: self.assert_accepted_offline(
                client, self.known, new
            )
        )
        self.assertEqual(([], 0), (self.trap.requests, self.trap.refused))
        self.for_each(lambda client: client.gateway.recover())
        self.revoke(self.known)
        self.rotate_twice()
        newest = self.issue()

        def assert_recovered(client):
            self.wait_for_status(401, client, self.known)
            self.wait_for_status(200, client, newest)
            self.assert_accepted_offline(client, self.bystander, new, newest)
            # Keystone has less to do for those that come later.
            client.close()

        self.for_each(assert_recovered)

    def test_requests_do_not_wait(self):
        """I08: for a response that does not end, of keys or of events."""
        new = self.issue()
        for name, behaviour in UNENDING.items():
            for path in PUBLISHED:
                with self.variant((name, path)):
                    gateway = self.start(name)
                    gateway.misbehave(behaviour, path)
                    self.wait_until(lambda g=gateway: g.is_hanging, 'it hangs')
                    self.assert_accepted_offline(
                        self.subjects[name], self.known, new
                    )
                    self.assertTrue(gateway.is_hanging)

    def test_no_answer_about_a_catalog(self):
        """I09: the filter notices what is revoked meanwhile."""
        client = self.behind_gateway(oauth2_catalog_time=1)
        gateway = client.gateway
        self.assertEqual(200, client.use(self.known))
        gateway.misbehave(misbehaving.silent, misbehaving.TOKENS)

        def is_hanging():
            self.assertEqual(200, client.use(self.known))
            return gateway.is_hanging

        self.wait_until(is_hanging, 'a catalog is requested again')
        before = gateway.count(jwts.EVENTS)
        self.wait_until(
            lambda: gateway.count(jwts.EVENTS) > before, 'events are fetched'
        )


class NothingKnownTest(misbehaving.GatewayTestCase):
    """I05, I08: before there are keys or events, Keystone decides."""

    def start(self, *paths, behaviour, **options):
        """Return a service whose server misbehaves from the beginning."""
        gateway = self.useFixture(misbehaving.Gateway(self.keystone))
        gateway.misbehave(behaviour, *paths)
        return self.behind_gateway(gateway, ready=False, **options)

    def test_keystone_is_asked(self):
        """I08: about each token, and no request waits for keys or events."""
        token = self.issue()
        for path in PUBLISHED:
            for name in ('not JSON', '304', '404', 'silent'):
                with self.variant((path, name)):
                    client = self.start(path, behaviour=ANY[name])
                    for expected in (1, 2):
                        self.assertEqual(200, client.use(token))
                        self.assertEqual(
                            expected, client.gateway.count(misbehaving.TOKENS)
                        )
                    self.assertEqual(401, client.use(token[:-4] + 'AAAA'))

    def test_keystone_is_away(self):
        """I05: it is never the token's fault, and no token is accepted."""
        token = self.issue()
        for name in ('no response', 'not JSON', '500', 'silent'):
            for delay in (False, True):
                with self.variant((name, delay)):
                    client = self.start(
                        *misbehaving.ALL,
                        behaviour=ANY[name],
                        delay_auth_decision=delay,
                        http_connect_timeout=2,
                    )
                    for sent in (token, token[:-4] + 'AAAA'):
                        self.assert_unavailable(client, sent)

    def test_silent_server(self):
        """I05: no request waits for it without end, by default."""
        client = self.start(*misbehaving.ALL, behaviour=misbehaving.silent)
        self.assert_unavailable(client, self.issue())

    def test_server_of_another_authority(self):
        """I05, I08: it is not asked, and no token is accepted."""
        token = self.issue()
        gateway = self.useFixture(misbehaving.Gateway(self.keystone))
        gateway.use_strange_certificate()
        for delay in (False, True):
            client = self.behind_gateway(
                gateway, ready=False, delay_auth_decision=delay
            )
            self.assert_unavailable(client, token)
        self.assertEqual([], gateway.requests)


class UnknownKeysTest(misbehaving.GatewayTestCase):
    """I08: tokens with ids of keys that do not exist."""

    def setUp(self):
        super().setUp()
        self.cool_down(LONG)
        # Between two regular requests for the keys.
        self.subject = self.behind_gateway(
            oauth2_poll_interval=LONG, oauth2_events_max_age=2 * LONG
        )
        self.token = self.issue()
        self.assertEqual(200, self.subject.use(self.token))
        self.before = len(self.subject.gateway.requests)

    def cool_down(self, seconds):
        """Set the least time between two requests for the keys."""
        self.useFixture(fixtures.MonkeyPatch(COOLDOWN, seconds))

    def use_unknown(self, number):
        """Return the status of a request with such a token."""
        kid = f'{STRANGER.kid}{number}'
        key = STRANGER.private_key
        return self.subject.use(
            forgeries.forge(self.token, key, 'ES256', kid=kid)
        )

    def flood(self):
        """Send a thousand such tokens, and return the statuses."""
        return {self.use_unknown(number) for number in range(1000)}

    def new_requests(self):
        """Return the requests of the filter since the beginning."""
        return self.subject.gateway.requests[self.before :]

    def test_soon_after_a_request(self):
        """I08: there is no other one."""
        self.wait_until(
            lambda: self.use_unknown('first') == 401, 'keys are fetched'
        )
        self.assertLessEqual(self.flood(), {401, 503})
        self.assertEqual([('GET', jwts.JWKS)], self.new_requests())

    def test_later(self):
        """I08: there is one other, and genuine tokens are accepted."""
        self.assertLessEqual(self.flood(), {401, 503})
        self.cool_down(1)
        self.wait_until(
            lambda: self.use_unknown('last') == 401, 'keys are fetched'
        )
        self.cool_down(LONG)
        before = self.new_requests()
        self.assertLessEqual(len(before), 2)
        # Each of the first thousand was seen before that.
        self.assertLessEqual(self.flood(), {401, 503})
        self.assertEqual(before, self.new_requests())
        self.assertEqual({('GET', jwts.JWKS)}, set(before))
        self.assertEqual(200, self.subject.use(self.token))


class RotationTest(jwts.Keys, misbehaving.GatewayTestCase):
    """I11: the keys of Keystone change."""

    def test_rotation(self):
        """Tokens of the old and the new key are accepted offline."""
        client = self.behind_gateway()
        old = self.issue()
        self.assertEqual(200, client.use(old))
        kids = {self.kid(old)}
        for _ in range(2):
            self.age(jwts.KNOWN)
            self.rotate()
            fetched = client.gateway.count(jwts.JWKS)
            self.wait_until(
                lambda fetched=fetched: (
                    client.gateway.count(jwts.JWKS) > fetched + 1
                ),
                'the keys are fetched',
            )
            new = self.issue()
            kids.add(self.kid(new))
            self.assert_accepted_offline(client, old, new)
        self.assertEqual(3, len(kids))

    def test_emergency(self):
        """I11: tokens of the removed key are refused, new ones accepted."""
        client = self.behind_gateway()
        old = self.issue()
        self.assertEqual(200, client.use(old))
        self.rotate('--emergency')
        new = self.issue()
        self.wait_for_status(401, client, old)
        self.wait_for_status(200, client, new)
        self.assert_accepted_offline(client, new)
        self.assertEqual(401, client.use(old))
