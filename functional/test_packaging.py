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

"""Build, inspect and install the source distribution and the wheel."""

import configparser
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

from functional import base
from keystone_oauth2.conf import keystone_authtoken

_ROOT = pathlib.Path(__file__).parents[1]
# Files of a checkout that git does not track.
_STRAYS = ('.stestr/0', '.tox/log', 'keystone.log', 'keystone_oauth2/log')
_IMPORT_ALL = """
import importlib, pkgutil, keystone_oauth2 as package
apart = {'fixture', 'migrations', 'osc', 'tests'}
for module in pkgutil.walk_packages(package.__path__, 'keystone_oauth2.'):
    if apart.isdisjoint(module.name.split('.')):
        importlib.import_module(module.name)
"""
# What runs inside Keystone, and what comes with it.
_OF_KEYSTONE = {
    *('alembic', 'flask', 'flask-restful', 'keystone', 'limits'),
    *('oslo-db', 'oslo-policy', 'oslo-upgradecheck', 'sqlalchemy'),
}
_IMPORT_ONE = """
import importlib, pkgutil, keystone_oauth2.{package} as package
for module in pkgutil.iter_modules(package.__path__, package.__name__ + '.'):
    importlib.import_module(module.name)
"""
_LOAD_PLUGIN = """
from keystoneauth1 import loading
loading.get_plugin_loader('v3oauth2client').load_from_options(
    auth_url='https://keystone.example.com', oauth2_client_id='robot',
    oauth2_key_file='/etc/robot.key',
)
"""
_LOAD_FILTER = """
from paste.deploy import loadwsgi
from keystone_oauth2.middleware import auth_token
found = loadwsgi.loadfilter('egg:keystone-oauth2#auth_token', global_conf={
    'oauth2_issuer': 'https://keystone.example.com/v3',
    'auth_type': 'password', 'auth_url': 'https://keystone.example.com',
})
assert isinstance(found(None), auth_token.AuthProtocol), found
"""


class PackagingTest(base.StackTestCase):
    """Packages built from a clone, and installed beside Keystone alone."""

    front_end = 'uwsgi'
    processes = 1
    tables = False
    needs = ('git',)
    options = {'DEFAULT': {'public_endpoint': 'https://keystone.example.com'}}

    @classmethod
    def before_start(cls):
        # A folder whose owner the front end does not change.
        cls.place = cls._folder()
        cls.build()
        cls.install()
        cls.changes = {
            'virtualenv = /opt/keystone': f'virtualenv = {cls.place}/installed'
        }
        cls.installed('keystone-oauth2-manage', *cls.configured(), 'db_sync')

    @classmethod
    def build(cls):
        """Build the source distribution, and the wheel from it."""
        source = cls.place / 'source'
        run('git', 'clone', '--quiet', f'{_ROOT}', f'{source}')
        cls.sources = set(run('git', '-C', f'{source}', 'ls-files').split())
        for name in _STRAYS:
            (source / name).parent.mkdir(exist_ok=True)
            (source / name).touch()
        cls.virtual_environment('tools', 'build')
        run(f'{cls.place}/tools/bin/python', '-m', 'build', f'{source}')
        (cls.sdist,) = (source / 'dist').glob('*.tar.gz')
        (cls.wheel,) = (source / 'dist').glob('*.whl')
        cls.version = cls.wheel.name.split('-')[1]

    @classmethod
    def install(cls):
        """Install the wheel as an operator does."""
        keystone = f'keystone=={importlib.metadata.version("keystone")}'
        cls.virtual_environment('installed', keystone, f'{cls.wheel}[server]')
        cls.virtual_environment(
            'service', 'PasteDeploy', f'{cls.wheel}[middleware]'
        )
        cls.virtual_environment('client', f'{cls.wheel}[client]')

    @classmethod
    def virtual_environment(cls, name, *packages):
        """Create a virtual environment, and install packages in it."""
        run(sys.executable, '-m', 'venv', f'{cls.place / name}')
        run(
            *(f'{cls.place}/{name}/bin/python', '-m', 'pip', 'install'),
            *('--quiet', '--constraint', f'{_ROOT}/constraints/newest.txt'),
            *packages,
        )

    @classmethod
    def installed(cls, program, *arguments):
        """Run a program beside Keystone, and return its output."""
        return run(f'{cls.place}/installed/bin/{program}', *arguments)

    @classmethod
    def in_service(cls, program, *arguments):
        """Run a program where only the filter is, and return its output."""
        return run(f'{cls.place}/service/bin/{program}', *arguments)

    @classmethod
    def in_client(cls, program, *arguments):
        """Run a program where only the plugin is, and return its output."""
        return run(f'{cls.place}/client/bin/{program}', *arguments)

    @classmethod
    def configured(cls):
        """Return the arguments that name keystone.conf."""
        return '--config-file', f'{cls.deployment.config_file}'

    def test_source_distribution(self):
        """It has the files that git tracks and those that OpenStack adds."""
        with tarfile.open(self.sdist) as archive:
            names = {
                member.name.partition('/')[2]
                for member in archive.getmembers()
                if member.isfile()
            }
        described = {name for name in names if '.egg-info/' in name}
        self.assertEqual(
            self.sources - {'.gitignore'}
            | {'AUTHORS', 'ChangeLog', 'PKG-INFO'},
            names - described,
        )

    def test_wheel(self):
        """It has the package, its data files and its metadata."""
        with zipfile.ZipFile(self.wheel) as archive:
            names = set(archive.namelist())
        described = {
            *('METADATA', 'RECORD', 'WHEEL', 'entry_points.txt', 'pbr.json'),
            *('top_level.txt', 'licenses/AUTHORS', 'licenses/LICENSE'),
        }
        folder = f'keystone_oauth2-{self.version}.dist-info'
        self.assertEqual(
            {
                name
                for name in self.sources
                if name.startswith('keystone_oauth2/')
            }
            | {f'{folder}/{name}' for name in described},
            names,
        )

    def test_version(self):
        """It is that of setup.cfg, or a development version before it."""
        parser = configparser.ConfigParser()
        parser.read(_ROOT / 'setup.cfg')
        self.assertRegex(
            self.version, rf'^{parser["metadata"]["version"]}(\.dev\d+)?$'
        )

    def test_requirements(self):
        """The packages that it imports are installed with it."""
        self.installed('python', '-m', 'pip', 'check')
        self.installed('python', '-c', _IMPORT_ALL)

    def test_entry_points_of_generators(self):
        """The generators find options and policy rules by name."""
        name = ('--namespace', 'keystone_oauth2')
        self.assertIn(
            'client_failures',
            self.installed('oslo-config-generator', *name),
        )
        self.assertIn(
            'oauth2_issuer',
            self.installed(
                'oslo-config-generator',
                '--namespace',
                'keystone_oauth2.middleware',
            ),
        )
        self.assertIn(
            'identity:introspect_oauth2_token',
            self.installed('oslopolicy-sample-generator', *name),
        )

    def test_upgrade_check(self):
        """The upgrade check finds nothing to do."""
        printed = self.installed(
            'keystone-oauth2-status', *self.configured(), 'upgrade', 'check'
        )
        self.assertIn('Success', printed)

    def assert_apart(self, run_there, package):
        """Assert that a package works where Keystone is not installed.

        :param run_there: runs a program in an environment.
        :returns: the names of what is installed there.
        """
        run_there('python', '-m', 'pip', 'check')
        run_there('python', '-c', _IMPORT_ONE.format(package=package))
        listed = json.loads(
            run_there(
                *('python', '-m', 'pip', 'list', '--format', 'json'),
                '--disable-pip-version-check',
            )
        )
        names = {re.sub('[._]', '-', item['name']).lower() for item in listed}
        self.assertEqual(set(), names & _OF_KEYSTONE)
        return names

    def test_requirements_of_the_filter(self):
        """It works without Keystone and what is installed with it."""
        names = self.assert_apart(self.in_service, 'middleware')
        self.assertIn('keystonemiddleware', names)

    def test_requirements_of_the_plugin(self):
        """It works with keystoneauth alone, and beside the filter."""
        names = self.assert_apart(self.in_client, 'plugin')
        self.assertEqual(
            set(), names & {'keystonemiddleware', 'oslo-config', 'webob'}
        )
        self.in_client('python', '-c', _LOAD_PLUGIN)
        self.assert_apart(self.in_service, 'plugin')
        self.in_service('python', '-c', _LOAD_PLUGIN)

    def test_entry_points_of_the_filter(self):
        """Paste and the generator find the filter and its options by name."""
        self.in_service('python', '-c', _LOAD_FILTER)
        sample = self.in_service(
            'oslo-config-generator',
            *('--namespace', 'keystone_oauth2.middleware'),
        )
        for option in keystone_authtoken.ALL_OPTS:
            self.assertRegex(sample, f'(?m)^#?{option.name} =')

    def test_token(self):
        """This version serves tokens for their whole life."""
        self.assertIn(
            f'keystone-oauth2 {self.version} serves',
            (self.folder / 'keystone.log').read_text(),
        )
        self.assert_whole_life(client=self.client)
        self.assert_whole_life(files=self.files)


def run(*command):
    """Run a program, and return its output."""
    # The version comes from git; nothing is imported from the checkout.
    strange = ('PBR_VERSION', 'PYTHONPATH')
    ended = subprocess.run(
        command,
        env={
            name: value
            for name, value in os.environ.items()
            if name not in strange
        },
        cwd='/',
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding='utf-8',
        check=False,
    )
    if ended.returncode:
        raise AssertionError(f'{command} failed:\n{ended.stdout}')
    return ended.stdout
