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

"""Commands for the issuers whose JWTs clients may authenticate with.

Whom to trust is decided where Keystone is configured, not over the network.
"""

import collections.abc as abc
import dataclasses
import json
import sys
import typing as ty

from oslo_config import cfg
from oslo_utils import timeutils

from keystone_oauth2.cmd import issuer_arguments
from keystone_oauth2.cmd import issuer_keys
from keystone_oauth2.cmd import issuer_tables
from keystone_oauth2.cmd import issuer_warnings
from keystone_oauth2.compose import options
from keystone_oauth2.conf import urls
from keystone_oauth2.db import migration
from keystone_oauth2.db import trusted_issuers
from keystone_oauth2.identity import notify
from keystone_oauth2.protocol.federation import trusted_issuer

_Issuer = trusted_issuer.TrustedIssuer
# A change of one of these may be the wrong one, which the keys show.
_OF_KEYS = frozenset(
    {'key_source', 'jwks_uri', 'ca_certificates', 'allowed_networks'}
)
_KEYS = ('jwks', 'keys_fetched_at', 'attempted_at', 'failure')
Mistake = issuer_arguments.Mistake


def trusted_issuer_create() -> int:
    """Trust an issuer, with whose JWTs clients may then authenticate."""
    migration.check()
    command = cfg.CONF.command
    given = issuer_arguments.members(command)
    preset = trusted_issuer.PRESETS[command.kind]
    if preset.issuer is None and 'issuer' not in given:
        raise Mistake(
            f'--issuer is required for an issuer of kind {command.kind}.'
        )
    new = _checked(
        trusted_issuer.make,
        command.issuer_id,
        command.kind,
        _own_issuer(),
        **given,
    )
    exists = Mistake(
        f'There is already a trusted issuer {new.id}: choose another id, or '
        f'change it with trusted_issuer_set.'
    )
    if trusted_issuers.get(new.id) is not None:
        raise exists
    new, ignored = _with_keys(new)
    issuer_keys.check_algorithms(new)
    try:
        trusted_issuers.add(new)
    except trusted_issuers.Exists as error:
        raise exists from error
    notify.notify_trusted_issuer('created', new.id)
    _report(new, ignored)
    return 0


def trusted_issuer_set() -> int:
    """Change a trusted issuer."""
    migration.check()
    before = _known()
    given = issuer_arguments.members(cfg.CONF.command)
    if not given:
        raise Mistake('Nothing to change: give at least one option.')
    after = dataclasses.replace(before, **given)
    _checked(trusted_issuer.check, after, _own_issuer())
    ignored: list[str] = []
    if _needs_keys(before, after, given):
        after, ignored = _with_keys(after)
        given |= {name: getattr(after, name) for name in _KEYS}
    if after.is_enabled:
        issuer_keys.check_algorithms(after)
    _change(before, **given)
    notify.notify_trusted_issuer('updated', before.id)
    _report(after, ignored)
    return 0


def trusted_issuer_check() -> int:
    """Fetch the keys of a trusted issuer now, store them and list them."""
    migration.check()
    issuer = _known()
    ignored: list[str] = []
    if issuer.key_source != trusted_issuer.JWKS:
        before = issuer
        issuer, ignored = _with_keys_or_failure(before)
        # Requests of workers that began before have no effect any more.
        _change(before, **{name: getattr(issuer, name) for name in _KEYS})
    print(issuer_tables.keys(issuer))
    print(f'Fetched: {issuer_tables.age(issuer)}')
    _report(issuer, ignored)
    issuer_keys.check_algorithms(issuer)
    return 0


def trusted_issuer_list() -> int:
    """List the trusted issuers, and how old their keys are."""
    migration.check()
    print(issuer_tables.summary(trusted_issuers.list_all()))
    return 0


def trusted_issuer_show() -> int:
    """Show all about a trusted issuer."""
    migration.check()
    issuer = _known()
    uses = trusted_issuers.count_uses(issuer.id)
    print(issuer_tables.details(issuer, uses, urls.issuer(cfg.CONF)))
    return 0


def trusted_issuer_delete() -> int:
    """Delete a trusted issuer that no federated identity uses."""
    migration.check()
    issuer = _known()
    try:
        trusted_issuers.delete(issuer.id)
    except trusted_issuers.Unknown as error:
        raise _unknown(issuer.id) from error
    except trusted_issuers.InUse as error:
        raise Mistake(
            f'{error.number} federated identities of clients use {issuer.id}: '
            f'refuse its JWTs with trusted_issuer_set {issuer.id} --disable, '
            f'and delete it when their owners have removed them (purge '
            f'removes expired ones).'
        ) from error
    notify.notify_trusted_issuer('deleted', issuer.id)
    return 0


COMMANDS: tuple[abc.Callable[[], int], ...] = (
    trusted_issuer_check,
    trusted_issuer_create,
    trusted_issuer_delete,
    trusted_issuer_list,
    trusted_issuer_set,
    trusted_issuer_show,
)


def _known() -> _Issuer:
    name = cfg.CONF.command.issuer_id
    issuer = trusted_issuers.get(name)
    if issuer is None:
        raise _unknown(name)
    return issuer


def _unknown(name: str) -> Mistake:
    return Mistake(
        f'There is no trusted issuer {name}: see trusted_issuer_list.'
    )


def _own_issuer() -> str:
    options.check_values(cfg.CONF)
    issuer = urls.issuer(cfg.CONF)
    if issuer is None:
        raise Mistake(
            'This server has no issuer identifier, the audience of JWTs: set '
            '[oauth2] issuer to an https URL such as '
            'https://keystone.example.com/v3.'
        )
    return issuer


def _checked(
    function: abc.Callable[..., ty.Any], *arguments: ty.Any, **named: ty.Any
) -> ty.Any:
    """Return the result of a function that checks a trusted issuer.

    :raises Mistake: the issuer cannot be trusted.
    """
    try:
        return function(*arguments, **named)
    except ValueError as error:
        raise Mistake(str(error)) from error


def _needs_keys(
    before: _Issuer, after: _Issuer, given: abc.Mapping[str, ty.Any]
) -> bool:
    """Whether a change must show that there are keys."""
    if after.key_source == trusted_issuer.JWKS:
        return 'jwks' in given
    # One that is disabled may not even be reachable.
    return after.is_enabled and not (
        before.is_enabled and _OF_KEYS.isdisjoint(given)
    )


def _change(before: _Issuer, **given: ty.Any) -> None:
    try:
        trusted_issuers.change(before, **given)
    except trusted_issuers.Unknown as error:
        raise Mistake(
            f'{before.id} was changed or deleted by somebody else meanwhile: '
            f'run the command again.'
        ) from error


def _with_keys_or_failure(issuer: _Issuer) -> tuple[_Issuer, list[str]]:
    try:
        return issuer_keys.fetched(issuer)
    except Mistake as error:
        _change(issuer, failure=error.reason, attempted_at=timeutils.utcnow())
        raise


def _with_keys(issuer: _Issuer) -> tuple[_Issuer, list[str]]:
    if issuer.key_source == trusted_issuer.JWKS:
        return issuer_keys.usable(issuer, json.loads(issuer.jwks or '{}'))
    return issuer_keys.fetched(issuer)


def _report(issuer: _Issuer, ignored: abc.Iterable[str]) -> None:
    """Print to standard error what should be known about a success."""
    for sentence in ignored:
        print(f'Ignored: {sentence}', file=sys.stderr)
    remedy = issuer_warnings.missing_option(issuer.kind)
    if remedy is not None and issuer.is_enabled:
        print(
            f'JWTs of {issuer.id} are refused until you {remedy}, and restart '
            f'Keystone.',
            file=sys.stderr,
        )
