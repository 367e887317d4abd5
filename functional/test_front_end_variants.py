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

"""The variants of front ends in the administrator guide."""

import stat

from functional import base
from functional import front_ends

#: Lines of the guide that are replaced.
MODULE = 'module = keystone.wsgi.api:application\n'
SCRIPT_ALIAS = '    WSGIScriptAlias / /etc/keystone/keystone.wsgi\n'
PROXY_PASS = '    ProxyPass / uwsgi://127.0.0.1:5001/\n'
SOCKET = 'socket = 127.0.0.1:5001\n'


class PrefixTests:
    """Keystone under a prefix, and its metadata at the root of the host."""

    processes = 1
    options = front_ends.options('below-a-prefix', front_ends.FOLDER)

    @classmethod
    def https(cls, files=None, url=None):
        return super().https(files, url or f'{cls.stack.url}/identity')

    def test_tokens(self):
        """All paths below the prefix reach Keystone."""
        self.assert_whole_life(client=self.client)
        self.assert_whole_life(files=self.files)

    def test_metadata(self):
        """The metadata is where clients expect it (RFC 8414, 3.1)."""
        public = self.options['DEFAULT']['public_endpoint']
        answer = self.https(url=self.stack.url).request(
            'GET', '/.well-known/oauth-authorization-server/identity/v3'
        )
        self.assertEqual(200, answer.status, answer.text)
        self.assertEqual(f'{public}/v3', answer.json['issuer'])
        self.assertEqual(
            f'{public}{base.TOKEN}', answer.json['token_endpoint']
        )


class NginxPrefixTest(PrefixTests, base.StackTestCase):
    front_end = 'nginx-uwsgi'
    changes = {
        '    location / {\n': front_ends.snippet('below-a-prefix/nginx.conf'),
        MODULE: front_ends.snippet('below-a-prefix/uwsgi.ini'),
    }


class ApacheModWSGIPrefixTest(PrefixTests, base.StackTestCase):
    front_end = 'apache-mod_wsgi'
    changes = {
        SCRIPT_ALIAS: front_ends.snippet('below-a-prefix/apache-mod_wsgi.conf')
    }


class ApacheUWSGIPrefixTest(PrefixTests, base.StackTestCase):
    front_end = 'apache-uwsgi'
    changes = {
        PROXY_PASS: front_ends.snippet('below-a-prefix/apache-uwsgi.conf')
    }


class HAProxyPrefixTest(PrefixTests, base.StackTestCase):
    front_end = 'haproxy'
    changes = {
        '    default_backend keystone\n': front_ends.snippet(
            'below-a-prefix/haproxy.cfg'
        ),
        MODULE: front_ends.snippet('below-a-prefix/uwsgi.ini'),
    }


class UNIXSocketTests:
    """Keystone listens on a socket that only the web server can use."""

    processes = 1

    def test_tokens(self):
        """The web server can connect; other accounts cannot."""
        self.assert_whole_life(client=self.client)
        self.assert_whole_life(files=self.files)
        mode = (self.folder / 'uwsgi.sock').stat().st_mode
        self.assertEqual(0o660, stat.S_IMODE(mode))


class NginxUNIXSocketTest(UNIXSocketTests, base.StackTestCase):
    front_end = 'nginx-uwsgi'
    changes = {
        '        uwsgi_pass 127.0.0.1:5001;\n': front_ends.snippet(
            'unix-socket/nginx.conf'
        ),
        SOCKET: front_ends.snippet('unix-socket/uwsgi.ini'),
    }


class ApacheUNIXSocketTest(UNIXSocketTests, base.StackTestCase):
    front_end = 'apache-uwsgi'
    changes = {
        PROXY_PASS: front_ends.snippet('unix-socket/apache.conf'),
        SOCKET: front_ends.snippet('unix-socket/uwsgi.ini'),
    }
