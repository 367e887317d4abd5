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

"""tempest.conf for a Keystone that has just been bootstrapped."""

import pathlib

from acceptance import stage
from keystone_oauth2.fixture import _configuration

_OTHER_SERVICES = ('cinder', 'glance', 'horizon', 'neutron', 'nova', 'swift')


def write(folder: pathlib.Path, keystone: stage.Keystone) -> None:
    """Write tempest.conf for a Keystone."""
    path = folder / 'tempest.conf'
    path.touch(mode=0o600)
    path.write_text(_configuration.render(_options(folder, keystone)))


def _options(
    folder: pathlib.Path, keystone: stage.Keystone
) -> _configuration.Options:
    return {
        'DEFAULT': {'log_dir': str(folder), 'log_file': 'tempest.log'},
        'auth': {
            'admin_username': 'admin',
            'admin_password': keystone.admin_password,
            'admin_project_name': 'admin',
            'admin_domain_name': 'Default',
            'use_dynamic_credentials': True,
            'create_isolated_networks': False,
        },
        'identity': {
            'uri_v3': f'{keystone.url}/v3',
            'user_lockout_failure_attempts': stage.LOCKOUT_ATTEMPTS,
            'user_lockout_duration': stage.LOCKOUT_SECONDS,
            'user_unique_last_password_count': stage.UNIQUE_PASSWORDS,
        },
        'identity-feature-enabled': {'security_compliance': True},
        # Without it, the RBAC tests are skipped.
        'enforce_scope': {'keystone': True},
        'service_available': dict.fromkeys(_OTHER_SERVICES, False),
        'oslo_concurrency': {'lock_path': str(folder / 'locks')},
    }
