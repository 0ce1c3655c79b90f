"""YAML that people write for the product: one reading, bounded, with one kind of error."""

from __future__ import annotations

from typing import Any

import yaml

LARGEST = 1_000_000
# References (`*name`) may repeat a part, but not become larger than any file written by hand.
MOST_NODES = 100_000
LARGEST_NUMBER = 2**63


class StatedTwiceError(yaml.MarkedYAMLError):
    """A key stands twice, of which YAML lets the later win in silence; `problem` is the key."""


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise StatedTwiceError(problem=str(key.value), problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        number: int = super().construct_yaml_int(node)
        if abs(number) > LARGEST_NUMBER:
            raise yaml.MarkedYAMLError(problem="a number that large", problem_mark=node.start_mark)
        return number


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)


def parsed(text: str) -> Any:
    """What a YAML text says; raises yaml.YAMLError (StatedTwiceError for a key that stands twice) and nothing else."""
    if len(text) > LARGEST:
        raise yaml.YAMLError("it is larger than 1 MB")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _weigh(node, {})
        return loader.construct_document(node)
    # What PyYAML lets through: a day that is none, a tag on a value it does not fit, nesting without end.
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise yaml.YAMLError(type(error).__name__) from error
    finally:
        loader.dispose()


def _weigh(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes a node is once every reference in it is written out."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = MOST_NODES  # of one that holds itself
        pairs = isinstance(node, yaml.MappingNode)
        parts = (each for pair in node.value for each in pair) if pairs else iter(node.value)
        known[id(node)] = 1 + sum(_weigh(each, known) for each in parts)
    if known[id(node)] > MOST_NODES:
        raise yaml.MarkedYAMLError(problem="references that grow without end", problem_mark=node.start_mark)
    return known[id(node)]
