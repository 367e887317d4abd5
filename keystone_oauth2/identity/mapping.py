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

"""The federation mapping for certificates (``keystone.federation``)."""

import collections.abc as abc
import json
import typing as ty

from keystone import exception
from keystone.federation import utils
import sqlalchemy as sa

from keystone_oauth2.identity import database
from keystone_oauth2.identity import lookups
from keystone_oauth2.protocol import ports

# Keystone has no cache for mappings: ``federation_api.get_mapping`` takes as
# long as all other look-ups of a token.
_MAPPING = lookups.Lookup(
    sa.select(database.mapping.c.id, database.mapping.c.rules).where(
        database.mapping.c.id == sa.bindparam('id')
    )
)


def evaluate(
    mapping_id: str, assertion: abc.Mapping[str, str]
) -> dict[str, str]:
    """Apply a mapping to the names in a certificate.

    Calls ``RuleProcessor.process``.

    :param mapping_id: ``[oauth2] oauth2_cert_dn_mapping_id``.
    :param assertion: values by attribute; multiple values are joined with
        ``;``.
    :returns: any of ``id``, ``name``, ``email``, ``domain_id`` and
        ``domain_name``.
    :raises ports.Refused: there is no such mapping, or none of its rules
        applies.
    """
    row = _MAPPING.first(id=mapping_id)
    if row is None:
        raise ports.Refused(f'certificate: there is no mapping {mapping_id}')
    try:
        # Keystone stores a JSON text of a JSON text.
        processor = utils.RuleProcessor(row.id, json.loads(row.rules))
        user = processor.process(dict(assertion))['user']
    except exception.Error as error:
        raise ports.Refused(
            f'certificate: no rule of mapping {mapping_id} applies'
        ) from error
    return _properties(user)


def _properties(user: abc.Mapping[str, ty.Any]) -> dict[str, str]:
    domain = user.get('domain') or {}
    found = {
        'id': user.get('id'),
        'name': user.get('name'),
        'email': user.get('email'),
        'domain_id': domain.get('id'),
        'domain_name': domain.get('name'),
    }
    return {key: value for key, value in found.items() if value is not None}
