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

"""A user of a service that authenticates with a key, in oslo.config."""

from concurrent import futures
import pathlib
import tempfile

from keystoneauth1 import exceptions
from keystoneauth1 import loading
from keystoneauth1 import service_token
from keystoneauth1 import token_endpoint
from keystonemiddleware import auth_token as unmodified
from oslo_config import cfg

from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.middleware import auth_token
from keystone_oauth2.tests.integration import filters
from keystone_oauth2.tests.support import assertions

GROUP = 'keystone_authtoken'
PLUGIN = 'v3oauth2client'
#: What a user with a password needs.
OF_PASSWORD = (
    *('username', 'password', 'project_name'),
    *('user_domain_id', 'project_domain_id'),
)
FACTORIES = {
    'auth_token': unmodified.filter_factory,
    'ours': auth_token.filter_factory,
}
SERVICE_ROLES = 'HTTP_X_SERVICE_ROLES'


class ServiceUserTestCase(filters.FilterTestCase):
    """The client of the service's user has a key, and no other method."""

    def setUp(self):
        super().setUp()
        self.service_client = self.identity.create_application_credential(
            self.service_user
        )
        self.key_file = self.keystone.folder / f'{self.service_client.id}.key'
        self.key_id = self.replace_key()
        methods = {'authentication_methods': ['private_key_jwt']}
        self.manage('PATCH', json={'client': methods})

    def replace_key(self):
        """Register a new key, and return its id."""
        signer = assertions.Signer(self.service_client.id, self.issuer)
        registered = self.register(
            self.service_user, self.service_client, 'key', jwk=signer.jwk
        )
        self.key_file.write_text(signer.pem)
        return registered['id']

    def manage(self, method, rest='', json=None):
        """Send a request about the client as its owner."""
        answer = self.https().request(
            method,
            f'/v3/OS-OAUTH2/clients/{self.service_client.id}{rest}',
            json=json,
            token=self.identity.token_for(self.service_user),
        )
        self.assertIn(answer.status, (200, 204), answer.text)

    def section(self, **options):
        """Return the options of the plugin and of its session."""
        return {
            'auth_type': PLUGIN,
            'auth_url': self.keystone.url,
            'oauth2_client_id': self.service_client.id,
            'oauth2_key_file': str(self.key_file),
            'cafile': str(self.keystone.ca_file),
            **options,
        }

    def conf(self, **options):
        """Return the options of a filter, without a password."""
        without = dict.fromkeys(OF_PASSWORD)
        return super().conf(**{**without, **self.section(), **options})

    def read(self, **sections):
        """Return a configuration that was read from a file."""
        folder = tempfile.mkdtemp(dir=self.keystone.folder)
        path = pathlib.Path(folder) / 'service.conf'
        path.write_text(_configuration.render(sections))
        conf = cfg.ConfigOpts()
        conf([], project='service', default_config_files=[str(path)])
        return conf

    def session_for(self, conf, group):
        """Return the session of a section, as a service loads it."""
        loading.register_auth_conf_options(conf, group)
        loading.register_session_conf_options(conf, group)
        return loading.load_session_from_conf_options(
            conf, group, auth=loading.load_auth_from_conf_options(conf, group)
        )

    def opaque(self):
        """Return a token that a filter has Keystone validate."""
        return self.identity.token_for(self.user)


class FilterTest(ServiceUserTestCase):
    """``[keystone_authtoken]`` of both filters."""

    def assert_serves(self, client):
        """Assert that a filter accepts tokens, and knows their user."""
        for token in (self.opaque(), self.issue()):
            environ = client.environ_for(headers={'X-Auth-Token': token})
            self.assertEqual(200, client.answer.status, client.answer.text)
            self.assertEqual(self.user.id, environ['HTTP_X_USER_ID'])

    def test_options_in_paste(self):
        for name, client in (
            ('auth_token', self.unmodified()),
            # It has keys and, as only the role service may, events.
            ('ours', self.ours()),
        ):
            with self.variant(name):
                self.assert_serves(client)

    def test_options_in_a_file(self):
        """No option of the plugin is also one of a filter."""
        of_filter = {
            'interface': 'public',
            'oauth2_issuer': self.issuer,
            'oauth2_poll_interval': 1,
            'service_type': filters.SERVICE_TYPE,
            'token_cache_time': -1,
        }
        plugin = self.section()
        ca_file = plugin.pop('cafile')
        of_filter['cafile'] = ca_file
        for name, sections in (
            ('one section', {GROUP: {**of_filter, **plugin}}),
            (
                'two sections',
                {
                    GROUP: {**of_filter, 'auth_section': 'service_user'},
                    'service_user': plugin,
                },
            ),
        ):
            conf = self.read(**sections)
            if len(sections) == 2:
                # The filters rely on the service for this.
                loading.register_auth_conf_options(conf, 'service_user')
            # Services load several.
            for kind, factory in [*FACTORIES.items(), *FACTORIES.items()]:
                with self.variant((name, kind)):
                    service = filters.Service()
                    made = factory({}, oslo_config_config=conf)(service)
                    self.assert_serves(filters.Client(service, made))

    def test_missing_option(self):
        """The service does not start, and the message names the option."""
        conf = self.conf(oauth2_client_id=None, oauth2_issuer=self.issuer)
        for name, factory in FACTORIES.items():
            with self.variant(name):
                error = self.assertRaises(
                    exceptions.OptionError,
                    factory({}, **dict(conf)),
                    filters.Service(),
                )
                self.assertIn('oauth2_client_id', str(error))

    def test_rotation(self):
        """Nothing has to restart, even if tokens are revoked."""
        clients = {'auth_token': self.unmodified(), 'ours': self.ours()}
        for client in clients.values():
            self.assert_serves(client)
        old = self.key_id
        self.replace_key()
        self.manage('DELETE', f'/keys/{old}?revoke_tokens=true')
        for name, client in clients.items():
            with self.variant(name):
                self.wait_until(
                    lambda: self.status(client) == 200,  # noqa: B023
                    'a new token is accepted',
                )
                self.assert_serves(client)

    def status(self, client):
        """Return the status of a request with a user's valid token."""
        status = client.use(self.opaque())
        # The user's token is never called invalid.
        self.assertIn(status, (200, 503))
        return status

    def test_token_endpoint_is_missing(self):
        """It is the service's fault, and the user's token is not refused."""
        wrong = {'oauth2_endpoint': f'{self.issuer}/OS-OAUTH2/missing'}
        for name, client in (
            ('auth_token', self.unmodified(**wrong)),
            ('ours', self.ours(ready=False, **wrong)),
        ):
            with self.variant(name):
                self.assertEqual(503, client.use(self.opaque()))


class SectionTest(ServiceUserTestCase):
    """Other sections, with which a service calls further ones."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_service = cls.use(fixture.ServiceServer(cls.keystone))

    def test_adapter(self):
        """``[placement]``, as in the configuration of Nova."""
        url = f'{self.other_service.url}/token'
        conf = self.read(placement=self.section(endpoint_override=url))
        session = self.session_for(conf, 'placement')
        loading.register_adapter_conf_options(conf, 'placement')
        adapter = loading.load_adapter_from_conf_options(
            conf, 'placement', session=session, auth=session.auth
        )
        caller = adapter.get('').json()
        self.assertEqual(self.service_user.name, caller['user'])
        self.assertEqual(self.service_project.name, caller['project'])
        self.assertEqual(['service'], caller['roles'])

    def test_endpoint_in_the_catalog(self):
        """``[keystone]``, with which Nova looks up projects."""
        conf = self.read(keystone=self.section())
        session = self.session_for(conf, 'keystone')
        answer = session.get(
            f'/projects/{self.service_project.id}',
            endpoint_filter={'service_type': 'identity', 'version': (3, 0)},
        )
        self.assertEqual(
            self.service_project.name, answer.json()['project']['name']
        )

    def test_service_token(self):
        """``[service_user]``, whose token accompanies that of a user."""
        # It is in the catalog, without which auth_token refuses the token.
        kind = 'identity'
        restricted = self.identity.create_application_credential(
            self.user,
            access_rules=[
                {'path': '/other', 'method': 'GET', 'service': kind}
            ],
        )
        token = self.issue(client=restricted)
        conf = self.read(service_user=self.section())
        session = self.session_for(conf, 'service_user')
        wrapped = service_token.ServiceTokenAuthWrapper(
            token_endpoint.Token(self.keystone.url, token), session.auth
        )
        for name, client in (
            ('auth_token', self.unmodified(service_type=kind)),
            ('ours', self.ours(service_type=kind)),
        ):
            with self.variant(name):
                self.assertEqual(401, client.use(token))
                environ = client.environ_for(
                    headers=wrapped.get_headers(session)
                )
                self.assertEqual(200, client.answer.status)
                self.assertEqual('service', environ[SERVICE_ROLES])
                self.assertEqual(self.user.id, environ['HTTP_X_USER_ID'])

    def test_refused_service_token(self):
        """The token that was used last is dropped, however it was used."""
        conf = self.read(service_user=self.section())
        session = self.session_for(conf, 'service_user')
        session.get_auth_headers()
        with futures.ThreadPoolExecutor(1) as pool:
            pool.submit(self.renew, session).result()
        # As ServiceTokenAuthWrapper does.
        refused = session.auth.get_token(session)
        session.auth.invalidate()
        self.assertNotEqual(refused, session.auth.get_token(session))

    def renew(self, session):
        """Have a session request another token."""
        session.get_auth_headers()
        session.invalidate()
        session.get_auth_headers()
