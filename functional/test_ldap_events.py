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

"""What changes in a directory, and when Keystone and its clients notice."""

import time

from functional import base
from functional import directory
from functional import directory_users

#: Seconds. Only roles may depend on the longest.
IDENTITY, ROLE, TOKEN = 2, 3, 8
#: Seconds that all else may take on a busy machine.
SLACK = 4
BY_CERTIFICATE = 'bound grant'
GRANTS = ('grant', BY_CERTIFICATE)
LEFT = 'no longer in the group with the role'
EVENTS = ('disabled', 'deleted', 'other id', LEFT)
TOKENS = ('introspection', 'use', 'bound introspection', 'bound use')


class EventTests:
    """Users whom caches know before they change."""

    processes = 1
    #: Seconds after which tokens of a user are refused at the latest.
    of_users = 0
    #: The same after the user has lost the only role; and for token requests.
    of_lost_roles = 0
    of_roles = 0

    def new_user(self):
        """Create a user, whom caches know."""
        self.user = self.create_person()
        certificate = self.authority.client([('CN', self.user.name)])
        self.files = certificate.write(self.folder, self.user.name)
        self.client = self.identity.create_application_credential(self.user)
        self.token = self.issue()
        self.bound_token = self.issue(files=self.files)
        self.assert_served((*GRANTS, *TOKENS))

    def events(self):
        """Return what can happen to a user in the directory, by name."""
        name = self.user.name
        return {
            'disabled': lambda: self.change(employeeType='FALSE'),
            'deleted': lambda: self.directory.delete(name),
            'other id': lambda: self.directory.rename(name, f'{name}-new'),
            LEFT: lambda: self.directory.remove_member(name, name),
        }

    def change(self, **attributes):
        """Change attributes of the user in the directory."""
        self.directory.change(directory.person(self.user.name), **attributes)

    def status(self, name):
        """Return 200 if a request is served, and 401 if it is refused."""
        files = self.files if 'bound' in name else None
        token = self.bound_token if files else self.token
        if 'grant' in name:
            client = None if files else self.client
            return self.post(
                base.TOKEN, base.GRANT, client=client, files=files
            ).status
        if 'introspection' in name:
            answer = self.identity.as_admin(
                'POST', base.INTROSPECT, form={'token': token}
            )
            return 200 if answer.json['active'] else 401
        status = self.use_token(token, files).status
        # Keystone may no longer find the user of the token.
        return 401 if status == 404 else status

    def assert_refused(self, names, seconds=0):
        """Assert that requests are refused, at the latest after a time.

        :param seconds: 0 for the very next request.
        """
        end = time.monotonic() + seconds + SLACK
        for name in names:
            status = self.status(name)
            while seconds and status == 200 and time.monotonic() < end:
                time.sleep(0.2)
                status = self.status(name)
            self.assertEqual(401, status, name)

    def assert_served(self, names):
        """Assert that requests are served."""
        for name in names:
            self.assertEqual(200, self.status(name), name)

    def test_token_requests(self):
        """Keystone's cache does not delay the refusal of a user."""
        for event in EVENTS:
            with self.variant(event):
                self.new_user()
                self.events()[event]()
                seconds = self.of_roles if event == LEFT else 0
                self.assert_refused(GRANTS, seconds)

    def test_existing_tokens(self):
        """They are refused, by Keystone itself and by introspection."""
        for event in EVENTS:
            with self.variant(event):
                self.new_user()
                self.events()[event]()
                seconds = (
                    self.of_lost_roles if event == LEFT else self.of_users
                )
                self.assert_refused(TOKENS, seconds)

    def test_enabled_again(self):
        """The next request is served, but tokens stay revoked."""
        self.new_user()
        self.change(employeeType='FALSE')
        self.assert_refused(GRANTS)
        self.assert_refused(TOKENS, self.of_users)
        self.change(employeeType='TRUE')
        self.assert_served(GRANTS)
        self.assert_refused(TOKENS)

    def test_other_name(self):
        """The certificate has the old name; nothing else changes."""
        self.new_user()
        self.change(cn='another name')
        self.assert_refused([BY_CERTIFICATE])
        self.assert_served(['grant', *TOKENS])

    def test_disabled_before_a_restart(self):
        """The first request to a new worker is refused."""
        self.new_user()
        self.change(employeeType='FALSE')
        for name in GRANTS:
            self.restart()
            self.assert_refused([name])


class UncachedTest(EventTests, directory_users.DirectoryTestCase):
    """Without a cache, the next request is refused."""


class CachedTest(EventTests, directory_users.DirectoryTestCase):
    """With a cache, as long as the options say."""

    cache = 'memcached'
    options = {
        'identity': {'cache_time': IDENTITY},
        'role': {'cache_time': ROLE},
        'token': {'cache_time': TOKEN},
    }
    of_users = IDENTITY
    of_roles = ROLE
    of_lost_roles = TOKEN + ROLE
