"""Writes every mutant of a list into the code at once, each behind a switch that an environment
variable sets. One build then serves all mutants.

cargo-mutants decides what the mutants are (`cargo mutants --list --json`); this module only writes
them down in another form. A switched mutant does what the plain one does:

- a function that returns a value at once,
- a binary, unary or assigning operator in place of another one,
- a deleted match arm (a guard that is never true), a guard that is always or never true,
- a deleted field of a struct literal (the value of the base expression).
"""

import dataclasses
import re

import tree_sitter_rust
from tree_sitter import Language, Parser

PARSER = Parser(Language(tree_sitter_rust.language()))
# Ends the place of several mutants, which a piece with their numbers began.
END = -1
# The module that instrumented crates get. Number 0 is no mutant.
MODULE = """
#[doc(hidden)]
pub mod mutation {
    //! The switch of the mutants.
    use std::sync::OnceLock;
    static ON: OnceLock<u32> = OnceLock::new();
    /// Returns whether this mutant is switched on.
    pub fn is(number: u32) -> bool {
        let read = || std::env::var("MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        *ON.get_or_init(read) == number
    }
}
"""


@dataclasses.dataclass
class Mutant:
    """One mutant of the list, with its number."""

    number: int
    name: str
    genre: str
    start: int
    end: int
    replacement: str


@dataclasses.dataclass
class Written:
    """An instrumented file, and where each mutant stands in it."""

    text: bytes
    ranges: list  # (start, end, number)
    placed: set


def offset(lines, place):
    """Returns the byte offset of a line and column, both counted from 1, columns in characters."""
    line = place["line"] - 1
    before = sum(len(one) for one in lines[:line])
    return before + len(lines[line].decode()[: place["column"] - 1].encode())


def mutants_of(source, listed):
    """Returns the mutants of one file. `listed` holds pairs of a number and an item of the list."""
    lines = source.splitlines(keepends=True)
    return [
        Mutant(
            number,
            item["name"],
            item["genre"],
            offset(lines, item["span"]["start"]),
            offset(lines, item["span"]["end"]),
            item["replacement"],
        )
        for number, item in listed
    ]


class Writer:
    """Writes a file with its mutants."""

    def __init__(self, source, mutants):
        self.source = source
        self.by_place = {}
        for one in mutants:
            self.by_place.setdefault((one.start, one.end), []).append(one)
        self.placed = set()

    def written(self):
        """Returns the instrumented file."""
        pieces = self.render(PARSER.parse(self.source).root_node)
        text, ranges, begun = b"", [], []
        for piece, number in pieces:
            if isinstance(number, tuple):
                begun.append((len(text), number))
            elif number == END:
                start, numbers = begun.pop()
                ranges += [(start, len(text), one) for one in numbers]
            elif number is not None:
                ranges.append((len(text), len(text) + len(piece), number))
            text += piece
        return Written(text, ranges, self.placed)

    def take(self, node, genre):
        """Returns the mutants of this genre whose span is this node's."""
        found = self.by_place.get((node.start_byte, node.end_byte), [])
        found = [one for one in found if one.genre == genre]
        self.placed |= {one.number for one in found}
        return found

    def text(self, node):
        return self.source[node.start_byte : node.end_byte]

    def render(self, node):
        """Returns the pieces of a node: bytes, each with the number of a mutant or None."""
        pieces, at = [], node.start_byte
        for child in node.children:
            pieces.append((self.source[at : child.start_byte], None))
            pieces += self.render(child)
            at = child.end_byte
        pieces.append((self.source[at : node.end_byte], None))
        rule = getattr(self, "write_" + node.type, None)
        return rule(node, pieces) if rule else pieces

    def switch(self, mutants, text_of, pieces):
        """Returns an expression that is one of the mutants, or else the original."""
        if not mutants:
            return pieces
        out = [(b"(", None)]
        for one in mutants:
            mutated = b"if crate::mutation::is(%d) { %s } else " % (one.number, text_of(one))
            out.append((mutated, one.number))
        return out + [(b"{ ", None)] + pieces + [(b" })", None)]

    def operator(self, node, pieces):
        sign = node.child_by_field_name("operator") or node.children[0]
        mutants = self.take(sign, "BinaryOperator") + self.take(sign, "UnaryOperator")
        mutants += self.take(node, "BinaryOperator") + self.take(node, "UnaryOperator")

        def mutated(one):
            left = self.source[node.start_byte : sign.start_byte]
            return left + one.replacement.encode() + self.source[sign.end_byte : node.end_byte]

        return self.switch(mutants, mutated, pieces)

    write_binary_expression = operator
    write_compound_assignment_expr = operator
    write_unary_expression = operator

    def write_block(self, node, pieces):
        inner = self.source[node.start_byte + 1 : node.end_byte - 1]
        start = node.start_byte + 1 + (len(inner) - len(inner.lstrip()))
        end = node.end_byte - 1 - (len(inner) - len(inner.rstrip()))
        found = []
        for place in {(node.start_byte, node.end_byte), (start, end)}:
            found += [one for one in self.by_place.get(place, []) if one.genre == "FnValue"]
        if not found:
            return pieces
        if b"impl Iterator" in self.returned(node):
            return self.cut_short(found, pieces)
        self.placed |= {one.number for one in found}
        returns = [
            (b" if crate::mutation::is(%d) { return %s; }" % (one.number, one.replacement.encode()), one.number)
            for one in found
        ]
        # The first piece that is not empty is the brace.
        place = next(index for index, (text, _) in enumerate(pieces) if text == b"{")
        return pieces[: place + 1] + returns + pieces[place + 1 :]

    def returned(self, node):
        kind = node.parent.child_by_field_name("return_type")
        return self.text(kind) if kind else b""

    def cut_short(self, found, pieces):
        """An iterator of an unnamed type becomes empty by taking nothing of it. Other values have
        another type and need a build of their own."""
        empty = [one for one in found if one.replacement == "::std::iter::empty()"]
        self.placed |= {one.number for one in empty}
        for one in empty:
            most = b"if crate::mutation::is(%d) { 0 } else { usize::MAX }" % one.number
            pieces = [(b"{ Iterator::take(", None)] + pieces + [(b", " + most + b") }", one.number)]
        return pieces

    def write_match_expression(self, node, pieces):
        """A deleted arm may leave a match incomplete. The compiler then blames its value."""
        arms = [one for one in node.child_by_field_name("body").children if one.type == "match_arm"]
        deleted = tuple(one.number for arm in arms for one in self.take(arm, "MatchArm"))
        value = node.child_by_field_name("value")
        if not deleted:
            return pieces
        out, at = [], node.start_byte
        for child in node.children:
            out.append((self.source[at : child.start_byte], None))
            inner = self.render(child)
            out += [(b"", deleted)] + inner + [(b"", END)] if child == value else inner
            at = child.end_byte
        return out + [(self.source[at : node.end_byte], None)]

    def write_match_arm(self, node, pieces):
        deleted = self.take(node, "MatchArm")
        pattern = node.child_by_field_name("pattern")
        guard = pattern.child_by_field_name("condition")
        replaced = self.take(guard, "MatchArmGuard") if guard else []
        if not deleted and not replaced:
            return pieces
        inner = pattern.children[0]
        out = [(self.source[node.start_byte : inner.start_byte], None)] + self.render(inner)
        out.append((b" if ", None))
        if deleted:
            out += [(b"!crate::mutation::is(%d)" % one.number, one.number) for one in deleted]
        if guard:
            out.append((b" && (" if deleted else b"(", None))
            for one in replaced:
                sign = b"crate::mutation::is(%d) || " if one.replacement == "true" else b"!crate::mutation::is(%d) && "
                out.append((sign % one.number + b"(", one.number))
            out += self.render(guard) + [(b")" * (len(replaced) + 1), None)]
        rest = [(self.source[pattern.end_byte : pattern.next_sibling.start_byte], None)]
        at = pattern.end_byte
        for child in node.children[node.children.index(pattern) + 1 :]:
            rest.append((self.source[at : child.start_byte], None))
            rest += self.render(child)
            at = child.end_byte
        return out + rest[1:]

    def write_field_initializer(self, node, pieces):
        return self.field(node, node.child_by_field_name("value"), pieces)

    def write_shorthand_field_initializer(self, node, pieces):
        return self.field(node, None, pieces)

    def field(self, node, value, pieces):
        deleted = self.take(node, "StructField")
        if not deleted:
            return pieces
        literal = node.parent.parent
        kind = self.text(literal.child_by_field_name("name")).decode()
        base = next(one for one in node.parent.children if one.type == "base_field_initializer")
        base = self.text(base).decode().lstrip(". ")
        name = re.match(r"\w+", self.text(node).decode())[0]
        given = self.render(value) if value else [(name.encode(), None)]
        text = "let base: %s = %s; base.%s" % (kind, base, name)
        return [(("%s: " % name).encode(), None)] + self.switch(deleted, lambda _: text.encode(), given)
