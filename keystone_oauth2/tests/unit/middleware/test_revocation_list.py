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

"""The list of revocation events, compared with the API reference."""

import itertools
import time

import hypothesis
from hypothesis import strategies as st

from keystone_oauth2.protocol import access_token
from keystone_oauth2.protocol import revocation_list
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import jwts
from keystone_oauth2.tests.unit.protocol import strategies

KEY = signing_keys.SigningKey.generate('EdDSA', 0)
NAMES = ('audit_id', 'client_id', 'user_id', 'project_id', 'domain_id')
ids = st.sampled_from(['a', 'b', 'c'])
moments = st.integers(1_000_000, 1_000_005)
tokens = st.builds(
    lambda issued_at, audit, client, user, project, one, other: (
        access_token.AccessToken(
            issuer='https://keystone.example.com/v3',
            user_id=user,
            client_id=client,
            audience=('x',),
            issued_at=issued_at,
            expires_at=issued_at + 900,
            audit_id=audit,
            confirmation=None,
            openstack={
                'roles': [],
                'user': {'domain': {'id': one}},
                'project': {'id': project, 'domain': {'id': other}},
            },
        )
    ),
    moments,
    *(6 * [ids]),
)
events = st.builds(
    lambda issued_before, values: {
        **values,
        'issued_before': text(issued_before),
    },
    moments,
    st.dictionaries(st.sampled_from(NAMES), ids),
)


def text(seconds):
    """Return a time as in an event."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))


def found_by(events, token):
    """Whether the list says that an event concerns a token."""
    found = revocation_list.read({'revocation_events': events})
    return found.concerns(revocation_list.Ids.of(token))


class RevocationListTest(base.TestCase):
    """I09: no event is missed, and none is added."""

    @hypothesis.given(tokens, st.lists(events, max_size=8))
    def test_it_is_what_the_events_say(self, token, events):
        signed = token.sign(KEY)
        self.assertIs(
            any(jwts.concerns(event, signed) for event in events),
            found_by(events, token),
        )

    @hypothesis.given(tokens, events, st.text(min_size=1))
    def test_unknown_id_of_an_event(self, token, event, value):
        """A later Keystone is asked about more tokens than it need be."""
        self.assertIs(
            found_by([event], token),
            found_by([{**event, 'region_id': value}], token),
        )

    @hypothesis.given(tokens, st.lists(events, min_size=2, max_size=6))
    def test_order_does_not_matter(self, token, events):
        self.assertIs(
            found_by(events, token), found_by(list(reversed(events)), token)
        )

    def test_second_of_the_event(self):
        """A token of the same second is concerned."""
        token = hypothesis.find(tokens, lambda one: one.issued_at > 1_000_000)
        event = {'user_id': token.user_id}
        for difference, expected in ((-1, False), (0, True), (1, True)):
            moment = text(token.issued_at + difference)
            self.assertIs(
                expected,
                found_by([{**event, 'issued_before': moment}], token),
            )

    def test_event_that_has_disappeared(self):
        """It counts for ten minutes: clocks and nodes may differ."""
        token = hypothesis.find(tokens, lambda one: True)
        event = {
            'user_id': token.user_id,
            'issued_before': text(token.issued_at),
        }
        ids = revocation_list.Ids.of(token)
        listed = {'revocation_events': [event]}
        # Whether it is in the list, or no longer; seconds; what follows.
        turns = (
            (listed, 0, True),
            (listed, 300, True),
            # It was there until now.
            ({'revocation_events': []}, 1000, True),
            ({'revocation_events': []}, 1599, True),
            ({'revocation_events': []}, 1600, False),
            (listed, 1601, True),
            ({'revocation_events': []}, 1602, True),
        )
        found = None
        for number, (body, now, expected) in enumerate(turns):
            with self.variant(number):
                found = revocation_list.read(body, now, found)
                self.assertIs(expected, found.concerns(ids))

    def test_tokens_with_other_scopes(self):
        """That of a domain, and none at all."""
        user = {'domain': {'id': 'home'}}
        scopes = {
            'domain': {'domain': {'id': 'there'}},
            'none': {},
        }
        for name, value in itertools.product(
            ('project_id', 'domain_id'), ('home', 'there')
        ):
            event = {name: value, 'issued_before': text(9)}
            for scope, members in scopes.items():
                token = access_token.AccessToken(
                    issuer='x',
                    user_id='user',
                    client_id='client',
                    audience=('x',),
                    issued_at=8,
                    expires_at=900,
                    audit_id='audit',
                    confirmation=None,
                    openstack={'user': user, **members},
                )
                with self.variant((scope, event)):
                    self.assertIs(
                        name == 'domain_id'
                        and (value == 'home' or scope == 'domain'),
                        found_by([event], token),
                    )

    @hypothesis.given(
        strategies.json_values(max_size=20, max_leaves=6)
        | st.dictionaries(
            st.just('revocation_events'),
            st.lists(
                st.dictionaries(
                    st.sampled_from([*NAMES, 'issued_before']),
                    strategies.json_values(max_size=20, max_leaves=3),
                )
            ),
        )
    )
    def test_any_value(self, value):
        """It is a list or a ValueError."""
        try:
            found = revocation_list.read(value)
        except ValueError:
            return
        self.assertIsInstance(found, revocation_list.RevocationList)
