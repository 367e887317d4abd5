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


"""Small changes to Python source that good tests should detect."""

import ast
import collections.abc as abc
import dataclasses
import difflib
import typing as ty

_PAIRS = (
    (ast.Add, ast.Sub),
    (ast.Mult, ast.FloorDiv),
    (ast.BitAnd, ast.BitOr),
    (ast.And, ast.Or),
    (ast.Eq, ast.NotEq),
    (ast.Lt, ast.LtE),
    (ast.Gt, ast.GtE),
    (ast.In, ast.NotIn),
    (ast.Is, ast.IsNot),
)
_SWAPS = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
#: Log messages at these levels are not tested.
_UNTESTED = ('LOG.debug', 'LOG.info')
#: Changes: the kind, the first and the last node to replace, and the new text.
_Changes = abc.Iterator[tuple[str, ast.expr, ast.expr, str]]


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A change to a file.

    :ivar path: of the file, below the root of the tree.
    :ivar line: where the change starts.
    :ivar kind: of the change, in words.
    :ivar before: the original file.
    :ivar after: the file with the change.
    """

    path: str
    line: int
    kind: str
    before: str
    after: str

    def __str__(self) -> str:
        return f'{self.path}:{self.line} {self.kind}'

    def diff(self) -> str:
        """Return the change as a unified diff."""
        lines = (text.splitlines() for text in (self.before, self.after))
        names = (f'a/{self.path}', f'b/{self.path}')
        return '\n'.join(difflib.unified_diff(*lines, *names, lineterm=''))


def mutants(path: str, source: str) -> list[Mutant]:
    """Return all mutants of a file that compile, in the order of its text."""
    found = []
    for node in _nodes(ast.parse(source)):
        for kind, first, last, text in _Change(source).of(node):
            start, end = _start(source, first), _end(source, last)
            whole = source.encode()
            after = (whole[:start] + text.encode() + whole[end:]).decode()
            try:
                compile(after, path, 'exec')
            except SyntaxError:
                continue
            found.append(Mutant(path, first.lineno, kind, source, after))
    return sorted(
        found, key=lambda mutant: (mutant.line, mutant.kind, mutant.after)
    )


def _nodes(node: ast.AST) -> abc.Iterator[ast.AST]:
    """Yield what may be changed: nothing that is there for people alone."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in ('annotation', 'returns'):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_for_people(child):
                yield from _nodes(child)


def _is_for_people(node: ast.AST) -> bool:
    match node:
        case ast.keyword(arg='frozen'):
            return True
        case ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=function)):
            return ast.unparse(function) in _UNTESTED
    return False


def _offset(source: str, line: int, column: int) -> int:
    # Columns count bytes of UTF-8.
    lines = source.encode().splitlines(keepends=True)
    return sum(len(text) for text in lines[: line - 1]) + column


def _start(source: str, node: ast.expr) -> int:
    return _offset(source, node.lineno, node.col_offset)


def _end(source: str, node: ast.expr) -> int:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return _offset(source, node.end_lineno, node.end_col_offset)


class _Change:
    """Changes a node.

    :param source: of the file.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def of(self, node: ty.Any) -> _Changes:
        """Yield the changes to a node itself, not to the nodes below it."""
        match node:
            case ast.Expr() | ast.Raise() | ast.AugAssign() | ast.Continue():
                yield 'removed statement', node, node, 'pass'
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield 'removed statement', node, node, 'pass'
            case ast.Return(value=ast.expr() as value):
                if ast.unparse(value) not in ('None', 'False'):
                    yield 'removed result', value, value, 'None'
            case (
                ast.If(test=test)
                | ast.While(test=test)
                | ast.IfExp(test=test)
                | ast.comprehension(ifs=[test, *_])
            ):
                text = f'not ({self._text(test)})'
                yield 'negated condition', test, test, text
            case ast.BoolOp(op=operator, values=values):
                yield from self._conditions(node, operator, values)
            case ast.BinOp(left=left, op=operator, right=right):
                if type(operator) in _SWAPS:
                    swapped = ast.BinOp(left, _SWAPS[type(operator)](), right)
                    text = f'({ast.unparse(swapped)})'
                    yield 'swapped operator', node, node, text
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                yield from self._comparisons(node, left, operator, right)
            case ast.Constant(value=value):
                for other in _others(value):
                    yield 'changed constant', node, node, repr(other)
            case ast.Call(args=args, keywords=keywords):
                yield from self._arguments(args, keywords)
            case ast.ExceptHandler(type=ast.expr() as caught):
                # An empty tuple catches nothing.
                yield 'dropped except', caught, caught, '()'
                for item in (
                    caught.elts if isinstance(caught, ast.Tuple) else ()
                ):
                    yield 'dropped except', item, item, '()'
            case ast.FunctionDef() | ast.ClassDef():
                for item in node.decorator_list:
                    text = '(lambda same: same)'
                    yield 'dropped decorator', item, item, text

    def _text(self, node: ast.expr) -> str:
        start, end = _start(self._source, node), _end(self._source, node)
        return self._source.encode()[start:end].decode()

    def _conditions(
        self, node: ast.expr, operator: ast.boolop, values: list[ast.expr]
    ) -> _Changes:
        texts = [f'({self._text(value)})' for value in values]
        word, other = ('and', 'or')
        if isinstance(operator, ast.Or):
            word, other = other, word
        text = f'({f" {other} ".join(texts)})'
        yield 'swapped operator', node, node, text
        for number in range(len(texts)):
            rest = texts[:number] + texts[number + 1 :]
            text = f'({f" {word} ".join(rest)})'
            yield 'dropped condition', node, node, text

    def _comparisons(
        self,
        node: ast.expr,
        left: ast.expr,
        operator: ast.cmpop,
        right: ast.expr,
    ) -> _Changes:
        swapped = ast.Compare(left, [_SWAPS[type(operator)]()], [right])
        text = f'({ast.unparse(swapped)})'
        yield 'swapped comparison', node, node, text
        if ast.unparse(right) == 'None':
            word = 'not' if isinstance(operator, ast.Is) else 'bool'
            text = f'({word} ({self._text(left)}))'
            yield 'is None', node, node, text

    def _arguments(
        self, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> _Changes:
        texts = [self._text(argument) for argument in args[:2]]
        if len(set(texts)) > 1:
            text = f'{texts[1]}, {texts[0]}'
            yield 'swapped arguments', args[0], args[1], text
        for keyword in keywords:
            if keyword.arg is not None and not _is_for_people(keyword):
                yield 'dropped keyword', keyword, keyword, '**{}'


def _others(value: object) -> tuple[object, ...]:
    """Return replacements of a constant; sentences are not changed."""
    match value:
        case bool():
            return (not value,)
        case int():
            return (value + 1, value * 2) if value else (1,)
        case str() if ' ' not in value:
            return (value + 'x',)
        case bytes():
            return (value + b'x',)
    return ()
