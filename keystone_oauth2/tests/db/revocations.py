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

"""Tests of revocation events that each database must pass."""

import datetime
import uuid

from oslo_utils import timeutils

from keystone_oauth2.db import revocation_events
from keystone_oauth2.protocol import revocation_event


def listed():
    """Return the events, which have the version of the list."""
    version, events = revocation_events.show()
    assert version == revocation_events.version()
    return events


class RevocationTests:
    def record(self, minutes=60, seconds=0, **ids):
        """Record an event, and return it.

        :param minutes: until it ends.
        :param seconds: by which it is later than now.
        """
        now = timeutils.utcnow().replace(microsecond=0)
        event = revocation_event.RevocationEvent(
            issued_before=now + datetime.timedelta(seconds=seconds),
            expires_at=now + datetime.timedelta(minutes=minutes),
            **ids,
        )
        revocation_events.record(event)
        return event

    def listed(self, **ids):
        """Return the events that have certain ids."""
        return [
            event for event in listed() if ids.items() <= event.ids().items()
        ]

    def test_last_event_of_the_same_ids_is_listed(self):
        user_id = uuid.uuid4().hex
        self.record(user_id=user_id)
        other = self.record(user_id=user_id, project_id='x')
        last = self.record(user_id=user_id, seconds=9)
        self.assertEqual([other, last], self.listed(user_id=user_id))

    def test_ids_are_compared_exactly(self):
        audit_id = f'aB{uuid.uuid4().hex[:20]}'
        spellings = (audit_id, audit_id.swapcase())
        for spelling in spellings:
            self.record(audit_id=spelling, user_id='x')
        listed = [event.audit_id for event in self.listed(user_id='x')]
        self.assertLessEqual(set(spellings), set(listed))

    def test_event_without_ids(self):
        event = self.record()
        self.assertEqual({}, event.ids())
        self.assertIn(event, listed())

    def test_ended_event_is_neither_listed_nor_kept(self):
        """It is kept while the clock of another node may be behind."""
        revocation_events.purge()
        before = self.row_count()
        user_id = uuid.uuid4().hex
        for minutes in (-15, -4, 1):
            self.record(minutes, user_id=user_id, project_id=f'{minutes}')
        self.assertEqual(1, len(self.listed(user_id=user_id)))
        # Recording an event may have deleted some along the way.
        self.assertLessEqual(revocation_events.purge(), 1)
        self.assertEqual(before + 2, self.row_count())
        self.assertEqual(0, revocation_events.purge())

    def test_version_changes_with_the_list(self):
        seen = [revocation_events.version()]
        for minutes in (5, -1, 5):
            self.record(minutes, user_id=uuid.uuid4().hex)
            seen.append(revocation_events.version())
        self.assertEqual(seen[1], seen[2])
        self.assertEqual(3, len(set(seen)))

    def test_list_of_a_user_stays_short(self):
        """The rows as well, however many tokens a user revokes."""
        user_id = uuid.uuid4().hex
        limit = revocation_events.LISTED_OF_USER
        before = self.row_count()
        for seconds in (9, 5):
            for name in limit // 2 * ('audit_id', 'client_id'):
                ids = {name: uuid.uuid4().hex[:22], 'user_id': user_id}
                last = self.record(5, seconds, **ids)
            self.assertLessEqual(limit, len(self.listed(user_id=user_id)))
            self.record(3, audit_id='x', user_id=user_id)
            (event,) = self.listed(user_id=user_id)
            self.assertEqual({'user_id': user_id}, event.ids())
            self.assertEqual(before + 1, self.row_count())
            # What a node whose clock is ahead has revoked remains so.
            self.assertGreaterEqual(event.issued_before, last.issued_before)
            self.assertGreaterEqual(event.expires_at, last.expires_at)

    def test_one_row_for_the_same_ids(self):
        """Users can change their passwords as often as they like."""
        for ids in ({'user_id': uuid.uuid4().hex}, {}, {'domain_id': 'x'}):
            with self.variant(ids):
                before = self.row_count()
                for seconds in (9, 0, 3):
                    last = self.record(seconds=seconds, **ids)
                self.assertLessEqual(self.row_count(), before + 1)
                (event,) = [event for event in listed() if event.ids() == ids]
                self.assertGreater(event.issued_before, last.issued_before)

    def row_count(self):
        (row,) = self.execute('SELECT count(*) FROM oauth2_revocation_event')
        return row[0]
