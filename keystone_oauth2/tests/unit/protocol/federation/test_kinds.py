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

from keystone_oauth2.protocol.federation import kinds
from keystone_oauth2.protocol.federation import trusted_issuer
from keystone_oauth2.tests import base
from keystone_oauth2.tests.unit.protocol.federation import issuers

GITHUB = trusted_issuer.GITHUB
GITLAB = trusted_issuer.GITLAB
KUBERNETES = trusted_issuer.KUBERNETES
OIDC = trusted_issuer.OIDC
SPIFFE = trusted_issuer.SPIFFE


class SubjectTest(base.TestCase):
    def test_subject_of_kubernetes_is_a_service_account(self):
        for subject in (
            'system:serviceaccount:shop:checkout',
            'system:serviceaccount:a:b',
            'system:serviceaccount:kube-system:a.b-c',
            f'system:serviceaccount:{"x" * 63}:{"y" * 253}',
        ):
            with self.variant(subject):
                kinds.check_subject(KUBERNETES, subject)

    def test_other_subjects_of_kubernetes_are_refused(self):
        """C10: users, groups and nodes are no workloads."""
        for subject in (
            'checkout',
            'shop:checkout',
            'system:serviceaccount:shop',
            'system:serviceaccount:shop:',
            'system:serviceaccount::checkout',
            'system:serviceaccount:shop:checkout:x',
            'system:serviceaccount:Shop:checkout',
            'system:serviceaccount:shop:-checkout',
            'system:serviceaccount:shop:checkout\n',
            'system:serviceaccounts:shop',
            'system:node:a',
            ' system:serviceaccount:shop:checkout',
            f'system:serviceaccount:{"x" * 64}:y',
        ):
            with self.variant(subject):
                error = self.assert_raises(
                    ValueError, kinds.check_subject, KUBERNETES, subject
                )
                self.assertIn('NAMESPACE:NAME', str(error))

    def test_subjects_of_other_kinds_have_any_form(self):
        for kind in (OIDC, GITHUB, GITLAB):
            with self.variant(kind):
                kinds.check_subject(kind, 'any')


class UnreviewedTest(base.TestCase):
    def assert_problem(self, expected, kind, claims, bound=()):
        self.assertEqual(
            expected, kinds.problem_of_unbound(kind, claims, bound)
        )

    def test_pushes_are_reviewed(self):
        for value in ('push', 'workflow_dispatch', 'schedule'):
            with self.variant(value):
                self.assert_problem(
                    None, GITHUB, issuers.github_claims(event_name=value)
                )
        for value in ('push', 'web', 'schedule'):
            with self.variant(value):
                self.assert_problem(
                    None, GITLAB, issuers.gitlab_claims(pipeline_source=value)
                )

    def test_github_pull_request_must_be_bound(self):
        """C10: anyone may open one, and a review runs the same code."""
        for value in (
            'pull_request',
            'pull_request_review',
            'pull_request_review_comment',
            'pull_request_target',
        ):
            with self.variant(value):
                claims = issuers.github_claims(event_name=value)
                self.assert_problem(
                    f'event_name is "{value}", which is not bound',
                    GITHUB,
                    claims,
                    ('repository_id', '/event_name'),
                )
                self.assert_problem(None, GITHUB, claims, ('event_name',))

    def test_github_ref_of_a_pull_request_must_be_bound(self):
        """C10: whatever the event is called; K06: or if there is none."""
        for ref, shown in (
            ('refs/pull/1/merge', '"refs/pull/1/merge"'),
            ('main', '"main"'),
            (None, 'null'),
        ):
            with self.variant(ref):
                claims = issuers.github_claims(ref=ref)
                self.assert_problem(
                    f'ref is {shown}, which is not bound', GITHUB, claims
                )
                for name in ('ref', 'event_name'):
                    self.assert_problem(None, GITHUB, claims, (name,))
        for ref in ('refs/heads/main', 'refs/tags/v1'):
            with self.variant(ref):
                self.assert_problem(
                    None, GITHUB, issuers.github_claims(ref=ref)
                )

    def test_gitlab_ref_of_a_merge_request_must_be_bound(self):
        """C10: branches and tags have their names alone; K06: or none."""
        for ref, shown in (
            ('refs/merge-requests/1/head', '"refs/merge-requests/1/head"'),
            (None, 'null'),
        ):
            with self.variant(ref):
                claims = issuers.gitlab_claims(ref=ref)
                self.assert_problem(
                    f'ref is {shown}, which is not bound', GITLAB, claims
                )
                for name in ('ref', 'pipeline_source'):
                    self.assert_problem(None, GITLAB, claims, (name,))
        self.assert_problem(None, GITLAB, issuers.gitlab_claims(ref='a/b'))

    def test_github_event_that_is_missing_must_be_bound(self):
        """C10: so it is refused; K06: as is one of another type."""
        for value, shown in (
            (None, 'null'),
            (1, '1'),
            (['push'], 'a list'),
            ({}, 'an object'),
        ):
            with self.variant(value):
                self.assert_problem(
                    f'event_name is {shown}, which is not bound',
                    GITHUB,
                    issuers.github_claims(event_name=value),
                )

    def test_gitlab_merge_request_must_be_bound(self):
        """C10: its code may be that of anyone; K06: or of whom is unknown."""
        for value, shown in (
            ('merge_request_event', '"merge_request_event"'),
            ('external_pull_request_event', '"external_pull_request_event"'),
            ('parent_pipeline', '"parent_pipeline"'),
            (None, 'null'),
            (True, 'true'),
        ):
            with self.variant(value):
                claims = issuers.gitlab_claims(pipeline_source=value)
                self.assert_problem(
                    f'pipeline_source is {shown}, which is not bound',
                    GITLAB,
                    claims,
                )
                self.assert_problem(None, GITLAB, claims, ('pipeline_source',))

    def test_github_ref_of_no_branch_or_tag_must_be_bound(self):
        """C10: other events may be about a pull request; K06: or missing."""
        for ref, shown in (
            ('refs/pull/1/merge', '"refs/pull/1/merge"'),
            ('refs/pull/1/refs/heads/main', '"refs/pull/1/refs/heads/main"'),
            ('main', '"main"'),
            ('', '""'),
            (None, 'null'),
            (['refs/heads/main'], 'a list'),
        ):
            with self.variant(ref):
                claims = issuers.github_claims(ref=ref)
                self.assert_problem(
                    f'ref is {shown}, which is not bound', GITHUB, claims
                )
                for name in ('ref', 'event_name'):
                    self.assert_problem(None, GITHUB, claims, (name,))
        self.assert_problem(
            None, GITHUB, issuers.github_claims(ref='refs/tags/1.0')
        )

    def test_github_reusable_workflow_must_be_bound(self):
        """C10: its file may belong to others."""
        called = 'other/x/.github/workflows/y.yml@refs/heads/main'
        claims = issuers.github_claims(job_workflow_ref=called)
        self.assert_problem(
            f'job_workflow_ref is "{called}", not workflow_ref, and not bound',
            GITHUB,
            claims,
            ('workflow_ref', 'repository_id'),
        )
        self.assert_problem(None, GITHUB, claims, ('job_workflow_ref',))

    def test_github_workflow_that_is_missing_must_be_bound(self):
        """K06: two missing claims are not equal."""
        for claims in (
            issuers.github_claims(job_workflow_ref=None),
            issuers.github_claims(workflow_ref=None),
            issuers.github_claims(job_workflow_ref=None, workflow_ref=None),
            issuers.github_claims(job_workflow_ref='', workflow_ref=''),
        ):
            with self.variant(claims):
                problem = kinds.problem_of_unbound(GITHUB, claims, ())
                self.assertIn('job_workflow_ref is', problem)

    def test_claims_of_other_kinds_say_nothing(self):
        for kind in (OIDC, KUBERNETES, SPIFFE):
            with self.variant(kind):
                self.assert_problem(
                    None, kind, issuers.claims(event_name='pull_request')
                )


class TextTest(base.TestCase):
    def test_github_and_gitlab_send_texts_only(self):
        """GitLab's booleans and numbers are strings."""
        for kind in (GITHUB, GITLAB):
            for value, shown in ((True, 'true'), (False, 'false'), (1, '1')):
                with self.variant((kind, value)):
                    error = self.assert_raises(
                        ValueError,
                        kinds.check_not_text,
                        kind,
                        'ref_protected',
                        value,
                    )
                    self.assertIn('The claim ref_protected must', str(error))
                    self.assertIn(f'here "{shown}".', str(error))
        for kind in (OIDC, KUBERNETES, SPIFFE):
            with self.variant(kind):
                kinds.check_not_text(kind, 'a', True)


class WarningsTest(base.TestCase):
    def assert_warnings(self, expected, kind, subject, *bound):
        self.assertEqual(expected, kinds.warnings(kind, subject, bound))

    def test_default_service_account_has_a_warning(self):
        account = 'system:serviceaccount:shop:'
        (warning,) = kinds.warnings(KUBERNETES, f'{account}default', ())
        self.assertIn('that names no service account', warning)
        for name in ('checkout', 'defaults', 'my-default', 'default.x'):
            with self.variant(name):
                self.assert_warnings([], KUBERNETES, f'{account}{name}')

    def test_prefix_of_spiffe_ids_has_a_warning(self):
        (warning,) = kinds.warnings(SPIFFE, 'spiffe://a/b/*', ())
        self.assertIn('below this path', warning)
        self.assert_warnings([], SPIFFE, 'spiffe://a/b')
        self.assert_warnings([], SPIFFE, None)

    def test_names_and_wide_bindings_of_repositories_have_warnings(self):
        for kind, repository in (
            (GITHUB, 'repository_id'),
            (GITLAB, 'project_id'),
        ):
            for subject, bound, shown in (
                (None, (), ['Each repository of the owner']),
                ('x', (), ['names, which change', 'Each repository']),
                ('x', (repository,), ['names, which change']),
                (None, (repository,), ['Each job of the repository']),
                (None, (repository, 'actor_id'), ['Each job']),
                (None, (repository, 'ref_protected', 'ref'), []),
                (None, (repository, 'ref_protected', 'environment'), []),
            ):
                with self.variant((kind, subject, bound)):
                    found = kinds.warnings(kind, subject, bound)
                    self.assertEqual(len(shown), len(found))
                    for part, warning in zip(shown, found, strict=True):
                        self.assertIn(part, warning)

    def test_conditions_of_gitlab_that_developers_can_meet(self):
        """Tags and environments that are not protected are theirs."""
        for bound, shown in (
            (('ref',), ['A tag can have the name']),
            (('environment',), ['Jobs on any branch can name']),
            (('environment', 'ref'), ['A tag', 'Jobs']),
            (('ref', 'ref_type'), []),
            (('environment', 'environment_protected'), []),
            (('environment', 'ref', 'ref_type'), []),
        ):
            with self.variant(bound):
                found = kinds.warnings(GITLAB, None, ('project_id', *bound))
                self.assertEqual(len(shown), len(found))
                for part, warning in zip(shown, found, strict=True):
                    self.assertIn(part, warning)
        for name in ('ref', 'environment'):
            self.assert_warnings([], GITHUB, None, 'repository_id', name)

    def test_other_issuers_have_no_warnings(self):
        self.assert_warnings([], OIDC, 'default')
        self.assert_warnings([], OIDC, None, 'repository_id')
        self.assert_warnings([], KUBERNETES, None, 'a')
