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

"""Directories of users (``keystone.identity.backends.ldap``)."""

import collections.abc as abc
import sys

from keystone import exception

# Errors of the libraries that Keystone's driver imports. Where no domain has
# its users in a directory, they may not even be installed.
_OUTAGES = {
    'ldap': (
        'BUSY',
        'CONNECT_ERROR',
        'SERVER_DOWN',
        'TIMELIMIT_EXCEEDED',
        'TIMEOUT',
        'UNAVAILABLE',
    ),
    'ldappool': ('BackendError', 'MaxConnectionReachedError'),
}


def outage(error: BaseException) -> BaseException | None:
    """Return the error which means that a directory is unavailable, or None.

    ldappool fails to release a connection that is lost: then it is the error
    during whose handling another one was raised.
    """
    outages = (exception.LDAPServerConnectionError, *_loaded())
    found: BaseException | None = error
    while found is not None and not isinstance(found, outages):
        found = found.__context__
    return found


def _loaded() -> abc.Iterator[type[Exception]]:
    for module_name, names in _OUTAGES.items():
        module = sys.modules.get(module_name)
        if module is not None:
            yield from (getattr(module, name) for name in names)
