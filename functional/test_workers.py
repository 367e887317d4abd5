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

"""Changes made through one worker apply to all at the next request."""

import datetime
import time

import pymemcache

from functional import base
from functional import programs
from functional import workers
from keystone_oauth2.tests.support import assertions
from keystone_oauth2.tests.support import clients
from keystone_oauth2.tests.support import mutual_tls

ISSUER = 'https://keystone.example.com/v3'
# Names of requests.
_BY_SECRET = ('grant', 'introspection', 'use')
_WITH_TOKENS = (*_BY_SECRET[1:], 'bound introspection', 'bound use')


class WorkersTestCase(base.StackTestCase):
    """Four workers behind one front end."""

    def ask_all(self, ask, times=workers.CONCURRENCY):
        """Send a request repeatedly until each worker has responded.

        :param times: requests to send before checking the workers.
        :returns: the responses.
        """
        return workers.ask_all(self.stack.programs['uwsgi'], ask, times)

    def status_of_grant(self, **credentials):
        """Return the status of a token request."""
        return self.post(base.TOKEN, base.GRANT, **credentials).status


class RefusalTests:
    """Each test has its own user, in its own domain."""

    @classmethod
    def create(cls):
        super().create()
        # Certificates also name the domain.
        cls.identity.update_mapping(
            mutual_tls.MAPPING,
            mutual_tls.one_rule(
                {'name': '{0}', 'domain': {'id': '{1}'}},
                'SUBJECT_DN_CN',
                'SUBJECT_DN_O',
            ),
        )

    def setUp(self):
        super().setUp()
        self.domain = self.identity.create_domain()
        self.project = self.identity.create_project(domain=self.domain)
        self.user = self.identity.create_user(
            self.project, ['member'], domain=self.domain
        )
        subject = [('CN', self.user.name), ('O', self.domain.id)]
        certificate = self.authority.client(subject)
        self.files = certificate.write(self.folder, self.user.name)
        self.new_client()
        self.bound_token = self.issue(files=self.files)

    def new_client(self, **attributes):
        """Create the client of the test, and request a token for it."""
        self.client = self.identity.create_application_credential(
            self.user, **attributes
        )
        self.token = self.issue()

    def requests(self):
        """Return requests of the client and user, as functions to a status."""
        return {
            'grant': lambda: self.status_of_grant(client=self.client),
            'introspection': lambda: self.status_of(self.token),
            'use': lambda: self.status_of_use(self.token),
            'bound grant': lambda: self.status_of_grant(files=self.files),
            'bound introspection': lambda: self.status_of(self.bound_token),
            'bound use': lambda: self.status_of_use(
                self.bound_token, self.files
            ),
        }

    def status_of(self, token):
        """Return 200 if a token is active, and 401 if it is not."""
        answer = self.identity.as_admin(
            'POST', base.INTROSPECT, form={'token': token}
        )
        self.assertEqual(200, answer.status, answer.text)
        return 200 if answer.json['active'] else 401

    def status_of_use(self, token, files=None):
        """Return 401 also if Keystone no longer finds the credential."""
        status = self.use_token(token, files).status
        return 401 if status == 404 else status

    def assert_all(self, status, names):
        """Assert that each worker returns a status for each request."""
        for name in names:
            with self.variant((name, status)):
                answers = self.ask_all(self.requests()[name])
                self.assertEqual({status}, set(answers))

    def assert_refused_after(self, change, names):
        """Assert that a change makes all workers refuse requests."""
        self.assert_all(200, names)
        change()
        self.assert_all(401, names)

    def test_revoked_by_the_client(self):
        def change():
            self.revoke(self.token)
            self.revoke(self.bound_token, files=self.files)

        self.assert_refused_after(change, _WITH_TOKENS)

    def test_revoked_with_keystones_own_api(self):
        def change():
            self.identity.revoke(self.token)
            self.identity.revoke(self.bound_token)

        self.assert_refused_after(change, _WITH_TOKENS)

    def test_credential_deleted(self):
        self.assert_refused_after(
            lambda: self.identity.delete_application_credential(
                self.user, self.client.id
            ),
            _BY_SECRET,
        )

    def test_credential_expired(self):
        started = _now()
        self.assert_all(200, _BY_SECRET)
        # Every worker must have had time to accept it.
        end = _now() + 3 * (_now() - started) + datetime.timedelta(seconds=5)
        self.new_client(expires_at=end)
        self.assert_refused_after(
            lambda: time.sleep(max(0, (end - _now()).total_seconds())),
            _BY_SECRET,
        )

    def test_user_disabled(self):
        self.assert_disabled(self.user)

    def test_project_disabled(self):
        self.assert_disabled(self.project)

    def test_domain_disabled(self):
        self.assert_disabled(self.domain)

    def assert_disabled(self, resource):
        """Assert that nothing is accepted once a resource is disabled."""
        self.assert_refused_after(
            lambda: self.identity.disable(resource), self.requests()
        )


def _now():
    return datetime.datetime.now(datetime.timezone.utc)


class RegistrationTests:
    """All workers accept a registration until it is removed."""

    options = {
        'oauth2': {
            'issuer': ISSUER,
            'oauth2_authn_methods': (
                'client_secret_basic,private_key_jwt,tls_client_auth'
            ),
        },
        'oauth2_limits': {'client_failures': ''},
    }

    def manage(self, method, path, status, **arguments):
        """Manage the registrations of the client, as its owner."""
        answer = self.https().request(
            method,
            clients.path_of(self.client, f'/{path}'),
            token=self.identity.token_for(self.user),
            **arguments,
        )
        self.assertEqual(status, answer.status, answer.text)
        return answer

    def assert_for_all(self, status, ask):
        """Assert the status that each worker returns."""
        self.assertEqual({status}, set(self.ask_all(ask)))

    def assert_holds_until_removed(self, collection, one, ask):
        """Assert that all accept a registration until it is removed."""
        self.assert_for_all(200, ask)
        self.manage('DELETE', f'{collection}/{one["id"]}', 204)
        self.assert_for_all(401, ask)

    def test_registered_secret_removed(self):
        answer = self.manage('POST', 'secrets', 201, json={'secret': {}})
        secret = answer.json['secret']
        registered = self.client._replace(secret=secret['secret'])
        self.assert_holds_until_removed(
            'secrets',
            secret,
            lambda: self.status_of_grant(client=registered),
        )

    def test_registered_key_removed(self):
        signer = self.new_signer()
        self.assert_holds_until_removed(
            'keys',
            signer.registered,
            lambda: self.status_of_assertion(signer.assertion()),
        )

    def test_assertion_in_many_simultaneous_requests(self):
        """C06: exactly one gets a token, from any worker."""
        signer = self.new_signer()
        for _ in range(10):
            assertion = signer.assertion()
            statuses = sorted(
                self.ask_all(
                    lambda said=assertion: self.status_of_assertion(said)
                )
            )
            self.assertEqual([200], statuses[:1])
            self.assertEqual({401}, set(statuses[1:]))

    def test_own_secret_retired(self):
        """Only this test uses the client."""
        self.client = self.identity.create_application_credential(self.user)
        self.manage('POST', 'secrets', 201, json={'secret': {}})
        self.assert_holds_until_removed(
            'secrets',
            {'id': self.client.id},
            lambda: self.status_of_grant(client=self.client),
        )

    def new_signer(self):
        """Register a key; return a function that signs with it."""
        signer = assertions.Signer(self.client.id, ISSUER)
        signer.registered = self.manage(
            'POST', 'keys', 201, json={'key': {'jwk': signer.jwk}}
        ).json['key']
        return signer

    def status_of_assertion(self, assertion):
        """Return the status of a token request with an assertion."""
        form = {
            **base.GRANT,
            'client_assertion_type': assertions.TYPE,
            'client_assertion': assertion,
        }
        return self.https().request('POST', base.TOKEN, form=form).status


class CostTest(WorkersTestCase):
    """Round trips to a cache that is away from the workers."""

    database = 'mysql'
    cache = 'memcached'
    processes = 1

    def commands(self):
        """Return how many commands memcached has received."""
        address = (programs.HOST, self.memcached.port)
        stats = pymemcache.Client(address).stats()
        return sum(
            value
            for name, value in stats.items()
            if name.startswith(b'cmd_') and name != b'cmd_meta'
        )

    def test_token_by_secret(self):
        client = self.identity.create_application_credential(self.user)
        self.issue(client=client)
        before = self.commands()
        self.issue(client=client)
        self.assertLessEqual(self.commands() - before, 3)


class PostgreSQLTest(RefusalTests, WorkersTestCase):
    database = 'postgresql'


class MariaDBMemcachedTest(RefusalTests, WorkersTestCase):
    database = 'mysql'
    cache = 'memcached'


class PostgreSQLRegistrationTest(RegistrationTests, WorkersTestCase):
    database = 'postgresql'
    cache = 'memcached'


class MariaDBRegistrationTest(RegistrationTests, WorkersTestCase):
    database = 'mysql'
    cache = 'memcached'


class FailureLimitTest(WorkersTestCase):
    """Failures are counted in memcached."""

    cache = 'memcached'
    of_client = 24
    of_address = 48

    @classmethod
    def before_start(cls):
        cls.deployment.options['oauth2'] = {
            # Without a proxy; the tests connect from another address.
            'trusted_proxies': '192.0.2.1',
        }
        cls.deployment.options['oauth2_limits'] = {
            'client_failures': f'{cls.of_client}/hour',
            'address_failures': f'{cls.of_address}/hour',
            'storage': (
                f'memcached://{base.programs.HOST}:{cls.memcached.port}'
            ),
        }
        cls.deployment.write_configuration()

    def test_failures_on_all_workers_are_counted_together(self):
        """No single worker has seen as many failures as the limit allows."""
        client = self.identity.create_application_credential(self.user)
        wrong = client._replace(secret='wrong')
        answers = self.ask_all(
            lambda: self.status_of_grant(client=wrong), self.of_client
        )
        self.assertEqual([401] * self.of_client, answers[: self.of_client])
        self.assert_all(429, wrong)
        self.assert_all(200, client)
        unknown = client._replace(id='unknown')
        self.ask_all(
            lambda: self.status_of_grant(client=unknown), self.of_address
        )
        self.assert_all(429, client)
        self.assert_all(429, self.client)

    def assert_all(self, status, client):
        """Assert the status that each worker returns to a client."""
        answers = self.ask_all(lambda: self.status_of_grant(client=client))
        self.assertEqual({status}, set(answers))
