"""The derivative of a typed formula as a formula, for people to read.

The numbers come from ``dual``; this is the same written out by the rules that stand in every textbook, with what is 0
or 1 left away. The tests hold the two together.
"""

from __future__ import annotations

from bpstudio.maths.formula import Node

_ONE = Node("number", text="1")
_TWO = Node("number", text="2")


def derivative(node: Node) -> Node | None:
    """d/dz of a tree; None where it is 0 by rule."""
    if not node.varies:
        return None
    if node.kind == "z":
        return _ONE
    if node.kind == "where":
        return _choice(node.arguments[0], derivative(node.arguments[1]), derivative(node.arguments[2]))
    if len(node.arguments) == 1:
        (inner,) = node.arguments
        return _times(_outer(node, inner), derivative(inner))
    left, right = node.arguments
    first, second = derivative(left), derivative(right)
    if node.kind in ("min", "max"):
        return _extreme(node.kind, left, right, first, second)
    if node.kind in ("+", "-"):
        return _sum(node.kind, first, second)
    if node.kind == "*":
        return _sum("+", _times(first, right), _times(left, second))
    if node.kind == "/":
        return _quotient(left, right, first, second)
    return _power(node, left, right, first, second)


def _sum(sign: str, left: Node | None, right: Node | None) -> Node | None:
    if right is None:
        return left
    if left is None:
        return right if sign == "+" else _minus(right)
    if right.kind == "neg":
        return Node("-" if sign == "+" else "+", (left, right.arguments[0]))
    return Node(sign, (left, right))


def _minus(node: Node | None) -> Node | None:
    if node is None:
        return None
    return node.arguments[0] if node.kind == "neg" else Node("neg", (node,))


def _times(left: Node | None, right: Node | None) -> Node | None:
    if left is None or right is None:
        return None
    if left.kind == "neg":
        return _minus(_times(left.arguments[0], right))
    if right.kind == "neg":
        return _minus(_times(left, right.arguments[0]))
    if _ONE in (left, right):
        return right if left == _ONE else left
    return Node("*", (left, right))


def _over(node: Node | None, divisor: Node) -> Node | None:
    if node is None:
        return None
    if node.kind == "neg":
        return _minus(_over(node.arguments[0], divisor))
    return Node("/", (node, divisor))


def _squared(node: Node) -> Node:
    return Node("^", (node, _TWO))


def _number(value: float) -> Node:
    text = str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(abs(value))
    return Node("neg", (Node("number", text=text.lstrip("-")),)) if value < 0 else Node("number", text=text)


def _quotient(left: Node, right: Node, first: Node | None, second: Node | None) -> Node | None:
    if second is None:
        return _over(first, right)
    return _over(_sum("-", _times(first, right), _times(left, second)), _squared(right))


def _power(node: Node, left: Node, right: Node, first: Node | None, second: Node | None) -> Node | None:
    if second is None:
        if right.kind == "number":
            n = float(right.text)
            lower = left if n == 2 else _ONE if n == 1 else Node("^", (left, _number(n - 1)))
        else:
            lower = Node("^", (left, Node("-", (right, _ONE))))
        return _times(_times(right, lower), first)
    logarithm = _ONE if left.kind == "e" else Node("log", (left,))
    grown = _times(second, logarithm)
    if first is None:
        return _times(node, grown)
    return _times(node, _sum("+", grown, _over(_times(right, first), left)))


def _choice(condition: Node, yes: Node | None, no: Node | None) -> Node | None:
    if yes is None and no is None:
        return None
    zero = Node("number", text="0")
    return yes if yes == no else Node("where", (condition, yes or zero, no or zero))


def _extreme(kind: str, left: Node, right: Node, first: Node | None, second: Node | None) -> Node | None:
    """Where both are equal the flatter one counts; a constant is the flattest."""
    if first is not None and second is None:
        return _extreme(kind, right, left, second, first)
    sign = ">=" if kind == "max" else "<="
    return _choice(Node(sign, (left, right)), first, second)


def _outer(node: Node, inner: Node) -> Node | None:
    """f′ at the inner part, for a function of one argument."""
    kind = node.kind
    if kind in ("neg", "sign"):
        return _number(-1.0) if kind == "neg" else None
    if kind == "relu":
        return _choice(Node(">", (inner, Node("number", text="0"))), _ONE, None)
    if kind == "erf":
        bell = Node("exp", (Node("neg", (_squared(inner),)),))
        return Node("*", (Node("/", (_TWO, Node("sqrt", (Node("pi"),)))), bell))
    rules: dict[str, Node] = {
        "exp": node,
        "log": Node("/", (_ONE, inner)),
        "sqrt": Node("/", (_ONE, Node("*", (_TWO, node)))),
        "abs": Node("sign", (inner,)),
        "sin": Node("cos", (inner,)),
        "cos": Node("neg", (Node("sin", (inner,)),)),
        "tan": Node("+", (_ONE, _squared(node))),
        "atan": Node("/", (_ONE, Node("+", (_ONE, _squared(inner))))),
        "sinh": Node("cosh", (inner,)),
        "cosh": Node("sinh", (inner,)),
        "tanh": Node("-", (_ONE, _squared(node))),
        "sigmoid": Node("*", (node, Node("-", (_ONE, node)))),
        "softplus": Node("sigmoid", (inner,)),
    }
    return rules[kind]
