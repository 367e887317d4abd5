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

"""An OpenID provider, and the module of Apache for it."""

import dataclasses
import pathlib

import fixtures
from keystoneauth1 import session
from keystoneauth1.identity.v3 import oidc
import requests

from functional import programs
from keystone_oauth2.fixture import _http

FOLDER = pathlib.Path(__file__).parent / 'openid_provider'
_PACKAGE = FOLDER / 'node_modules/oidc-provider'
_APACHE = pathlib.Path('/usr/lib/apache2/modules')
_MODULES = {
    'authn_core_module': _APACHE / 'mod_authn_core.so',
    'authz_user_module': _APACHE / 'mod_authz_user.so',
    'auth_openidc_module': _APACHE / 'mod_auth_openidc.so',
}
_PATH = '/v3/OS-FEDERATION/identity_providers/[^/]+/protocols/openid/auth'
_SITE = """\
    OIDCOAuthVerifyJwksUri {url}/jwks
    OIDCCABundlePath       {ca_file}
    OIDCClaimPrefix        OIDC-
    OIDCClaimDelimiter     ;

    <LocationMatch "^{path}$">
        AuthType oauth20
        Require valid-user
    </LocationMatch>
</VirtualHost>
"""


@dataclasses.dataclass(frozen=True)
class Account:
    """A user of the provider: to it, a client with its own secret."""

    id: str
    secret: str = dataclasses.field(repr=False)
    management_token: str = dataclasses.field(repr=False)


class OpenIDProvider(fixtures.Fixture):
    """node-oidc-provider, with users who log in without a browser.

    :param folder: for its certificate and its log.
    :param authority: issues the certificate.
    :param ca_file: file with the certificate of the authority.
    """

    def __init__(self, folder, authority, ca_file):
        super().__init__()
        self.port = programs.free_port()
        self.url = f'https://localhost:{self.port}'
        self._folder = folder
        self._authority = authority
        self._ca_file = ca_file

    def _setUp(self):
        files = self._authority.server().write(self._folder, 'provider')
        command = ['node', str(FOLDER / 'provider.mjs'), str(self.port)]
        self.useFixture(
            programs.Program(
                'provider',
                [*command, *map(str, files)],
                self._folder,
                self.port,
            )
        )

    def changes(self):
        """Return what to change in the guide's configuration of Apache."""
        modules = ''.join(
            f'LoadModule {name} {path}\n' for name, path in _MODULES.items()
        )
        start = '<VirtualHost *:5000>'
        end = _SITE.format(url=self.url, ca_file=self._ca_file, path=_PATH)
        return {start: modules + start, '</VirtualHost>': end}

    def create_account(self, *groups):
        """Create a user who is in groups, by name."""
        created = self._send('POST', '/reg', 201, groups)
        return Account(
            created['client_id'],
            created['client_secret'],
            created['registration_access_token'],
        )

    def change_groups(self, account, *groups):
        """Change the groups that a user is in."""
        self._send(
            'PUT',
            f'/reg/{account.id}',
            200,
            groups,
            headers={'Authorization': f'Bearer {account.management_token}'},
            client_id=account.id,
            client_secret=account.secret,
        )

    def log_in(self, account, keystone_url, identity_provider, project_id):
        """Log a user in to Keystone.

        :param project_id: the scope of the token, which has none if it is
            None.
        :returns: what Keystone returned, as keystoneauth understands it.
        """
        plugin = oidc.OidcClientCredentials(
            f'{keystone_url}/v3',
            identity_provider,
            'openid',
            account.id,
            account.secret,
            scope='keystone',
            discovery_endpoint=f'{self.url}/.well-known/openid-configuration',
            project_id=project_id,
        )
        http = requests.Session()
        # Without a proxy or .netrc.
        http.trust_env = False
        return plugin.get_access(
            session.Session(session=http, verify=str(self._ca_file))
        )

    def _send(self, method, path, status, groups, headers=None, **metadata):
        body = {
            'grant_types': ['client_credentials'],
            'groups': groups,
            'redirect_uris': [],
            'response_types': [],
            **metadata,
        }
        client = _http.HTTPSClient(self.url, self._ca_file)
        answer = client.request(method, path, json=body, headers=headers)
        assert answer.status == status, answer.text
        return answer.json


def is_installed():
    """Whether the package of the provider is installed, and its program."""
    return _PACKAGE.exists() and programs.is_installed('node')


def missing():
    """Return the names of what has to be installed besides programs."""
    needed = [*_MODULES.values(), _PACKAGE]
    return [path.name for path in needed if not path.exists()]
