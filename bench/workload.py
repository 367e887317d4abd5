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

"""A workload whose issuer Keystone trusts."""

import json
import typing as ty

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa
import fixtures
import jwt

from bench import data
from bench import load
from bench import stage
from keystone_oauth2.fixture import _cluster
from keystone_oauth2.fixture import _manage

_ISSUER = 'https://cluster.bench.example'
_ISSUER_ID = 'cluster'
_NAMESPACE, _ACCOUNT = 'shop', 'backup'
_LIFETIME = 3600


class Workload(fixtures.Fixture):
    """A client with a key of its own, and with a federated identity.

    :param keystone: that the client is registered at.
    """

    def __init__(self, keystone: stage.Keystone) -> None:
        super().__init__()
        self._keystone = keystone

    def _setUp(self) -> None:
        self._keys: dict[str, ty.Any] = {
            'ES256': ec.generate_private_key(ec.SECP256R1()),
            'RS256': rsa.generate_private_key(65537, 2048),
        }
        self._trust()
        self._client_id = self._keystone.create_client().id
        self._own_key = self._keystone.register_key(self._client_id)
        self._keystone.register(
            self._client_id,
            'federated_identity',
            'federated_identities',
            issuer_id=_ISSUER_ID,
            subject=f'system:serviceaccount:{_NAMESPACE}:{_ACCOUNT}',
        )

    def _trust(self) -> None:
        deployment = self._keystone.deployment
        path = deployment.folder / 'cluster.jwks'
        path.write_text(json.dumps({'keys': list(self._public_keys())}))
        _manage.run(
            deployment.config_file,
            [
                *('trusted_issuer_create', _ISSUER_ID),
                *('--kind', 'kubernetes', '--issuer', _ISSUER),
                *('--jwks-file', str(path)),
            ],
            program=_manage.EXTENSION,
        )

    def _public_keys(self) -> ty.Iterator[dict[str, ty.Any]]:
        algorithms = jwt.algorithms.get_default_algorithms()
        for name, key in self._keys.items():
            exported = algorithms[name].to_jwk(key.public_key(), as_dict=True)
            yield {**exported, 'use': 'sig', 'alg': name, 'kid': name}

    def by_key(self) -> load.Request:
        """Return a token request with a new assertion of the client."""
        assertion = stage.own_jwt(self._client_id, self._own_key)
        return stage.by_assertion(self._client_id, assertion)

    def by_issuer(self, algorithm: str) -> load.Request:
        """Return a token request with a JWT of the issuer, for many times."""
        claims = _cluster.claims(
            _ISSUER, data.ISSUER, _NAMESPACE, _ACCOUNT, _LIFETIME
        )
        header = {'kid': algorithm, 'typ': None}
        assertion = jwt.encode(
            claims, self._keys[algorithm], algorithm, headers=header
        )
        return stage.by_assertion(self._client_id, assertion)
