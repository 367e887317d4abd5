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


"""Base classes for tests with real programs."""

import pathlib
import re

import fixtures
from testtools import content

from functional import front_ends
from functional import programs
from keystone_oauth2 import fixture
from keystone_oauth2.fixture import _deployment
from keystone_oauth2.fixture import _http
from keystone_oauth2.tests import base
from keystone_oauth2.tests.support import base as wire
from keystone_oauth2.tests.support import mutual_tls
from keystone_oauth2.tests.support import requirement
from keystone_oauth2.tests.support import servers

TOKEN = wire.TOKEN
INTROSPECT = '/v3/OS-OAUTH2/introspect'
REVOKE = '/v3/OS-OAUTH2/revoke'
GRANT = {'grant_type': 'client_credentials'}
#: Fernet, JWS: a Base64 text of this length is a token, or part of one.
_TOKEN_SHAPED = re.compile(r'gAAAA[\w-]{40}|eyJ[\w-]{20,}\.[\w-]{20}')


class StackTestCase(base.TestCase):
    """A front end, workers, a database and a cache, shared by a class.

    A user with a client and a certificate is created.
    """

    front_end = 'nginx-uwsgi'
    #: ``sqlite``, ``postgresql`` or ``mysql``.
    database = 'sqlite'
    #: ``None``, ``memory`` or ``memcached``.
    cache = None
    #: ``fernet`` or ``jws``.
    provider = 'fernet'
    processes = 4
    #: Where the front end listens; by default, any free port.
    port = None
    #: Additional options of keystone.conf, by group.
    options = {}
    #: Texts to replace in the files of the front end.
    changes = {}
    #: Whether the extension is enabled initially.
    enable = True
    #: Whether its tables exist initially.
    tables = True
    #: Programs that the class needs in addition to those of its front end.
    needs = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.missing = cls._missing()
        if cls.missing:
            return
        cls.authority = fixture.CertificateAuthority()
        cls.folder = cls._folder()
        try:
            options = cls._options()
        except servers.Unavailable as error:
            cls.missing = str(error)
            return
        cls.deployment = _deployment.Deployment(
            cls.folder,
            options,
            enable=cls.enable,
            tables=cls.tables,
        )
        cls.deployment.create()
        cls.ca_file = cls.authority.write(cls.folder)
        cls.before_start()
        cls.stack = cls.use(
            front_ends.FrontEnd(
                cls.front_end,
                cls.deployment,
                cls.authority,
                changes=cls.changes,
                processes=cls.processes,
                port=cls.port,
            )
        )
        cls.identity = fixture.IdentityClient(
            cls.https().request, cls.deployment.admin_password
        )
        cls.identity.publish(cls.stack.url)
        cls.create()

    @classmethod
    def before_start(cls):
        """Change the folder before the programs start."""

    @classmethod
    def create(cls):
        """Create what the tests of the class share and do not change."""
        cls.project = cls.identity.create_project()
        cls.user = cls.identity.create_user(cls.project, ['member', 'reader'])
        cls.client = cls.identity.create_application_credential(cls.user)
        cls.identity.create_mapping(mutual_tls.MAPPING, mutual_tls.RULES)
        cls.files = cls.certificate_files('client')

    def setUp(self):
        super().setUp()
        if self.missing:
            requirement.missing(self, self.missing)
        self.addOnException(lambda _: self._add_logs())

    @classmethod
    def use(cls, thing):
        """Set up a fixture for the whole class."""
        thing.setUp()
        cls.addClassCleanup(thing.cleanUp)
        return thing

    @classmethod
    def certificate_files(cls, name, authority=None, **validity):
        """Return the files of a certificate for the user and of its key."""
        certificate = (authority or cls.authority).client(
            [('CN', cls.user.name)], **validity
        )
        return certificate.write(cls.folder, name)

    @classmethod
    def https(cls, files=None, url=None):
        """Return an HTTPS client, for the front end by default.

        :param files: files of a client certificate and its key.
        """
        return _http.HTTPSClient(url or cls.stack.url, cls.ca_file, files)

    def post(self, path, form, client=None, files=None, headers=None, **to):
        """Post a form, with a secret, a certificate, or neither.

        :param client: an application credential, for HTTP Basic.
        :param files: files of a client certificate, for the user of the class.
        """
        headers = dict(headers or {})
        form = dict(form)
        if client is not None:
            headers['Authorization'] = wire.basic(client.id, client.secret)
        if files is not None:
            form['client_id'] = self.user.id
        return self.https(files, **to).request(
            'POST', path, form=form, headers=headers
        )

    def post_as_client(self, path, form, client=None, files=None, **to):
        """Post a form, by default as the client of the class."""
        if files is None and client is None:
            client = self.client
        return self.post(path, form, client=client, files=files, **to)

    def issue(self, **credentials):
        """Return an access token, by default requested with a secret."""
        answer = self.post_as_client(TOKEN, GRANT, **credentials)
        self.assertEqual(200, answer.status, answer.text)
        return answer.json['access_token']

    def introspect(self, token, **credentials):
        """Return what introspection tells the client of a token."""
        answer = self.post_as_client(
            INTROSPECT, {'token': token}, **credentials
        )
        self.assertEqual(200, answer.status, answer.text)
        return answer.json

    def revoke(self, token, **credentials):
        """Revoke a token, as its client."""
        answer = self.post_as_client(REVOKE, {'token': token}, **credentials)
        self.assertEqual(200, answer.status, answer.text)

    def assert_whole_life(self, **credentials):
        """Issue, use, introspect and revoke a token, and use it again."""
        token = self.issue(**credentials)
        files = credentials.get('files')
        self.assertEqual(200, self.use_token(token, files).status)
        seen = self.introspect(token, **credentials)
        self.assertIs(True, seen['active'])
        self.assertEqual(self.user.id, seen['sub'])
        self.assertEqual(files is not None, 'cnf' in seen)
        self.revoke(token, **credentials)
        self.assertEqual(
            {'active': False}, self.introspect(token, **credentials)
        )
        self.assertEqual(401, self.use_token(token, files).status)

    def use_token(self, token, files=None, **to):
        """Use a token with Keystone's own API."""
        return self.https(files, **to).request(
            'GET', '/v3/auth/projects', token=token
        )

    @classmethod
    def log_texts(cls):
        """Return the contents of each log of the class, by file name."""
        return {
            path.name: path.read_text(encoding='utf-8', errors='replace')
            for path in cls.folder.glob('*.log')
        }

    def _add_logs(self):
        for name, text in self.log_texts().items():
            lines = [line for line in text.splitlines() if 'DEBUG' not in line]
            self.addDetail(name, content.text_content('\n'.join(lines[-100:])))

    @classmethod
    def tearDownClass(cls):
        try:
            if not cls.missing:
                cls._look_for_secrets()
        finally:
            super().tearDownClass()

    @classmethod
    def _look_for_secrets(cls):
        # Check the logs whatever the tests of the class did.
        for name, text in cls.log_texts().items():
            for secret in cls.secrets():
                if secret in text:
                    raise AssertionError(f'{name} has a secret in it')
            if found := _TOKEN_SHAPED.search(text):
                raise AssertionError(f'{name} has a token: {found[0]}')

    @classmethod
    def secrets(cls):
        """Return the secrets that must not appear in any log."""
        yield cls.client.secret
        yield cls.user.password
        yield cls.deployment.admin_password
        for name in ('credential-keys', 'fernet-keys'):
            for path in (cls.folder / name).iterdir():
                yield path.read_text().strip()

    @classmethod
    def _missing(cls):
        names = [*front_ends.FRONT_ENDS[cls.front_end], *cls.needs]
        if cls.cache == 'memcached':
            names.append('memcached')
        absent = [name for name in names if not programs.is_installed(name)]
        return f'Not installed: {", ".join(absent)}.' if absent else None

    @classmethod
    def _folder(cls):
        # A folder that the server's account, which is not root, can read.
        folder = pathlib.Path(cls.use(fixtures.TempDir()).path)
        folder.chmod(0o755)
        return folder

    @classmethod
    def _options(cls):
        layers = {'token': {'provider': cls.provider}}
        if cls.database != 'sqlite':
            database = cls.use(servers.Database(cls.database))
            layers['database'] = {'connection': database.url}
        layers['cache'] = cls._cache_options()
        for more in (
            front_ends.options(cls.front_end, cls.folder),
            cls.options,
        ):
            for group, values in more.items():
                layers[group] = {**layers.get(group, {}), **values}
        return layers

    @classmethod
    def _cache_options(cls):
        if cls.cache is None:
            return {'enabled': False}
        if cls.cache == 'memory':
            return {'enabled': True, 'backend': 'dogpile.cache.memory'}
        port = programs.free_port()
        cls.memcached = cls.use(
            programs.Program(
                'memcached',
                ['memcached', '-u', 'nobody', '-l', programs.HOST]
                + ['-p', str(port)],
                cls.folder,
                port,
            )
        )
        return {
            'enabled': True,
            'backend': 'oslo_cache.memcache_pool',
            'memcache_servers': f'{programs.HOST}:{port}',
        }
