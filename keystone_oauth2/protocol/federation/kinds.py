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

"""What is particular to the JWTs of Kubernetes, GitHub, GitLab and SPIFFE."""

import collections.abc as abc
import json
import re
import typing as ty

from keystone_oauth2.protocol.federation import claim_names
from keystone_oauth2.protocol.federation import trusted_issuer

Claims = abc.Mapping[str, ty.Any]
Bound = abc.Container[str]

_ACCOUNT = re.compile(
    'system:serviceaccount:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?:'
    r'(?P<name>[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?)'
)
#: Values with which a job may run code that nobody has reviewed, by claim.
_UNREVIEWED = {
    trusted_issuer.GITHUB: (
        'event_name',
        frozenset(
            {
                'pull_request',
                'pull_request_review',
                'pull_request_review_comment',
                'pull_request_target',
            }
        ),
    ),
    trusted_issuer.GITLAB: (
        'pipeline_source',
        frozenset(
            {
                'external_pull_request_event',
                'merge_request_event',
                # Of a child pipeline, maybe of one for a merge request.
                'parent_pipeline',
            }
        ),
    ),
}
_REPOSITORY = {
    trusted_issuer.GITHUB: 'repository_id',
    trusted_issuer.GITLAB: 'project_id',
}
#: Claims of which one says more than the repository.
_PARTS_OF_REPOSITORY = frozenset(
    {
        'ci_config_ref_uri',
        'environment',
        'job_workflow_ref',
        'ref',
        'ref_protected',
        'workflow_ref',
    }
)


def check_subject(kind: str, subject: str) -> None:
    """Check that an issuer of a kind could send a subject.

    :raises ValueError: it could not; one sentence with the reason.
    """
    if kind == trusted_issuer.KUBERNETES and not _ACCOUNT.fullmatch(subject):
        raise ValueError(
            'The subject must be system:serviceaccount:NAMESPACE:NAME.'
        )


def check_not_text(kind: str, name: str, value: ty.Any) -> None:
    """Check that an issuer of a kind could send a value that is not a text.

    :raises ValueError: it could not; one sentence with the reason.
    """
    if kind in _UNREVIEWED:
        raise ValueError(
            f'The claim {name} must be a string: these issuers send "true" '
            f'and "123", not true and 123, here "{json.dumps(value)}".'
        )


def problem_of_unbound(kind: str, claims: Claims, bound: Bound) -> str | None:
    """Return which claim must be bound because of its value, or None.

    :param claims: of a JWT.
    :param bound: names of the claims that a federated identity binds.
    :returns: a clause.
    """
    if kind not in _UNREVIEWED:
        return None
    name, values = _UNREVIEWED[kind]
    value = claims.get(name)
    if name not in bound and (not isinstance(value, str) or value in values):
        return f'{name} is {claim_names.shown(value)}, which is not bound'
    if name not in bound and 'ref' not in bound:
        ref = claims.get('ref')
        if not _is_branch_or_tag(kind, ref):
            return f'ref is {claim_names.shown(ref)}, which is not bound'
    if kind == trusted_issuer.GITHUB:
        return _problem_of_workflow(claims, bound)
    return None


def _is_branch_or_tag(kind: str, ref: ty.Any) -> bool:
    # Other events than those above may be about a pull request as well.
    if not isinstance(ref, str):
        return False
    if kind == trusted_issuer.GITHUB:
        return ref.startswith(('refs/heads/', 'refs/tags/'))
    # GitLab has the names of branches and tags alone.
    return not ref.startswith('refs/')


def _problem_of_workflow(claims: Claims, bound: Bound) -> str | None:
    # The file of a reusable workflow may belong to others.
    name = 'job_workflow_ref'
    called = claims.get(name)
    if name in bound or (called and called == claims.get('workflow_ref')):
        return None
    shown = claim_names.shown(called)
    return f'{name} is {shown}, not workflow_ref, and not bound'


def warnings(
    kind: str, subject: str | None, bound: abc.Collection[str]
) -> list[str]:
    """Return sentences about what an owner may not have meant.

    :param subject: of a federated identity; None for any.
    :param bound: names of the claims that it binds.
    """
    if kind in _REPOSITORY:
        return _warnings_of_repository(kind, subject, bound)
    found = []
    account = _ACCOUNT.fullmatch(subject or '')
    if kind == trusted_issuer.KUBERNETES and account is not None:
        if account['name'] == 'default':
            found.append(
                'Each pod of the namespace that names no service account has '
                'this one: create one for the workload.'
            )
    if kind == trusted_issuer.SPIFFE and (subject or '').endswith('/*'):
        found.append('Each workload below this path can use the client.')
    return found


def _warnings_of_repository(
    kind: str, subject: str | None, bound: abc.Collection[str]
) -> list[str]:
    found = []
    if subject is not None:
        found.append(
            'The subject has names, which change when something is renamed: '
            'bind ids instead.'
        )
    if _REPOSITORY[kind] not in bound:
        found.append('Each repository of the owner can use the client.')
    elif subject is None and not _PARTS_OF_REPOSITORY & set(bound):
        found.append(
            'Each job of the repository can use the client, on any branch: '
            'bind environment or ref.'
        )
    if kind == trusted_issuer.GITLAB:
        found += _warnings_of_gitlab(bound)
    return found


def _warnings_of_gitlab(bound: abc.Collection[str]) -> list[str]:
    if 'ref_protected' in bound:
        return []
    found = []
    has_branch = {'ref', 'ref_type'} <= set(bound)
    if 'ref' in bound and not has_branch:
        found.append(
            'A tag can have the name of a branch: bind ref_type or '
            'ref_protected as well.'
        )
    is_protected = has_branch or 'environment_protected' in bound
    if 'environment' in bound and not is_protected:
        found.append(
            'Jobs on any branch can name an environment that is not '
            'protected: bind environment_protected, ref_protected, or ref '
            'and ref_type as well.'
        )
    return found
