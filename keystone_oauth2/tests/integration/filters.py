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

"""Filters of a service in this process, in front of a real Keystone."""

import gc
import time

from keystonemiddleware import auth_token as unmodified
from oslo_config import cfg

from keystone_oauth2.fixture import _http
from keystone_oauth2.middleware import auth_token
from keystone_oauth2.tests.integration import authorization_server

SERVICE_TYPE = 'example'
#: Seconds in which the background thread must have succeeded.
PATIENCE = 60


class Service:
    """A WSGI application that keeps the environment of the last request."""

    def __init__(self, status='200 OK'):
        self.status = status
        self.environ = None

    def __call__(self, environ, start_response):
        self.environ = dict(environ)
        start_response(self.status, [('Content-Type', 'text/plain')])
        return [b'served']


class FilterTestCase(authorization_server.AuthorizationServerTestCase):
    """Keystone issues JWTs; a service has a user of its own."""

    provider = 'oauth2_fernet'
    options = {'oauth2_tokens': {'format': 'jwt'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service_project = cls.identity.create_project()
        cls.service_user = cls.identity.create_user(
            cls.service_project, ['service']
        )

    def conf(self, **options):
        """Return the options of a filter, as in api-paste.ini."""
        given = {
            'www_authenticate_uri': self.keystone.url,
            'auth_url': self.keystone.url,
            'auth_type': 'password',
            'username': self.service_user.name,
            'password': self.service_user.password,
            'project_name': self.service_project.name,
            'user_domain_id': 'default',
            'project_domain_id': 'default',
            'interface': 'public',
            'cafile': str(self.keystone.ca_file),
            'service_type': SERVICE_TYPE,
            'token_cache_time': -1,
            'service_token_roles_required': True,
            **options,
        }
        # Keystone, in other tests of this process, has the global one.
        own = cfg.ConfigOpts()
        own([])
        return {
            **{name: str(value) for name, value in given.items()},
            'oslo_config_config': own,
        }

    def wait_until(self, holds, what):
        """Wait for something that the background thread does.

        :param holds: returns whether it has happened.
        :param what: a sentence, for the report.
        """
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                self.fail(f'In {PATIENCE} seconds it does not hold: {what}.')
            time.sleep(0.02)

    def unmodified(self, **options):
        """Return a service behind the filter of keystonemiddleware."""
        service = Service()
        conf = self.conf(**options)
        return Client(service, unmodified.filter_factory({}, **conf)(service))

    def ours(self, status='200 OK', ready=True, shared=False, **options):
        """Return a service behind our filter.

        :param ready: whether to wait until it can verify tokens.
        :param shared: whether further tests of the class use it.
        """
        service = Service(status)
        given = {
            'oauth2_issuer': self.issuer,
            'oauth2_poll_interval': 1,
            **options,
        }
        conf = self.conf(**given)
        client = Client(
            service, auth_token.filter_factory({}, **conf)(service)
        )
        cleanup = self.addClassCleanup if shared else self.addCleanup
        cleanup(client.close)
        if ready:
            client.wait_until_ready(self)
        return client


class Client(_http.WSGIClient):
    """Sends requests to a service through a filter."""

    def __init__(self, service, application):
        super().__init__(application)
        self.service = service

    def close(self):
        """Use the filter no more, whose thread keeps Keystone busy."""
        if self.application is not None:
            self.application = self.service.environ = None
            # Its thread ends when Python finds its cycles.
            gc.collect()

    def use(self, token, **arguments):
        """Return the status of a request with a token."""
        headers = {'X-Auth-Token': token}
        self.environ_for(headers=headers, **arguments)
        return self.answer.status

    def environ_for(self, *, headers, **arguments):
        """Return what the service sees of a request, or None."""
        self.service.environ = None
        self.answer = self.request(
            'GET', '/resource', headers=headers, **arguments
        )
        return self.service.environ

    def wait_until_ready(self, test):
        """Wait until it has the keys and the revocation events."""
        self.request('GET', '/')

        def is_ready():
            snapshot = self.application._shared.publication.current
            return snapshot.keys is not None and snapshot.events is not None

        test.wait_until(is_ready, 'the filter has keys and events')
