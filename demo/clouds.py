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

"""The configuration of ``openstack``: whom a command can be run as."""

from __future__ import annotations

import os
import pathlib
import typing

from oslo_serialization import jsonutils

from demo import stage
from keystone_oauth2.fixture import _deployment

PLUGIN = 'v3oauth2client'
SECRET_FILE = 'backup.secret'
KEY_FILE = 'backup.key'
#: Wider tables are folded in the output of the demo.
WIDTH = 76

Cloud = dict[str, typing.Any]


def write(set_up: stage.Stage, client_id: str | None = None) -> None:
    """Write ``clouds.yaml``, and let the commands of this process use it.

    :param client_id: of the client whose secret and key are in files.
    """
    path = set_up.folder / 'clouds.yaml'
    write_privately(
        path, jsonutils.dumps({'clouds': _clouds(set_up, client_id)}, indent=2)
    )
    os.environ.update(environment(set_up))
    os.environ['CLIFF_MAX_TERM_WIDTH'] = str(WIDTH)


def environment(set_up: stage.Stage) -> dict[str, str]:
    """Return the variables that ``openstack`` needs."""
    return {
        'OS_CLIENT_CONFIG_FILE': str(set_up.folder / 'clouds.yaml'),
        'OS_CLOUD': 'alice',
    }


def write_privately(path: pathlib.Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text)


def _clouds(set_up: stage.Stage, client_id: str | None) -> dict[str, Cloud]:
    certificate, key = set_up.robot_files
    clouds = {
        'admin': _password('admin', set_up.deployment.admin_password, 'admin'),
        'alice': _password('alice', set_up.alice.password, 'demo'),
        'robot': _client(
            set_up.robot.id,
            oauth2_certfile=str(certificate),
            oauth2_keyfile=str(key),
        ),
    }
    if client_id:
        clouds['client'] = _client(
            client_id,
            oauth2_client_secret_file=str(set_up.folder / SECRET_FILE),
        )
        clouds['key'] = _client(
            client_id, oauth2_key_file=str(set_up.folder / KEY_FILE)
        )
    for cloud in clouds.values():
        cloud['auth']['auth_url'] = f'{set_up.url}/v3'
        cloud['cacert'] = str(set_up.ca_file)
        cloud['identity_api_version'] = '3'
        cloud['region_name'] = _deployment.REGION
    return clouds


def _client(client_id: str, **credential: str) -> Cloud:
    return {
        'auth_type': PLUGIN,
        'auth': {'oauth2_client_id': client_id, **credential},
    }


def _password(username: str, password: str, project: str) -> Cloud:
    return {
        'auth': {
            'username': username,
            'password': password,
            'project_name': project,
            'user_domain_id': 'default',
            'project_domain_id': 'default',
        }
    }
