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

"""SPIFFE IDs (SPIFFE-ID, 2; draft-ietf-oauth-spiffe-client-auth-02, 3)."""

import re

# SPIFFE-ID, 2.1 to 2.3: no port, no user, no query, no fragment, no percent
# encoding, and no empty, "." or ".." segment.
_ID = re.compile(
    '(?P<domain>spiffe://[a-z0-9._-]{1,255})'
    r'(?P<path>(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+)*)'
)
_MAX_LENGTH = 2048
_REST = '/*'


def trust_domain(spiffe_id: str) -> str | None:
    """Return ``spiffe://`` and the trust domain of a SPIFFE ID.

    :returns: None if it is not a SPIFFE ID.
    """
    found = _parse(spiffe_id)
    return found and found['domain']


def check_subject(subject: str, domain: str) -> None:
    """Check the subject of a federated identity.

    :param subject: a whole SPIFFE ID, or one followed by ``/*`` for all that
        have more segments.
    :param domain: ``spiffe://`` and the trust domain that it must be in.
    :raises ValueError: it is not; one sentence with the reason.
    """
    if trust_domain(subject.removesuffix(_REST)) != domain:
        raise ValueError(
            f'The subject must be a SPIFFE ID in {domain}, which may end in '
            f'/*.'
        )
    if subject in (domain, domain + _REST):
        raise ValueError(
            f'The subject must name a path in {domain}: otherwise each of its '
            f'workloads could use the client.'
        )


def matches(subject: str, spiffe_id: str) -> bool:
    """Whether a registered subject means a SPIFFE ID.

    A trailing ``/*`` stands for one or more whole segments.
    """
    if _parse(spiffe_id) is None:
        return False
    if not subject.endswith(_REST):
        return spiffe_id == subject
    return spiffe_id.startswith(subject.removesuffix('*'))


def _parse(text: str) -> re.Match[str] | None:
    return _ID.fullmatch(text) if len(text) <= _MAX_LENGTH else None
