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

"""Trusted issuers of a real Keystone, whose keys a test has."""

import dataclasses
import json

from oslo_serialization import jsonutils
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy import pool

from keystone_oauth2.db import models
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.tests.support import assertions

_KID = 'of-the-issuer'


class Issuer(assertions.Signer):
    """An issuer that signs JWTs about workloads.

    :param issuer: its ``iss``.
    :param audience: the issuer identifier of Keystone.
    """

    def __init__(self, issuer, audience):
        super().__init__(issuer, audience)
        self.issuer = issuer

    def jwt(self, subject, **claims):
        """Return a JWT about a workload."""
        return self.assertion({'kid': _KID}, sub=subject, **claims)

    def trust(self, keystone, issuer_id, kind, **given):
        """Let a Keystone trust it.

        :param given: members of ``TrustedIssuer``.
        """
        made = trusted_issuer.make(
            issuer_id,
            kind,
            None,
            **{
                'issuer': self.issuer,
                'algorithms': ('ES256',),
                'key_source': trusted_issuer.JWKS,
                'jwks': jsonutils.dumps({'keys': [self._key()]}),
                **given,
            },
        )
        _insert(keystone.deployment, dataclasses.asdict(made))

    def _key(self):
        return {**self.jwk, 'kid': _KID, 'alg': 'ES256', 'use': 'sig'}


def _insert(deployment, values):
    engine = sa.create_engine(
        deployment.options['database']['connection'], poolclass=pool.NullPool
    )
    values['required_claims'] = json.dumps(values['required_claims'])
    for name in ('algorithms', 'allowed_networks'):
        values[name] = ' '.join(values[name])
    with orm.Session(engine) as session, session.begin():
        session.add(models.TrustedIssuer(**values))
