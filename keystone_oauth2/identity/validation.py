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

"""Check what requests to Keystone contain (``keystone.common.validation``)."""

import datetime
import typing as ty

from keystone import exception
from keystone.common import utils
from keystone.common.validation import validators
from oslo_utils import timeutils

from keystone_oauth2.identity import web

# By the keywords of a JSON schema, with what a schema has for each.
_SENTENCES = {
    'additionalProperties': 'it may have {} only',
    'enum': 'it must be one of {}',
    'maxLength': 'it must not have more than {} characters',
    'maxProperties': 'it must not have more than {} members',
    'minItems': 'it must not be empty',
    'minLength': 'it must not be empty',
    'pattern': 'it has a character that cannot be stored',
    'required': 'it must have {}',
    'type': 'it must be {}',
    'uniqueItems': 'it must not have an item twice',
}
_TYPES = {
    'array': 'a list',
    'null': 'null',
    'object': 'an object',
    'string': 'a string',
}


def validate(schema: dict[str, ty.Any], value: ty.Any) -> None:
    """Check a value against a JSON schema.

    Keystone's own validation repeats the value in its message and in the log:
    a private key instead of a public one, for example.

    :raises web.ValidationError: it is not valid.
    """
    validator = validators.SchemaValidator(schema).validator
    for problem in validator.iter_errors(value):
        place = '/'.join(map(str, problem.path)) or 'body'
        raise web.ValidationError(
            f'Invalid input for {place}: {_explain(problem)}.'
        )


def _explain(problem: ty.Any) -> str:
    rule, value = problem.validator, problem.validator_value
    if rule == 'type':
        names = [value] if isinstance(value, str) else value
        value = ' or '.join(_TYPES[name] for name in names)
    elif rule == 'additionalProperties':
        value = ', '.join(problem.schema['properties'])
    elif isinstance(value, list):
        value = ', '.join(value)
    return _SENTENCES[rule].format(value)


def parse_expiration(text: str) -> datetime.datetime:
    """Return a time in the future, UTC without a zone, in whole seconds.

    Calls ``utils.parse_expiration_date``, as for application credentials.

    :raises web.ValidationError: it is not a valid time, or is in the past.
    """
    try:
        moment = utils.parse_expiration_date(text)
    except exception.ValidationTimeStampError as error:
        raise web.ValidationError(
            'expires_at must be a time in UTC, such as 2027-06-01T00:00:00Z.'
        ) from error
    return timeutils.normalize_time(moment).replace(microsecond=0)
