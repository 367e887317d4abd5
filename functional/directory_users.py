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

"""A domain whose users are in an LDAP directory."""

import os
import pathlib
import shutil
import uuid

from functional import base
from functional import directory
from functional import front_ends
from keystone_oauth2.fixture import _configuration
from keystone_oauth2.fixture import _resources
from keystone_oauth2.tests.support import mutual_tls


class DirectoryTestCase(base.StackTestCase):
    """A domain with its users in a directory.

    The user of the class is one of them. Its roles are those of a group.
    """

    needs = ('slapd',)
    processes = 2
    #: Additional options of the domain.
    domain_options = {}

    @classmethod
    def _missing(cls):
        if directory.ldap is None:
            return 'Not installed: python-ldap.'
        return super()._missing()

    @classmethod
    def _options(cls):
        options = super()._options()
        options['identity'] = {
            **options.get('identity', {}),
            'domain_specific_drivers_enabled': True,
            'domain_config_dir': str(cls.folder / 'domains'),
        }
        return options

    @classmethod
    def before_start(cls):
        (cls.folder / 'domains').mkdir()
        cls.directory = cls.use(directory.Directory(cls.folder))

    @classmethod
    def create(cls):
        cls.domain = cls.identity.create_domain()
        cls._configure_domain()
        cls.project = cls.identity.create_project()
        cls.user = cls.create_person()
        cls.client = cls.identity.create_application_credential(cls.user)
        # User names are unique only within a domain.
        cls.identity.create_mapping(
            mutual_tls.MAPPING,
            mutual_tls.one_rule(
                {'name': '{0}', 'domain': {'id': cls.domain.id}},
                'SUBJECT_DN_CN',
            ),
        )
        cls.files = cls.certificate_files('client')

    @classmethod
    def _configure_domain(cls):
        # Keystone reads these files once, and ignores unknown domains.
        name = f'keystone.{cls.domain.name}.conf'
        path = pathlib.Path(cls.folder, 'domains', name)
        options = {
            'identity': {'driver': 'ldap'},
            'ldap': {**cls.directory.options, **cls.domain_options},
        }
        path.write_text(_configuration.render(options))
        if os.geteuid() == 0:
            account = front_ends.server_account()
            shutil.chown(path, account, account)
        cls.restart()

    @classmethod
    def restart(cls):
        """Restart Keystone."""
        uwsgi = cls.stack.programs['uwsgi']
        uwsgi.stop()
        uwsgi.start()

    @classmethod
    def create_person(cls):
        """Return a new user, who is a member of a group of the same name."""
        name, password = f'user-{uuid.uuid4().hex[:8]}', uuid.uuid4().hex
        cls.directory.add_person(name, password, cls.project.id)
        cls.directory.add_group(name, name)
        user_id = cls._find('users', name)['id']
        group_id = cls._find('groups', name)['id']
        answer = cls.identity.as_admin(
            'PUT',
            f'/v3/projects/{cls.project.id}/groups/{group_id}/roles/'
            f'{cls.identity.role_id("member")}',
        )
        assert answer.status == 204, answer.text
        return _resources.User(
            user_id, name, cls.domain.id, cls.project.id, None, password
        )

    @classmethod
    def _find(cls, collection, name):
        answer = cls.identity.as_admin(
            'GET', f'/v3/{collection}?domain_id={cls.domain.id}&name={name}'
        )
        assert answer.status == 200, answer.text
        (found,) = answer.json[collection]
        return found

    @classmethod
    def secrets(cls):
        yield from super().secrets()
        yield cls.directory.password
