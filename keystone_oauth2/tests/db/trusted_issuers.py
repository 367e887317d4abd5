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

"""Tests of trusted issuers that each database must pass."""

from concurrent import futures
import dataclasses
import datetime
import functools
import json
import uuid

from oslo_utils import timeutils
import sqlalchemy as sa

from keystone_oauth2.db import issuer_keys
from keystone_oauth2.db import registrations
from keystone_oauth2.db import trusted_issuers
from keystone_oauth2.identity import database
from keystone_oauth2.protocol.clients import registration
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.tests.db import base
from keystone_oauth2.tests.db import races

AGE = 300
NOW = datetime.datetime(2030, 1, 1, 12, 0, 0, 999999)
KEYS = '{"keys":[]}'
do = functools.partial


def second(seconds=0):
    """Return what is stored at :data:`NOW`, or later."""
    return NOW.replace(microsecond=0) + datetime.timedelta(seconds=seconds)


class TrustedIssuerTests:
    """Tests of the rows, each with issuers of its own."""

    def new_issuer(self, **members):
        """Add an issuer, and return it."""
        new = self.made_issuer(**members)
        trusted_issuers.add(new)
        return self.stored(new)

    def made_issuer(self, **members):
        name = uuid.uuid4().hex
        members.setdefault('issuer', f'https://{name}.example.net')
        return trusted_issuer.make(name, trusted_issuer.OIDC, None, **members)

    def stored(self, issuer):
        return trusted_issuers.get(issuer.id)

    def identity_of(self, issuer, **value):
        return registration.NewAuthenticator(
            kind=registration.FEDERATED_IDENTITY,
            fingerprint=uuid.uuid4().hex,
            value={'issuer_id': issuer.id, 'issuer': issuer.issuer, **value},
        )

    def add_identities(self, *identities, client=None):
        authority = registration.Authority(self.user.id)
        found, _ = registrations.add(
            (client or self.own).id, identities, base.LIMIT, authority
        )
        return found

    def remove_identity(self, identity):
        registrations.remove(
            self.own.id,
            identity.kind,
            identity.id,
            registration.Authority(self.user.id),
            lambda _: {'any'},
        )

    def is_due(self, issuer):
        return issuer.id in [one.id for one in issuer_keys.due(AGE)]

    def test_issuer_is_stored_unchanged(self):
        """No database truncates its members, but times to the second."""
        for members in (
            {},
            {
                'issuer': 'https://issuer.example.net/' + 'x' * 228,
                'key_source': trusted_issuer.JWKS_URI,
                'jwks_uri': 'https://keys.example.net/' + 'x' * 230,
                'ca_certificates': 'x' * 16384,
                'allowed_networks': (f'{"ffff:" * 7}ffff/128',) * 20,
                'algorithms': ('ES256', 'RS256'),
                'audience': 'x' * 255,
                'max_lifetime': 86400,
                'is_once': True,
                'required_claims': ('\U0001f511' * 255,) * 10,
                'is_enabled': False,
                'jwks': 'x' * 49152,
                'keys_fetched_at': second(),
                'attempted_at': NOW,
                'failure': 'x' * 255,
            },
        ):
            with self.variant(sorted(members)):
                new = self.made_issuer(**members)
                trusted_issuers.add(new)
                stored = self.stored(new)
                new = dataclasses.replace(
                    new,
                    attempted_at=new.attempted_at and second(),
                    revision=stored.revision,
                )
                self.assertEqual(new, stored)
                self.assertIn(new, trusted_issuers.list_all())

    def test_enabled_issuers_are_found_by_the_exact_name(self):
        """Several may have the same, such as Kubernetes clusters."""
        name = f'https://Issuer.example.net/{uuid.uuid4().hex}'
        expected = [
            self.new_issuer(issuer=name),
            self.new_issuer(issuer=name, jwks=KEYS, attempted_at=second()),
        ]
        expected.sort(key=lambda issuer: issuer.id)
        self.new_issuer(issuer=name, is_enabled=False)
        self.assertEqual(expected, trusted_issuers.find(name))
        for other in (name.lower(), f'{name} ', name.replace('I', '\u0130')):
            with self.variant(other):
                self.assertEqual([], trusted_issuers.find(other))

    def test_what_cannot_be_a_name_is_not_looked_up(self):
        """The ``iss`` of an assertion that has not been verified."""
        with self.without_tables():
            self.assertRaises(
                sa.exc.DBAPIError, trusted_issuers.find, 'https://x'
            )
            for name in (None, 7, {}, '\0', 'x' * 256, '\u00e4', '\ud800'):
                with self.variant(name):
                    self.assertEqual([], trusted_issuers.find(name))

    def test_id_is_unique(self):
        issuer = self.new_issuer()
        self.assert_raises(trusted_issuers.Exists, trusted_issuers.add, issuer)
        for name in ('unknown', issuer.id.upper(), f'{issuer.id} '):
            if name != issuer.id:
                self.assertIsNone(trusted_issuers.get(name))

    def test_change_increments_the_revision(self):
        """Keys from another place are dropped."""
        known = {
            'jwks': KEYS,
            'keys_fetched_at': second(),
            'attempted_at': second(),
            'failure': 'x',
        }
        for values, kept in (
            ({'algorithms': ('RS256',), 'required_claims': ('a',)}, known),
            ({'key_source': trusted_issuer.DISCOVERY}, known),
            (
                {'key_source': 'jwks_uri', 'jwks_uri': 'https://keys.example'},
                dict.fromkeys(known),
            ),
            (
                {'key_source': trusted_issuer.JWKS, 'jwks': 'new'},
                dict.fromkeys(known) | {'jwks': 'new'},
            ),
        ):
            with self.variant(values):
                issuer = self.new_issuer(**known)
                trusted_issuers.change(self.stored(issuer), **values)
                self.assertEqual(
                    dataclasses.replace(
                        issuer,
                        **{**kept, **values},
                        revision=issuer.revision + 1,
                    ),
                    self.stored(issuer),
                )

    def test_what_federated_identities_rely_on_cannot_be_changed(self):
        issuer = self.new_issuer()
        for name in ('id', 'issuer', 'kind', 'revision'):
            with self.variant(name):
                self.assertRaises(
                    TypeError, trusted_issuers.change, issuer, **{name: 1}
                )
        self.assertEqual(issuer, self.stored(issuer))

    def test_unknown_issuer_can_neither_be_changed_nor_deleted(self):
        for action in (
            do(trusted_issuers.change, self.made_issuer(), is_enabled=False),
            do(trusted_issuers.delete, 'unknown'),
        ):
            self.assert_raises(trusted_issuers.Unknown, action)

    def test_used_issuer_is_not_deleted(self):
        """Identities of another issuer and deleted clients do not count."""
        issuer, other = self.new_issuer(), self.new_issuer()
        deleted = self.identity.create_application_credential(self.user)
        self.add_identities(self.identity_of(issuer), client=deleted)
        self.identity.delete_application_credential(self.user, deleted.id)
        first, second, _ = self.add_identities(
            *(self.identity_of(one) for one in (issuer, issuer, other))
        )
        for number, identity in ((2, first), (1, second)):
            self.assertEqual(number, trusted_issuers.count_uses(issuer.id))
            error = self.assert_raises(
                trusted_issuers.InUse, trusted_issuers.delete, issuer.id
            )
            self.assertEqual(number, error.number)
            self.assertIsNotNone(self.stored(issuer))
            self.remove_identity(identity)
        trusted_issuers.delete(issuer.id)
        self.assertIsNone(self.stored(issuer))

    def test_identity_of_an_issuer_that_is_not_trusted_is_refused(self):
        """It may have been deleted or disabled since the request began."""
        issuer = self.new_issuer()
        disabled = self.new_issuer(is_enabled=False)
        unknown = dataclasses.replace(issuer, id='unknown')
        renamed = dataclasses.replace(issuer, issuer='https://other.example')
        for wrong in (disabled, unknown, renamed):
            with self.variant(wrong.id):
                error = self.assert_raises(
                    registration.Conflict,
                    self.add_identities,
                    self.identity_of(issuer),
                    self.identity_of(wrong),
                )
                self.assertIn(wrong.id, str(error))
        self.assertEqual((), registrations.show(self.own.id).authenticators)

    def test_keys_are_claimed_once_in_30_seconds(self):
        issuer = self.new_issuer(failure='x')
        for seconds, expected in (
            (0, True),
            (0, False),
            (29, False),
            (30, True),
            (59, False),
            (60, True),
        ):
            with self.variant(seconds):
                self.at(NOW, seconds)
                claimed = issuer_keys.claim(issuer)
                self.assertIs(expected, claimed is not None)
        self.assertEqual(
            (second(60), None),
            (self.stored(issuer).attempted_at, self.stored(issuer).failure),
        )

    def test_keys_of_a_changed_issuer_are_not_claimed(self):
        issuer = self.new_issuer()
        trusted_issuers.change(self.stored(issuer), is_enabled=False)
        for stale in (issuer, self.stored(issuer)):
            self.assertIsNone(issuer_keys.claim(stale))
        trusted_issuers.change(self.stored(issuer), is_enabled=True)
        self.assertIsNone(issuer_keys.claim(issuer))
        self.assertIsNotNone(issuer_keys.claim(self.stored(issuer)))

    def test_result_of_a_request_is_stored(self):
        issuer = self.new_issuer()
        self.at(NOW)
        claimed = issuer_keys.claim(issuer)
        self.at(NOW, 1)
        issuer_keys.store_failure(claimed, '\0\U0001f511' + 'x' * 300)
        self.assertEqual(
            (None, second(), '??' + 'x' * 253), self.outcome(issuer)
        )
        issuer_keys.store_keys(claimed, KEYS)
        self.assertEqual((second(1), second(), None), self.outcome(issuer))
        self.assertEqual(KEYS, self.stored(issuer).jwks)

    def outcome(self, issuer):
        stored = self.stored(issuer)
        return stored.keys_fetched_at, stored.attempted_at, stored.failure

    def test_keys_are_never_older_than_the_attempt(self):
        """The clock may have been put back meanwhile."""
        issuer = self.new_issuer()
        self.at(NOW)
        claimed = issuer_keys.claim(issuer)
        self.at(NOW, -5)
        issuer_keys.store_keys(claimed, KEYS)
        self.assertEqual((second(), second(), None), self.outcome(issuer))

    def test_result_for_a_changed_issuer_is_dropped(self):
        """The keys may be those of another server."""
        issuer = self.new_issuer()
        claimed = issuer_keys.claim(issuer)
        trusted_issuers.change(self.stored(issuer), jwks='new')
        self.assert_dropped(claimed, 'new')

    def test_result_for_an_issuer_of_before_is_dropped(self):
        """Another one may have got its id."""
        issuer = self.new_issuer()
        claimed = issuer_keys.claim(issuer)
        trusted_issuers.delete(issuer.id)
        trusted_issuers.add(dataclasses.replace(claimed, jwks='new'))
        self.assert_dropped(claimed, 'new')

    def test_result_of_an_earlier_attempt_is_dropped(self):
        """It may have taken longer than the next one."""
        issuer = self.new_issuer()
        self.at(NOW)
        earlier = issuer_keys.claim(issuer)
        self.at(NOW, 40)
        later = issuer_keys.claim(issuer)
        issuer_keys.store_keys(later, 'new')
        self.assert_dropped(earlier, 'new')

    def assert_dropped(self, claimed, jwks):
        before = self.stored(claimed)
        issuer_keys.store_keys(claimed, KEYS)
        issuer_keys.store_failure(claimed, 'x')
        self.assertEqual(jwks, self.stored(claimed).jwks)
        self.assertEqual(before, self.stored(claimed))

    def test_change_of_what_somebody_else_has_changed_is_refused(self):
        issuer = self.new_issuer()
        trusted_issuers.change(issuer, max_lifetime=20)
        self.assert_raises(
            trusted_issuers.Unknown,
            do(trusted_issuers.change, issuer, max_lifetime=30),
        )
        self.assertEqual(20, self.stored(issuer).max_lifetime)

    def test_keys_of_a_command_do_not_replace_newer_ones(self):
        """A worker may have fetched them meanwhile."""
        issuer = self.new_issuer()
        issuer_keys.store_keys(issuer_keys.claim(issuer), KEYS)
        self.assert_raises(
            trusted_issuers.Unknown,
            do(trusted_issuers.change, issuer, jwks='old'),
        )
        self.assertEqual(KEYS, self.stored(issuer).jwks)
        trusted_issuers.change(self.stored(issuer), jwks='new')
        self.assertEqual('new', self.stored(issuer).jwks)

    def test_time_of_a_wrong_clock_means_nothing(self):
        """Otherwise, keys would not be fetched until it is right."""
        issuer = self.new_issuer()
        self.at(NOW, 86400)
        issuer_keys.store_keys(issuer_keys.claim(issuer), KEYS)
        self.at(NOW)
        self.assertTrue(self.is_due(issuer))
        self.assertIsNotNone(issuer_keys.claim(issuer))

    def test_keys_are_due_by_age(self):
        now = timeutils.utcnow()

        def ago(seconds):
            return now - datetime.timedelta(seconds=seconds)

        for members, expected in (
            ({}, True),
            ({'is_enabled': False}, False),
            ({'attempted_at': ago(10)}, False),
            ({'attempted_at': ago(40)}, True),
            ({'keys_fetched_at': ago(AGE - 30)}, False),
            ({'keys_fetched_at': ago(AGE + 30)}, True),
            (
                {
                    'keys_fetched_at': ago(AGE + 30),
                    'attempted_at': ago(10),
                },
                False,
            ),
            ({'key_source': trusted_issuer.JWKS, 'jwks': KEYS}, False),
        ):
            with self.variant(members):
                issuer = self.new_issuer(**members)
                self.assertIs(expected, self.is_due(issuer))

    def test_one_of_concurrent_claims_wins(self):
        for _ in range(races.ROUNDS):
            claim = do(issuer_keys.claim, self.new_issuer())
            found = self.at_once(*[claim] * 4)
            self.assertEqual(1, sum(one is not None for one in found))

    def test_no_identity_outlives_its_issuer(self):
        """One of a concurrent registration and deletion is refused."""
        for client in self.new_clients():
            issuer = self.new_issuer()
            deleted, registered = self.at_once(
                do(self.is_done, trusted_issuers.delete, issuer.id),
                do(
                    self.is_done,
                    self.add_identities,
                    self.identity_of(issuer),
                    client=client,
                ),
            )
            self.assertNotEqual(deleted, registered)
            self.assertEqual(deleted, self.stored(issuer) is None)
            self.assertEqual(
                int(registered),
                len(registrations.show(client.id).authenticators),
            )

    def is_done(self, action, *arguments, **named):
        """Whether an action is not refused."""
        try:
            action(*arguments, **named)
        except (registration.Conflict, trusted_issuers.InUse):
            return False
        return True

    def test_registration_waits_for_a_deletion(self):
        issuer = self.new_issuer()
        register = do(self.add_identities, self.identity_of(issuer))
        with futures.ThreadPoolExecutor() as pool:
            with database.session_for_write() as session:
                session.execute(
                    sa.text(f'DELETE FROM {base.ISSUERS} WHERE id = :id'),
                    {'id': issuer.id},
                )
                waiting = self.start(pool, do(self.is_done, register))
            self.assertIs(False, waiting.result(races.TIMEOUT))

    def test_deletion_waits_for_a_registration(self):
        issuer = self.new_issuer()
        number = self.internal_id(self.own)
        delete = do(trusted_issuers.delete, issuer.id)
        with futures.ThreadPoolExecutor() as pool:
            with database.session_for_write() as session:
                self.assertTrue(
                    trusted_issuers.hold(session, issuer.id, issuer.issuer)
                )
                waiting = self.start(pool, do(self.is_done, delete))
                self.insert_identity(session, issuer, number)
            self.assertIs(False, waiting.result(races.TIMEOUT))

    def start(self, pool, action):
        """Start an action that must wait."""
        started = pool.submit(action)
        futures.wait([started], 0.5)
        self.assertFalse(started.done(), 'it did not wait')
        return started

    def insert_identity(self, session, issuer, number):
        session.execute(
            sa.text(
                f'INSERT INTO {base.AUTHENTICATORS} (id,'
                ' credential_internal_id, client_id, kind, fingerprint,'
                ' value, created_at) VALUES (:key, :number, :client, :kind,'
                " :key, :value, '2030-01-01 00:00:00')"
            ),
            {
                'key': uuid.uuid4().hex,
                'number': number,
                'client': self.own.id,
                'kind': registration.FEDERATED_IDENTITY,
                'value': json.dumps(self.identity_of(issuer).value),
            },
        )
