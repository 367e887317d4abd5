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


"""JWT access tokens are introduced and given up again, under traffic."""

import functools
import shutil
import time

from functional import front_ends
from functional import jwt_nodes
from functional import traffic
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _manage

#: Seconds until JWTs have expired.
LIFETIME = 40
FERNET = {'token': {'provider': 'fernet'}}
OPAQUE = {
    'token': {'provider': 'oauth2_fernet'},
    'oauth2': {'issuer': jwt_nodes.ISSUER},
}
JWT = {**OPAQUE, 'oauth2_tokens': {'format': 'jwt', 'lifetime': LIFETIME}}


class FormatTest(jwt_nodes.JWTNodesTestCase):
    """One node after another gets the next options of the guide."""

    options = {
        'identity': {'password_hash_rounds': 4},
        'oauth2_limits': {'client_failures': '', 'address_failures': ''},
    }

    @classmethod
    def before_start(cls):
        shutil.rmtree(cls.key_folders()[0])

    def setUp(self):
        super().setUp()
        for node in self.nodes:
            node.text = node.config_file.read_text()
            node.options = FERNET

    def test_there_and_back(self):
        """No request fails, and all nodes agree on each token."""
        self.start_with_tokens()
        with traffic.Traffic(self.senders()) as flow:
            self.look_around(flow)
            self.create_keys()
            self.copy_keys()
            self.change_all(flow, OPAQUE)
            self.change_all(flow, JWT)
            self.change_all(flow, OPAQUE)
            end = time.time() + LIFETIME
            while time.time() < end:
                flow.go_on()
            self.change_all(flow, FERNET)
        self.assert_no_failure(flow)

    def create_keys(self):
        """Create the signing keys on the first node."""
        account = front_ends.server_account()
        self.deployment.manage(
            'signing_key_setup',
            *('--keystone-user', account, '--keystone-group', account),
            program=_manage.EXTENSION,
        )

    def change_all(self, flow, options):
        """Give one node after another other options."""
        for node in self.nodes:
            self.exchange(
                node, functools.partial(self.configure, node, options)
            )
            self.look_around(flow)

    def configure(self, node, options):
        """Write keystone.conf with other options."""
        node.options = options
        text = _configuration.render(options)
        node.config_file.write_text(f'{node.text}\n{text}')

    def look_around(self, flow):
        """Keep the traffic going, and check tokens of each node at each."""
        flow.go_on()
        self.assert_lives(is_jwt=lambda node: node.options is JWT)
