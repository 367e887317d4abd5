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

"""Replace Keystone's in-tree OS-OAUTH2 API.

Keystone builds its Flask application from the tuple ``__apis__`` of
``keystone.server.flask.application``, after it has loaded the methods of
``[auth] methods``. Blueprint names are unique, so the in-tree module must be
removed.
"""

import importlib.metadata
import typing as ty

from keystone.api import os_oauth2
from keystone.server.flask import application


class UnknownKeystone(Exception):
    """This Keystone's internals differ from those of supported releases."""


def replace_in_tree_api(module: ty.Any) -> None:
    """Serve an API module in place of the in-tree one. Idempotent.

    :param module: has ``APIs``, as Keystone's API modules do.
    :raises UnknownKeystone: Keystone's internals are not as expected.
    """
    if module in _apis():
        return
    if os_oauth2 not in _apis():
        raise UnknownKeystone(_message())
    application.__apis__ = tuple(
        module if entry is os_oauth2 else entry for entry in _apis()
    )


def _apis() -> tuple[ty.Any, ...]:
    apis = getattr(application, '__apis__', ())
    return apis if isinstance(apis, tuple) else ()


def _message() -> str:
    return (
        f'keystone-oauth2 does not support Keystone '
        f'{importlib.metadata.version("keystone")}: install a release of '
        f'keystone-oauth2 that does, or remove oauth2_credential from [auth] '
        f'methods.'
    )
