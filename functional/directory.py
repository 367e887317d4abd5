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

"""An LDAP directory."""

import contextlib
import os
import signal
import uuid

import fixtures

from functional import programs

try:
    import ldap
except ImportError:
    ldap = None

SUFFIX = 'dc=example,dc=com'
PEOPLE = f'ou=People,{SUFFIX}'
GROUPS = f'ou=Groups,{SUFFIX}'
MANAGER = f'cn=Manager,{SUFFIX}'
_CONFIGURATION = f"""\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {{folder}}/slapd.pid
database mdb
directory {{folder}}
suffix {SUFFIX}
rootdn {MANAGER}
rootpw {{password}}
"""
#: Attributes of an entry, by attribute of the Keystone user.
ATTRIBUTES = {
    'id': 'uid',
    'name': 'cn',
    'mail': 'mail',
    'enabled': 'employeeType',
    'default_project_id': 'departmentNumber',
}


class Directory(fixtures.Fixture):
    """OpenLDAP's server, with people and groups.

    :param folder: an existing folder, where it gets a folder of its own.
    :ivar program: the program.
    :ivar password: of the manager, as which Keystone reads the directory.
    """

    def __init__(self, folder):
        super().__init__()
        self.folder = folder / 'slapd'
        self.password = uuid.uuid4().hex
        self.url = f'ldap://{programs.HOST}:{programs.free_port()}'

    def _setUp(self):
        self.folder.mkdir(mode=0o700)
        path = self.folder / 'slapd.conf'
        path.write_text(
            _CONFIGURATION.format(folder=self.folder, password=self.password)
        )
        self.program = self.useFixture(
            programs.Program(
                'slapd',
                ['slapd', '-d', '0', '-f', str(path), '-h', self.url],
                self.folder,
                int(self.url.rpartition(':')[2]),
            )
        )
        name = SUFFIX.partition(',')[0].partition('=')[2]
        self._add(SUFFIX, ['dcObject', 'organization'], dc=name, o=name)
        for tree in (PEOPLE, GROUPS):
            self._add(tree, ['organizationalUnit'])

    @property
    def options(self):
        """The options of Keystone for this directory."""
        options = {
            'url': self.url,
            'user': MANAGER,
            'password': self.password,
            'suffix': SUFFIX,
            'user_tree_dn': PEOPLE,
            'user_attribute_ignore': '',
            'group_tree_dn': GROUPS,
            'group_name_attribute': 'cn',
        }
        for of_user, of_entry in ATTRIBUTES.items():
            options[f'user_{of_user}_attribute'] = of_entry
        return options

    def add_person(self, uid, password, project_id):
        """Add an enabled person, whose name is the uid."""
        self._add(
            person(uid),
            ['inetOrgPerson'],
            cn=uid,
            sn=uid,
            mail=f'{uid}@example.com',
            employeeType='TRUE',
            departmentNumber=project_id,
            userPassword=password,
        )

    def add_group(self, name, *uids):
        """Add a group, which also has a member that is no person."""
        members = [MANAGER, *map(person, uids)]
        self._add(group(name), ['groupOfNames'], member=members)

    def change(self, dn, **attributes):
        """Replace the values of attributes."""
        self._modify(dn, ldap.MOD_REPLACE, attributes)

    def remove_member(self, name, uid):
        """Remove a person from a group."""
        self._modify(group(name), ldap.MOD_DELETE, {'member': person(uid)})

    def rename(self, uid, new_uid):
        """Rename an entry, and with it the id that Keystone reads."""
        with self._connection() as connection:
            connection.rename_s(person(uid), f'uid={new_uid}')

    def delete(self, uid):
        """Delete a person."""
        with self._connection() as connection:
            connection.delete_s(person(uid))

    @contextlib.contextmanager
    def hanging(self):
        """Accept connections, but respond to nothing."""
        os.kill(self.program.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.program.pid, signal.SIGCONT)

    @contextlib.contextmanager
    def stopped(self):
        """Refuse connections."""
        self.program.stop()
        try:
            yield
        finally:
            self.program.start()

    def _add(self, dn, classes, **attributes):
        attributes['objectClass'] = classes
        with self._connection() as connection:
            connection.add_s(
                dn, [(key, _bytes(attributes[key])) for key in attributes]
            )

    def _modify(self, dn, operation, attributes):
        changes = [
            (operation, key, _bytes(value))
            for key, value in attributes.items()
        ]
        with self._connection() as connection:
            connection.modify_s(dn, changes)

    @contextlib.contextmanager
    def _connection(self):
        connection = ldap.initialize(self.url)
        connection.simple_bind_s(MANAGER, self.password)
        try:
            yield connection
        finally:
            connection.unbind_s()


def person(uid):
    """Return the distinguished name of a person."""
    return f'uid={uid},{PEOPLE}'


def group(name):
    """Return the distinguished name of a group."""
    return f'cn={name},{GROUPS}'


def _bytes(values):
    values = [values] if isinstance(values, str) else values
    return [value.encode() for value in values]
