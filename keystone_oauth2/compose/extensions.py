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

"""Load client authentication methods and grants by entry point."""

import collections.abc as abc
import inspect
import typing as ty

import stevedore

T = ty.TypeVar('T')


def load(namespace: str) -> dict[str, type[ty.Any]]:
    """Return the installed classes by the names of their entry points.

    :param namespace: of the entry points.
    """
    manager: stevedore.ExtensionManager = stevedore.ExtensionManager(namespace)
    return {name: manager[name].plugin for name in sorted(manager.names())}


def construct(kind: type[T], objects: abc.Mapping[str, ty.Any]) -> T:
    """Return an instance of a class, with the objects that it needs.

    :param kind: its constructor has keyword parameters only.
    :param objects: by the names of these parameters.
    :raises TypeError: there is no object for a parameter.
    """
    names = inspect.signature(kind).parameters
    return kind(**{name: objects[name] for name in names if name in objects})
