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

"""``openstack oauth2 client secret ...``."""

import datetime

from keystone_oauth2.tests.integration.osc import base

LIST = 'oauth2 client secret list'
CREATE = 'oauth2 client secret create'


class SecretTest(base.CommandTestCase):
    def test_secret_is_shown_once(self):
        created = self.shown(CREATE, self.own.id, '--description hello')
        secret = created.pop('secret')
        answer = self.get_token(self.own, client_secret=secret)
        self.assertEqual(200, answer.status)
        self.assertEqual(
            {**created, 'last_used_at': self.now(answer)},
            self.shown(
                'oauth2 client secret show', self.own.id, created['id']
            ),
        )
        for command in (LIST, 'oauth2 client show'):
            out = self.succeed(command, self.own.id, '-f json')
            self.assertIn(created['id'], out)
            self.assertNotIn(secret, out)

    def now(self, answer):
        """Return the time of an answer, as the API writes it."""
        return datetime.datetime.strptime(
            answer.headers['Date'], '%a, %d %b %Y %H:%M:%S GMT'
        ).strftime('%Y-%m-%dT%H:%M:%SZ')

    def test_secret_for_a_program(self):
        secret = self.succeed(CREATE, self.own.id, '-f value -c secret')
        answer = self.get_token(self.own, client_secret=secret.rstrip('\n'))
        self.assertEqual(200, answer.status)

    def test_secret_does_not_get_into_the_log(self):
        done = self.run_command('--debug', CREATE, self.own.id, '-f json')
        secret = base.jsonutils.loads(done.out)['secret']
        self.assertIn('CreateSecret', done.err)
        self.assertNotIn(secret, done.err)

    def test_secret_expires_after_a_period(self):
        created = self.shown(CREATE, self.own.id, '--expires-in 90d')
        times = [
            datetime.datetime.strptime(created[name], '%Y-%m-%dT%H:%M:%SZ')
            for name in ('created_at', 'expires_at')
        ]
        difference = times[1] - times[0] - datetime.timedelta(days=90)
        self.assertLess(abs(difference), datetime.timedelta(minutes=1))

    def test_secret_expires_at_a_time(self):
        end = '2050-06-01T00:00:00Z'
        created = self.shown(CREATE, self.own.id, '--expires-at', end)
        self.assertEqual(end, created['expires_at'])
        self.fail_with(
            'expires_at must be a time in UTC, such as 2027-06-01T00:00:00Z. '
            '(HTTP 400)',
            f'{CREATE} {self.own.id} --expires-at tomorrow',
        )

    def test_unknown_period_is_refused(self):
        self.refuse(
            "argument --expires-in: '5y' is not a period: give a positive "
            'number and one of s, m, h, d and w',
            f'{CREATE} {self.own.id} --expires-in 5y',
        )
        (only,) = self.shown(LIST, self.own.id)
        self.assertEqual(self.own.id, only['ID'])

    def test_lists(self):
        created = self.shown(CREATE, self.own.id, '--description hello')
        short = ['ID', 'Description', 'Expires At', 'Last Used At']
        own, other = self.shown(LIST, self.own.id)
        self.assertEqual(short, list(own))
        self.assertEqual(
            [self.own.id, created['id'], 'hello'],
            [own['ID'], other['ID'], other['Description']],
        )
        own, other = self.shown(LIST, self.own.id, '--long')
        self.assertEqual([*short, 'Created At', 'Expires Soon'], list(other))
        self.assertEqual(
            [created['created_at'], False],
            [other['Created At'], other['Expires Soon']],
        )
        header = self.succeed(LIST, self.own.id).splitlines()[1]
        self.assertEqual(
            short, [cell.strip() for cell in header.strip('|').split('|')]
        )

    def test_several_are_deleted(self):
        first, second = (self.shown(CREATE, self.own.id) for _ in range(2))
        out = self.succeed(
            'oauth2 client secret delete',
            self.own.id,
            first['id'],
            second['id'],
        )
        self.assertEqual('', out)
        (only,) = self.shown(LIST, self.own.id)
        self.assertEqual(self.own.id, only['ID'])

    def test_others_are_deleted_if_one_fails(self):
        created = self.shown(CREATE, self.own.id)
        self.fail_with(
            "Failed to delete secret with ID 'unknown': Could not find: "
            'unknown. (HTTP 404)\n1 of 2 secrets failed to delete.',
            'oauth2 client secret delete',
            self.own.id,
            f'unknown {created["id"]}',
        )
        answer = self.get_token(self.own, client_secret=created['secret'])
        self.assertEqual(401, answer.status)

    def test_last_one_is_not_deleted(self):
        done = self.run_command(
            'oauth2 client secret delete', self.own.id, self.own.id
        )
        self.assertEqual(1, done.status)
        self.assertIn('The client could no longer authenticate', done.err)

    def test_tokens_are_revoked_if_keystone_can(self):
        """The flag reaches Keystone, which here has no JWTs."""
        created = self.shown(CREATE, self.own.id)
        done = self.run_command(
            'oauth2 client secret delete --revoke-tokens',
            self.own.id,
            created['id'],
        )
        self.assertIn('revoke_tokens needs JWT access tokens', done.err)
        self.assertEqual(2, len(self.shown(LIST, self.own.id)))
