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

"""The keys of trusted issuers are fetched while nobody waits for them."""

import datetime
import json

from keystone_oauth2.tests.unit.protocol.federation import issuers
from keystone_oauth2.tests.unit.protocol.federation import test_vouching

NO_KEY = 'trusted issuer issuer has no such key'


class UnknownKeyTest(test_vouching.VouchingTestCase):
    def setUp(self):
        super().setUp()
        self.token = issuers.OTHER_KEY.sign(issuers.claims())

    def test_key_that_is_being_fetched_is_waited_for_by_the_client(self):
        """C12: as is one that becomes known; the server does not wait."""
        self.fetcher.is_fetching = True
        self.assert_unavailable(self.token)
        self.assertEqual(['issuer'], self.fetcher.wanted)
        self.issuers.add(issuers.trusted(jwks=issuers.jwks(issuers.OTHER_KEY)))
        self.assert_vouched(self.token)
        self.assertEqual(['issuer'], self.fetcher.wanted)

    def test_key_that_was_not_found_a_moment_ago_is_refused(self):
        """C12: many kids cause no more fetches."""
        for kid in ('other', '1', '2', ''):
            with self.variant(kid):
                self.assert_refused(
                    NO_KEY, issuers.OTHER_KEY.sign(issuers.claims(), kid=kid)
                )

    def test_known_key_is_used_while_others_are_fetched(self):
        """C12: old keys serve."""
        self.fetcher.is_fetching = True
        self.assert_vouched(issuers.KEY.sign(issuers.claims()))
        self.assert_refused(
            'no key of trusted issuer issuer has signed it',
            issuers.OTHER_KEY.sign(issuers.claims(), kid='key'),
        )
        self.assertEqual([], self.fetcher.wanted)

    def test_other_claims_are_not_looked_at(self):
        """C12: the response tells nothing of them."""
        for changed in ({'aud': 'x'}, {'exp': 1}, {'sub': None}):
            token = issuers.OTHER_KEY.sign(issuers.claims(**changed))
            with self.variant(changed):
                self.fetcher.is_fetching = True
                self.assert_unavailable(token)
                self.fetcher.is_fetching = False
                self.assert_refused(NO_KEY, token)

    def test_keys_of_all_issuers_with_the_name_are_fetched(self):
        """C12: any of them may have the key, if it is its own."""
        self.issuers.add(
            issuers.trusted('again'),
            issuers.trusted('else', issuer='https://other.example.com'),
        )
        self.assert_refused(
            'trusted issuer issuer, again has no such key', self.token
        )
        self.assertEqual(['issuer', 'again'], self.fetcher.wanted)

    def test_other_issuer_with_an_id_of_a_key_hides_none(self):
        """C12: an issuer of the same name may use the ids of its keys."""
        self.issuers.add(issuers.trusted('again'))
        other = issuers.Key('other').jwk()
        text = json.dumps({'keys': [other]})
        self.issuers.add(issuers.trusted('evil', jwks=text))
        self.fetcher.is_fetching = True
        self.assert_unavailable(self.token)
        self.assertEqual(['issuer', 'again'], self.fetcher.wanted)
        self.fetcher.is_fetching = False
        self.assert_refused(
            'no key of trusted issuer evil has signed it', self.token
        )

    def test_what_the_signer_says_is_final(self):
        """C12: another issuer of the name, without keys, changes nothing."""
        self.issuers.add(issuers.trusted('gone', jwks=None))
        self.fetcher.is_fetching = True
        self.assert_refused(
            'expired', issuers.KEY.sign(issuers.claims(exp=1, iat=0))
        )
        self.assertEqual([], self.fetcher.wanted)
        self.fetcher.is_fetching = False
        self.assert_refused(
            'no key of trusted issuer issuer has signed it',
            issuers.OTHER_KEY.sign(issuers.claims(), kid='key'),
        )
        self.assertEqual(['gone'], self.fetcher.wanted)
        self.assert_unavailable(self.token)

    def test_issuer_with_the_key_is_enough(self):
        """C12: though another one has no keys yet."""
        self.issuers.add(issuers.trusted('new', jwks=None))
        self.assert_vouched(issuers.KEY.sign(issuers.claims()))
        self.assertEqual([], self.fetcher.wanted)

    def test_keys_of_a_namesake_are_fetched_if_the_known_key_does_not_fit(
        self,
    ):
        """C10, C12: two clusters may have keys with one id, or without."""
        self.issuers.add(issuers.trusted('new', jwks=None))
        token = issuers.OTHER_KEY.sign(issuers.claims(), kid='key')
        self.fetcher.is_fetching = True
        self.assert_unavailable(token)
        self.assertEqual(['new'], self.fetcher.wanted)


class StartTest(test_vouching.VouchingTestCase):
    def test_keys_are_kept_up_to_date_once_an_issuer_is_named(self):
        """C12: nothing is fetched because of other assertions."""
        self.assert_refused(
            'it has no trusted issuer',
            issuers.KEY.sign(issuers.claims(iss='https://other')),
        )
        self.assertFalse(self.fetcher.is_started)
        self.assert_vouched(issuers.KEY.sign(issuers.claims()))
        self.assertTrue(self.fetcher.is_started)


class OldKeysTest(test_vouching.VouchingTestCase):
    def setUp(self):
        super().setUp()
        self.token = issuers.KEY.sign(issuers.claims())

    def add(self, age, **given):
        """Add an issuer whose keys were fetched some seconds ago."""
        self.issuers.add(
            issuers.trusted(
                **{
                    'keys_fetched_at': issuers.now()
                    - datetime.timedelta(seconds=age),
                    **given,
                }
            )
        )

    def test_keys_are_used_for_a_day(self):
        """C12: while no others can be fetched."""
        for age in (-290, 0, 300, 86390):
            with self.variant(age):
                self.add(age)
                self.assert_vouched(self.token)
        self.assertEqual([], self.fetcher.wanted)

    def test_older_or_missing_keys_are_not_used(self):
        """C12, K06: whether or not others are being fetched."""
        for age, given in (
            (86410, {}),
            (10**6, {}),
            # Of a wrong clock.
            (-310, {}),
            (-(10**6), {}),
            (0, {'jwks': None}),
            (0, {'keys_fetched_at': None}),
            # The clock of a node was wrong.
            (-(10**6), {}),
            (0, {'jwks': None, 'keys_fetched_at': None}),
        ):
            for is_fetching in (False, True):
                with self.variant((age, given, is_fetching)):
                    self.add(age, **given)
                    self.fetcher.is_fetching = is_fetching
                    self.fetcher.wanted.clear()
                    self.assert_unavailable(self.token)
                    self.assertEqual(['issuer'], self.fetcher.wanted)

    def test_keys_of_a_file_have_no_age(self):
        for given in (
            {'keys_fetched_at': None},
            {'keys_fetched_at': datetime.datetime(2000, 1, 1)},
        ):
            with self.variant(given):
                self.add(0, key_source='jwks', **given)
                self.assert_vouched(self.token)
        self.assert_refused(NO_KEY, issuers.OTHER_KEY.sign(issuers.claims()))
