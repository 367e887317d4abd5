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

"""The page of the documentation that lists the tests for each rule.

    python -m keystone_oauth2.tests.conformance

generates it from the table of rules and the docstrings of the tests.
"""

import ast
import collections
import dataclasses
import pathlib
import re
import textwrap

from keystone_oauth2 import tests
from keystone_oauth2.tests import rules

FOLDER = pathlib.Path(tests.__path__[0])
PAGE = FOLDER.parents[1] / 'doc' / 'source' / 'conformance.rst'
ID = re.compile(r'\b[A-K]\d\d\b')

HEAD = """\
===========
Conformance
===========

.. This page is generated: python -m keystone_oauth2.tests.conformance

The requirements of the standards for an authorization server for machines, and
the tests that prove each rule. A test counts if its docstring names the id of
the rule. Most tests send requests to a real Keystone: over HTTP, as any client
would (``functional``), or over TLS, with clients from other projects
(``integration``). Rules marked "ours" are not required by a standard.

Some tests send requests to a Keystone without this extension, and show where
Keystone's own module for this API breaks a rule.
"""


@dataclasses.dataclass(frozen=True)
class Proof:
    """A test that names a rule.

    :ivar module: below the folder of tests, without the ending.
    :ivar name: of the test.
    :ivar is_in_tree: whether it shows that Keystone's own module breaks the
        rule.
    """

    module: str
    name: str
    is_in_tree: bool

    @property
    def sentence(self):
        """Return the name as a sentence."""
        return self.name.removeprefix('test_').replace('_', ' ')


def proofs():
    """Return the proofs of each rule by its id, in the order of the files."""
    found = collections.defaultdict(list)
    for path in sorted(FOLDER.rglob('test_*.py')):
        module = '.'.join(path.relative_to(FOLDER).with_suffix('').parts)
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                for rule, proof in _of_class(module, node):
                    found[rule].append(proof)
    return dict(found)


def page():
    """Return the page."""
    known = proofs()
    lines = [HEAD]
    for letter, title in rules.SECTIONS.items():
        lines += [f'{letter}. {title}', '-' * (len(title) + 3), '']
        for row in rules.RULES:
            if row[0].startswith(letter):
                lines += _entry(*row, known.get(row[0], []))
    return '\n'.join(lines)


def _of_class(module, node):
    is_in_tree = any(
        isinstance(line, ast.Assign) and ast.unparse(line) == 'enable = False'
        for line in node.body
    )
    whole_class = _ids(node)
    for test in node.body:
        if isinstance(test, ast.FunctionDef) and test.name.startswith('test_'):
            for rule in sorted(whole_class | _ids(test)):
                yield rule, Proof(module, test.name, is_in_tree)


def _ids(node):
    return set(ID.findall(ast.get_docstring(node) or ''))


def _entry(rule, level, statement, where, found):
    yield f'.. _{rule}:'
    yield ''
    yield _wrapped(f'**{rule}** {statement} *{level}: {where}.*')
    yield ''
    if not found:
        yield '  Not built yet.'
        yield ''
    for is_in_tree, introduction in (
        (False, ''),
        (True, 'Keystone without this extension: '),
    ):
        yield from _modules(
            [proof for proof in found if proof.is_in_tree is is_in_tree],
            introduction,
        )


def _modules(found, introduction):
    sentences = collections.defaultdict(list)
    for proof in found:
        sentences[proof.module].append(proof.sentence)
    for module, named in sentences.items():
        text = '; '.join(dict.fromkeys(named))
        yield _wrapped(f'  - {introduction}``{module}``: {text}.', 4)
    if found:
        yield ''


def _wrapped(text, indent=0):
    return textwrap.fill(
        text,
        width=79,
        subsequent_indent=' ' * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def main():
    """Write the page."""
    PAGE.write_text(page())


if __name__ == '__main__':
    main()
