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

"""Trusted issuers in memory, and servers of theirs that tests control."""

import contextlib
import dataclasses
import datetime
import json
import threading

from oslo_utils import timeutils

from keystone_oauth2.outbound import fetching
from keystone_oauth2.outbound import refresher
from keystone_oauth2.protocol import signing_keys
from keystone_oauth2.protocol.federation import trusted_issuer

#: Seconds; no test waits for so long unless it fails.
PATIENCE = 10


def key_set():
    """Return a JWK set with a new key."""
    return {'keys': [signing_keys.SigningKey.generate('ES256', 0).jwk]}


class Store:
    """A store of one process.

    :ivar failure: is raised by each method, unless it is None.
    :ivar looks: how often somebody has looked for what is due.
    :ivar changed: is notified of each change.
    """

    def __init__(self):
        self.failure = None
        self.looks = 0
        self.changed = threading.Condition()
        self._issuers = {}

    def add(self, name, **members):
        """Add an issuer, and return it."""
        with self._change():
            self._issuers[name] = trusted_issuer.TrustedIssuer(
                id=name, issuer=f'https://{name}.example', **members
            )
            return self._issuers[name]

    def get(self, name):
        """Return an issuer as it is now."""
        with self.changed:
            return self._issuers[name]

    def wait_for(self, name, is_so):
        """Return an issuer as soon as a function is true for it."""
        self.wait_until(lambda: is_so(self._issuers[name]))
        return self.get(name)

    def wait_until(self, is_so):
        """Wait until a function is true."""
        with self.changed:
            if not self.changed.wait_for(is_so, PATIENCE):
                raise AssertionError(self._issuers)

    def due(self, seconds):
        now = timeutils.utcnow()
        with self._change():
            self.looks += 1
            return [
                one
                for one in self._issuers.values()
                if one.is_enabled
                and one.key_source != trusted_issuer.JWKS
                and _is_before(one.keys_fetched_at, now, seconds)
                and _is_before(one.attempted_at, now, refresher.COOLDOWN)
            ]

    def claim(self, issuer):
        now = timeutils.utcnow()
        with self._change():
            known = self._issuers[issuer.id]
            if not _is_before(known.attempted_at, now, refresher.COOLDOWN):
                return None
            self._replace(issuer, attempted_at=now, failure=None)
            return self._issuers[issuer.id]

    def store_keys(self, issuer, jwks):
        now = timeutils.utcnow()
        with self._change():
            self._replace(issuer, jwks=jwks, keys_fetched_at=now, failure=None)

    def store_failure(self, issuer, reason):
        with self._change():
            self._replace(issuer, failure=reason)

    def _replace(self, issuer, **members):
        self._issuers[issuer.id] = dataclasses.replace(
            self._issuers[issuer.id], **members
        )

    @contextlib.contextmanager
    def _change(self):
        with self.changed:
            if self.failure is not None:
                raise self.failure
            yield
            self.changed.notify_all()


def _is_before(moment, now, seconds):
    return moment is None or now - moment >= datetime.timedelta(
        seconds=seconds
    )


class Issuers:
    """Key sets of issuers, instead of their servers.

    :ivar found: a JWK set, or what is wrong, by the id of an issuer.
    :ivar requests: ids of issuers whose keys were requested.
    """

    def __init__(self):
        self.found = {}
        self.requests = []
        self.held = {}
        self._change = threading.Condition()

    def fetch(self, issuer):
        """Return the keys of an issuer, when its server is not held."""
        with self._change:
            self.requests.append(issuer.id)
            self._change.notify_all()
        self.held.get(issuer.id, _FREE).wait(PATIENCE)
        found = self.found.get(issuer.id)
        if found is None:
            raise fetching.FetchError('There is no server.')
        if isinstance(found, Exception):
            raise found
        return json.loads(json.dumps(found))

    def hold(self, name):
        """Let a server not answer until the returned event is set."""
        return self.held.setdefault(name, threading.Event())

    def wait_for_requests(self, number):
        """Wait for a number of requests altogether."""
        with self._change:
            if not self._change.wait_for(
                lambda: len(self.requests) >= number, PATIENCE
            ):
                raise AssertionError(self.requests)


_FREE = threading.Event()
_FREE.set()
