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
import functools
import json
import sqlite3
import time

#: Seconds after which another class no longer uses the tokens.
FRESH = 600
_kept = {}


def shared(create):
    """Decorate a method that creates resources for its class.

    They are copied from an earlier class whose resources were created in the
    same way, if there is one.
    """

    @functools.wraps(create)
    def create_or_copy(cls):
        path = cls.keystone.folder / 'keystone.db'
        key = _key(cls, create.__qualname__)
        if not _restore(key, cls, path):
            before = dict(vars(cls))
            create(cls)
            _keep(key, cls, before, path)

    return create_or_copy


def _key(cls, name):
    """Return what the resources depend on."""
    steps = [
        vars(base)['create'].__qualname__
        for base in cls.__mro__
        if 'create' in vars(base)
    ]
    options = {
        group: _relevant(group, cls.options[group])
        for group in sorted(cls.options)
    }
    steps = steps[steps.index(name) :]
    return json.dumps([steps, cls.enable, cls.policy, options])


def _relevant(group, options):
    # Of the extension's options, only those of digests change what is stored,
    # and that of new keys the folder that all keys are copied from.
    return {
        name: f'{value}'
        for name, value in sorted(options.items())
        if not group.startswith('oauth2')
        or 'digest' in name
        or name == 'signing_algorithm'
    }


def _keep(key, cls, before, path):
    """Keep what a class has created.

    :param before: the attributes of the class before.
    :param path: the database, if it is a file.
    """
    if not path.exists():
        return
    content = sqlite3.connect(':memory:')
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.backup(content)
    attributes = {
        name: value
        for name, value in vars(cls).items()
        if before.get(name) is not value
    }
    _kept[key] = (time.monotonic(), content, attributes)


def _restore(key, cls, path):
    """Give a class what an earlier one has created.

    :returns: whether there is such a class.
    """
    moment, content, attributes = _kept.get(key, (0, None, {}))
    if content is None or time.monotonic() - moment > FRESH:
        return False
    with contextlib.closing(sqlite3.connect(path)) as database:
        content.backup(database)
    for name, value in attributes.items():
        setattr(cls, name, value)
    return True
