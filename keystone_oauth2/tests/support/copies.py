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

"""Copies of what a class has created in Keystone, for similar classes.

Creating projects, users and clients takes seconds. A class that would create
the same as an earlier one receives a copy of its database instead.
"""

import contextlib
import inspect
import json
import sqlite3
import time

#: Seconds after which another class no longer uses the tokens.
FRESH = 600
_SHARED = 'keystone_oauth2.tests.support.'
_kept = {}


def key(cls):
    """Return what the created resources depend on, or None if unknown.

    A class that creates something of its own is similar to no other class.
    """
    steps = [
        vars(base)['create'].__func__
        for base in inspect.getmro(cls)
        if 'create' in vars(base)
    ]
    if any(not step.__module__.startswith(_SHARED) for step in steps):
        return None
    options = {
        group: _relevant(group, cls.options[group])
        for group in sorted(cls.options)
    }
    return json.dumps(
        [
            [step.__qualname__ for step in steps],
            cls.enable,
            cls.policy,
            options,
        ]
    )


def _relevant(group, options):
    # Of the extension's options, only those of digests change what is stored.
    return {
        name: f'{value}'
        for name, value in sorted(options.items())
        if not group.startswith('oauth2') or 'digest' in name
    }


def keep(name, cls, before, path):
    """Keep what a class has created.

    :param name: the result of :func:`key`.
    :param before: the attributes of the class before.
    :param path: the database.
    """
    if name is None or not path.exists():
        return
    content = sqlite3.connect(':memory:')
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.backup(content)
    attributes = {
        attribute: value
        for attribute, value in vars(cls).items()
        if before.get(attribute) is not value
    }
    _kept[name] = (time.monotonic(), content, attributes)


def restore(name, cls, path):
    """Give a class what a similar one has created.

    :returns: whether there is such a class.
    """
    moment, content, attributes = _kept.get(name, (0, None, {}))
    if content is None or time.monotonic() - moment > FRESH:
        return False
    with contextlib.closing(sqlite3.connect(path)) as database:
        content.backup(database)
    for attribute, value in attributes.items():
        setattr(cls, attribute, value)
    return True
