"""Mutations: one coefficient, sign, comparison or branch of a module changed, drawn from its syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from roots import ROOT

BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mod,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
TERMS = (ast.Add, ast.Sub, ast.BitAnd, ast.BitOr)  # a term of these may be dropped
COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
PAIRS = (
    ("min", "max"),
    ("minimum", "maximum"),
    ("fmin", "fmax"),
    ("any", "all"),
    ("floor", "ceil"),
    ("zeros", "ones"),
    ("add", "subtract"),
    ("upper", "lower"),
    ("logical_and", "logical_or"),
)
OTHER = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
# attributes that hold coefficients
FIGURES = (
    "activity amount annual annuity available capacity capex carbon_price co2 coefficient cost factor fixed given "
    "high km kept least loss low lump most opex payment payoff price quantity share standalone taken unit_cost weight"
)
TAKEN = frozenset(("take", "end_column"))  # calls that look coefficients up
TINY = 1e-3  # numbers below it are tolerances: a grave change of one is a million times as much


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one module.

    Parameters
    ----------
    file : str
        Path of the module in the repository.
    function : str
        Qualified name of the outermost function around it; "" in a module's or class's own statements.
    line, last : int
        Lines of the statement's part that is changed; one of them runs where the change can have an effect.
    change : str
        What stood there and what stands there now.
    node, variant : int
        Position in `ast.walk` order, and which of the changes of that node.
    """

    file: str
    function: str
    line: int
    last: int
    change: str
    node: int
    variant: int

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the mutation whatever lines move around it."""
        return self.file, self.function, self.change


def mutations_of(file: str) -> list[Mutation]:
    """List every mutation of a module.

    Parameters
    ----------
    file : str
        Path in the repository.
    """
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    fixed = set(_fixed(tree))
    spans = _spans(tree)
    found = []
    for place, node in enumerate(ast.walk(tree)):
        if node in fixed:
            continue
        for variant, new in enumerate(_variants(node)):
            function, line, last = spans[node]
            change = f"{ast.unparse(node)} -> {ast.unparse(new)}"
            found.append(Mutation(file, function, line, last, change, place, variant))
    return found


def mutated(mutation: Mutation) -> ast.Module:
    """Syntax tree of a module with the change in it."""
    tree = ast.parse((ROOT / mutation.file).read_text("utf-8"))
    node = next(node for place, node in enumerate(ast.walk(tree)) if place == mutation.node)
    new = list(_variants(node))[mutation.variant]

    class Swap(ast.NodeTransformer):
        def visit(self, one: ast.AST) -> ast.AST:
            return ast.copy_location(new, node) if one is node else self.generic_visit(one)

    Swap().visit(tree)
    return ast.fix_missing_locations(tree)


def _fixed(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes that state no figure: annotations, decorators, texts, exports, imports, errors and their sentences."""
    for node in ast.walk(tree):
        still: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef):
            still = [node.returns, *node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            still = [*node.decorator_list, *node.bases, *node.keywords]
        elif isinstance(node, ast.arg | ast.AnnAssign):
            still = [node.annotation]
        elif isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Assert):
            still = [node]
        for one in still:
            if one is not None:
                yield from ast.walk(one)


def _spans(tree: ast.Module) -> dict[ast.AST, tuple[str, int, int]]:
    """Outermost function, first and last line of the simple statement (or head of a compound one) of each node."""
    found: dict[ast.AST, tuple[str, int, int]] = {}

    def walk(node: ast.AST, names: tuple[str, ...], function: str, span: tuple[int, int]) -> None:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not function:
            names = (*names, node.name)
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            span = (node.lineno, max(node.lineno, last))
        found[node] = (function, *span)
        for field, value in ast.iter_fields(node):
            inner = function
            if isinstance(node, ast.FunctionDef) and field == "body" and not function:
                inner = ".".join(names)
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    walk(child, names, inner, span)

    walk(tree, (), "", (1, 1))
    return found


def _variants(node: ast.AST) -> Iterator[ast.expr | ast.stmt | ast.keyword]:
    """Every change of one node, each a new node."""
    make = VARIANTS.get(type(node))
    if make is not None:
        yield from make(copy.deepcopy(node))


def _scaled(node: ast.expr) -> ast.expr:
    return ast.BinOp(node, ast.Mult(), ast.Constant(1.01))


def _constant(node: ast.Constant) -> Iterator[ast.expr]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(new) for new in {0: (1,), 1: (0, 2)}.get(value, (value + 1,)))
    elif isinstance(value, float):
        yield ast.Constant({0.0: 1.0, 1.0: 0.0}.get(value, value * (1e6 if abs(value) < TINY else 1.01)))


def _text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _binary(node: ast.BinOp) -> Iterator[ast.expr]:
    if type(node.op) not in BINARY or _text(node.left) or _text(node.right):
        return
    yield ast.BinOp(node.left, BINARY[type(node.op)](), node.right)
    if isinstance(node.op, TERMS):
        yield node.left
        yield node.right
    else:
        yield _scaled(node)


def _added(node: ast.AugAssign) -> Iterator[ast.stmt]:
    if type(node.op) in BINARY and not _text(node.value):
        yield ast.AugAssign(node.target, BINARY[type(node.op)](), node.value)
        yield ast.Pass()


def _signed(node: ast.UnaryOp) -> Iterator[ast.expr]:
    yield node.operand


def _compared(node: ast.Compare) -> Iterator[ast.expr]:
    for place, operator in enumerate(node.ops):
        for new in COMPARED[type(operator)]:
            yield ast.Compare(node.left, [*node.ops[:place], new(), *node.ops[place + 1 :]], node.comparators)


def _both(node: ast.BoolOp) -> Iterator[ast.expr]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    for place in range(len(node.values)):
        rest = [value for at, value in enumerate(node.values) if at != place]
        yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _chosen(node: ast.IfExp) -> Iterator[ast.expr]:
    yield ast.IfExp(node.test, node.orelse, node.body)


def _called(node: ast.Call) -> Iterator[ast.expr]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "where" and len(node.args) == 3:
        yield ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], node.keywords)
    elif name in TAKEN:
        yield _scaled(node)
    elif name in ("at", "reduceat") and isinstance(node.func, ast.Attribute):
        inner = node.func.value
        if isinstance(inner, ast.Attribute) and inner.attr in OTHER:
            other = ast.Attribute(inner.value, OTHER[inner.attr], ast.Load())
            yield ast.Call(ast.Attribute(other, node.func.attr, ast.Load()), node.args, node.keywords)
    elif name in OTHER and isinstance(node.func, ast.Attribute):
        yield ast.Call(ast.Attribute(node.func.value, OTHER[name], ast.Load()), node.args, node.keywords)
    elif name in OTHER:
        yield ast.Call(ast.Name(OTHER[name], ast.Load()), node.args, node.keywords)
    bounds = [keyword for keyword in node.keywords if keyword.arg in ("upper", "lower")]
    if len(bounds) == 1:
        bounds[0].arg = OTHER[str(bounds[0].arg)]
        yield node


def _figure(node: ast.Attribute) -> Iterator[ast.expr]:
    if node.attr in FIGURES.split() and isinstance(node.ctx, ast.Load):
        yield _scaled(node)


VARIANTS: dict[type[ast.AST], Callable[..., Iterator[ast.expr | ast.stmt | ast.keyword]]] = {
    ast.Constant: _constant,
    ast.BinOp: _binary,
    ast.AugAssign: _added,
    ast.UnaryOp: _signed,
    ast.Compare: _compared,
    ast.BoolOp: _both,
    ast.IfExp: _chosen,
    ast.Call: _called,
    ast.Attribute: _figure,
}
