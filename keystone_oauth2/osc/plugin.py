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

"""How ``openstack`` finds the commands (entry point of OpenStackClient)."""

import argparse
import typing as ty

from openstack import proxy

API_NAME = 'oauth2'
API_VERSION_OPTION = 'os_oauth2_api_version'
API_VERSIONS = ('1',)
DEFAULT_API_VERSION = '1'


def make_client(instance: ty.Any) -> proxy.Proxy:
    """Return the client for Keystone.

    :param instance: the ClientManager of the command.
    """
    client: proxy.Proxy = instance.sdk_connection.identity
    return client


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Return a parser for the global options; there are none.

    The API has one version, which is part of version 3 of Keystone's.
    """
    return parser
