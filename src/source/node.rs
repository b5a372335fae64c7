//! The tree of a document: values with positions, 24 bytes a node, one allocation a document.
//!
//! Nodes lie in one list in the order in which they are written (a map's children are key, value, key, value, ...),
//! and each knows how many nodes belong to it, so that a sibling is one addition away. Strings that are written as they
//! are meant point into the file's text; only the others (escapes, folded lines) are kept apart.

use super::{FieldPath, SourceId, Span, Step};

/// The nodes of one document. Read through [`Node`].
#[derive(Debug, Clone, Default)]
pub struct Tree {
    nodes: Vec<Data>,
    /// Strings whose text in the file is not their value, one after the other.
    decoded: String,
    /// How many nodes aliases have repeated.
    repeated: u32,
}

#[derive(Debug, Clone, Copy)]
struct Data {
    start: u32,
    end: u32,
    /// Nodes of this subtree, this one included.
    size: u32,
    value: Value,
}

/// What a node holds; strings as (offset, length).
#[derive(Debug, Clone, Copy)]
enum Value {
    Null,
    Bool(bool),
    Int([u32; 2]),
    UInt([u32; 2]),
    Float([u32; 2]),
    Written(u32, u32),
    Decoded(u32, u32),
    Seq,
    Map,
}

/// A value of a document and its position: a cheap handle.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    tree: &'a Tree,
    source: SourceId,
    text: &'a str,
    index: u32,
}

/// The value of a [`Node`].
#[derive(Debug, Clone)]
pub enum NodeKind<'a> {
    /// `null`, `~` or nothing.
    Null,
    /// `true`, `yes`, `on`, `y` and their opposites.
    Bool(bool),
    /// An integer, negative or up to `i64::MAX`; a decimal number without fraction too.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A decimal number.
    Float(f64),
    /// A string.
    String(&'a str),
    /// A list.
    Seq(Seq<'a>),
    /// A map; keys are unique strings.
    Map(Map<'a>),
}

/// The items of a list.
#[derive(Debug, Clone)]
pub struct Seq<'a> {
    next: Node<'a>,
    end: u32,
}

/// The entries of a map, in the order in which they are written.
#[derive(Debug, Clone)]
pub struct Map<'a> {
    next: Node<'a>,
    end: u32,
}

impl Tree {
    /// Returns the root. `text` is the whole text of the file `source`.
    pub fn root<'a>(&'a self, source: SourceId, text: &'a str) -> Node<'a> {
        self.node(source, text, 0)
    }

    /// Returns the node of an index that [`Node::index`] gave.
    pub fn node<'a>(&'a self, source: SourceId, text: &'a str, index: u32) -> Node<'a> {
        Node { tree: self, source, text, index }
    }

    /// Returns how many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns how many nodes are there because an alias repeats them.
    pub(crate) fn repeated(&self) -> u32 {
        self.repeated
    }

    /// Returns whether there is no node: an empty document.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

impl<'a> Node<'a> {
    /// Returns the value.
    pub fn kind(self) -> NodeKind<'a> {
        let join = |[high, low]: [u32; 2]| u64::from(high) << 32 | u64::from(low);
        let Some(data) = self.tree.nodes.get(self.index as usize) else { return NodeKind::Null };
        match data.value {
            Value::Null => NodeKind::Null,
            Value::Bool(value) => NodeKind::Bool(value),
            Value::Int(bits) => NodeKind::Int(join(bits).cast_signed()),
            Value::UInt(bits) => NodeKind::UInt(join(bits)),
            Value::Float(bits) => NodeKind::Float(f64::from_bits(join(bits))),
            Value::Written(start, len) => NodeKind::String(slice(self.text, start, len)),
            Value::Decoded(start, len) => NodeKind::String(slice(&self.tree.decoded, start, len)),
            Value::Seq => NodeKind::Seq(Seq { next: self.first_child(), end: self.index + data.size }),
            Value::Map => NodeKind::Map(Map { next: self.first_child(), end: self.index + data.size }),
        }
    }

    /// Returns where the value is written; of an alias, where its anchor is.
    pub fn span(self) -> Span {
        let (start, end) = self.tree.nodes.get(self.index as usize).map_or((0, 0), |data| (data.start, data.end));
        Span { source: self.source, start, end }
    }

    /// Returns the node's index in its tree.
    pub fn index(self) -> u32 {
        self.index
    }

    /// Returns the value of a map's key.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entries().find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// Returns the node of a map's key itself, for its position.
    pub fn key(self, key: &str) -> Option<Node<'a>> {
        self.entries().map(|(name, _)| name).find(|name| name.as_str() == Some(key))
    }

    /// Returns the entries of a map; none for other values.
    pub fn entries(self) -> Map<'a> {
        match self.kind() {
            NodeKind::Map(map) => map,
            _ => Map { next: self, end: 0 },
        }
    }

    /// Returns the items of a list; none for other values.
    pub fn items(self) -> Seq<'a> {
        match self.kind() {
            NodeKind::Seq(seq) => seq,
            _ => Seq { next: self, end: 0 },
        }
    }

    /// Returns the text of a string.
    pub fn as_str(self) -> Option<&'a str> {
        match self.kind() {
            NodeKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the index of the key or the innermost value that begins at a byte of the file, or holds it.
    pub(crate) fn index_at(self, at: u32) -> Option<u32> {
        let holds = |node: Node<'_>| {
            let span = node.span();
            span.start <= at && at < span.end.max(span.start + 1)
        };
        let inner = match self.kind() {
            NodeKind::Seq(items) => items.into_iter().find_map(|item| item.index_at(at)),
            NodeKind::Map(entries) => entries
                .into_iter()
                .find_map(|(key, value)| if holds(key) { Some(key.index()) } else { value.index_at(at) }),
            _ => None,
        };
        inner.or_else(|| holds(self).then_some(self.index()))
    }

    /// Returns the text of the string that is written at a byte of the file.
    pub(crate) fn scalar_at(self, at: u32) -> Option<&'a str> {
        match self.kind() {
            NodeKind::String(text) => {
                let span = self.span();
                (span.start <= at && at < span.end.max(span.start + 1)).then_some(text)
            }
            NodeKind::Seq(items) => items.into_iter().find_map(|item| item.scalar_at(at)),
            NodeKind::Map(entries) => entries.into_iter().find_map(|(_, value)| value.scalar_at(at)),
            _ => None,
        }
    }

    /// Returns whether the value is null.
    pub fn is_null(self) -> bool {
        matches!(self.kind(), NodeKind::Null)
    }

    /// Returns the value at a path, if the path exists.
    pub fn at(self, path: &FieldPath) -> Option<Node<'a>> {
        path.0.iter().try_fold(self, Node::step)
    }

    /// Returns the place to show for a path: the value there or, where the path ends early, the last that exists.
    ///
    /// Of a list or map below the root it is the key that names it: the whole of it would be many lines.
    pub fn place(self, path: &FieldPath) -> Span {
        let (mut node, mut named) = (self, None);
        for step in &path.0 {
            let Some(next) = node.step(step) else { break };
            named = match (step, next.kind()) {
                (Step::Key(key), NodeKind::Map(_) | NodeKind::Seq(_) | NodeKind::Null) => {
                    Some(node.key(key).map_or(next.span(), Node::span))
                }
                _ => None,
            };
            node = next;
        }
        named.unwrap_or_else(|| first_line(node))
    }

    /// Returns the path from this node to the node of an index inside of it.
    ///
    /// The index of a map's key gives the path of its value.
    pub fn path_to(self, index: u32) -> FieldPath {
        let mut steps = Vec::new();
        let mut node = self;
        'down: while node.index != index {
            match node.kind() {
                NodeKind::Map(map) => {
                    for (key, value) in map {
                        if key.index == index || value.contains(index) {
                            steps.push(Step::Key(key.as_str().unwrap_or_default().to_owned()));
                            if key.index == index {
                                break 'down;
                            }
                            node = value;
                            continue 'down;
                        }
                    }
                }
                NodeKind::Seq(seq) => {
                    for (position, item) in seq.enumerate() {
                        if item.contains(index) {
                            steps.push(Step::Index(position));
                            node = item;
                            continue 'down;
                        }
                    }
                }
                _ => {}
            }
            break;
        }
        FieldPath(steps)
    }

    /// Returns the value as JSON.
    pub fn to_json(self) -> serde_json::Value {
        use serde_json::Value;
        match self.kind() {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(value),
            NodeKind::Int(value) => Value::from(value),
            NodeKind::UInt(value) => Value::from(value),
            NodeKind::Float(value) => Value::from(value),
            NodeKind::String(text) => Value::from(text),
            NodeKind::Seq(seq) => seq.map(Node::to_json).collect(),
            NodeKind::Map(map) => Value::Object(
                map.map(|(key, value)| (key.as_str().unwrap_or("").to_owned(), value.to_json())).collect(),
            ),
        }
    }

    fn step(self, step: &Step) -> Option<Node<'a>> {
        match step {
            Step::Key(key) => self.get(key),
            Step::Index(index) => self.items().nth(*index),
        }
    }

    fn contains(self, index: u32) -> bool {
        (self.index..self.index + self.size()).contains(&index)
    }

    fn size(self) -> u32 {
        self.tree.nodes.get(self.index as usize).map_or(1, |data| data.size)
    }

    fn first_child(self) -> Node<'a> {
        Node { index: self.index + 1, ..self }
    }

    fn sibling(self) -> Node<'a> {
        Node { index: self.index + self.size(), ..self }
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.to_json())
    }
}

impl<'a> Iterator for Seq<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let item = self.next;
        (item.index < self.end).then(|| {
            self.next = item.sibling();
            item
        })
    }
}

impl<'a> Iterator for Map<'a> {
    type Item = (Node<'a>, Node<'a>);

    fn next(&mut self) -> Option<(Node<'a>, Node<'a>)> {
        let key = self.next;
        (key.index < self.end).then(|| {
            let value = key.sibling();
            self.next = value.sibling();
            (key, value)
        })
    }
}

/// Returns a node's span, cut at the end of its first line when it is a list or map.
fn first_line(node: Node<'_>) -> Span {
    let span = node.span();
    match node.kind() {
        NodeKind::Map(_) | NodeKind::Seq(_) => {
            let text = slice(node.text, span.start, span.end.saturating_sub(span.start));
            let line = text.find(['\n', '\r']).unwrap_or(text.len());
            Span { end: span.start + u32::try_from(line).unwrap_or(0), ..span }
        }
        _ => span,
    }
}

fn slice(text: &str, start: u32, len: u32) -> &str {
    text.get(start as usize..start as usize + len as usize).unwrap_or("")
}

/// Makes a [`Tree`] from values in the order in which they are written.
#[derive(Debug, Default)]
pub(crate) struct TreeBuilder {
    tree: Tree,
}

/// Nodes of a tree, to be repeated in it.
#[derive(Debug)]
pub(crate) struct Nodes(Vec<Data>);

impl Nodes {
    /// Returns how many nodes belong to one.
    pub(crate) fn size(&self, index: u32) -> u32 {
        self.0.get(index as usize).map_or(1, |data| data.size)
    }

    /// Returns how many lists and maps are inside of each other in a node.
    pub(crate) fn depth(&self, index: u32) -> usize {
        depth(part(&self.0, index))
    }
}

/// Returns the nodes that belong to one.
fn part(nodes: &[Data], index: u32) -> &[Data] {
    let start = index as usize;
    let size = nodes.get(start).map_or(1, |data| data.size as usize);
    nodes.get(start..start + size).unwrap_or_default()
}

fn depth(nodes: &[Data]) -> usize {
    let mut ends: Vec<usize> = Vec::new();
    let mut deepest = 0;
    for (at, data) in nodes.iter().enumerate() {
        while ends.last().is_some_and(|end| *end <= at) {
            ends.pop();
        }
        if matches!(data.value, Value::Seq | Value::Map) {
            ends.push(at + data.size as usize);
            deepest = deepest.max(ends.len());
        }
    }
    deepest
}

/// A value without children.
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    String(&'a str),
}

impl TreeBuilder {
    /// Returns the index that the next node gets.
    pub(crate) fn next(&self) -> u32 {
        u32::try_from(self.tree.nodes.len()).unwrap_or(u32::MAX)
    }

    /// Adds a value. `text` is the text of the whole file: a string found in the span is not copied.
    pub(crate) fn scalar(&mut self, scalar: &Scalar<'_>, text: &str, start: u32, end: u32) {
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
        let split = |bits: u64| [(bits >> 32) as u32, bits as u32];
        let value = match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(*value),
            Scalar::Int(value) => Value::Int(split(value.cast_unsigned())),
            Scalar::UInt(value) => Value::UInt(split(*value)),
            Scalar::Float(value) => Value::Float(split(value.to_bits())),
            Scalar::String(value) => self.string(value, text, start, end),
        };
        self.tree.nodes.push(Data { start, end, size: 1, value });
    }

    /// Opens a list and returns its index, for [`Self::close`].
    pub(crate) fn open_seq(&mut self, start: u32) -> u32 {
        self.open(start, Value::Seq)
    }

    /// Opens a map and returns its index, for [`Self::close`].
    pub(crate) fn open_map(&mut self, start: u32) -> u32 {
        self.open(start, Value::Map)
    }

    /// Closes a list or map: all nodes since are its own. Without an end of its own (a bracket), its last value's counts.
    pub(crate) fn close(&mut self, index: u32, end: Option<u32>) {
        let size = self.next() - index;
        let last_end = if size > 1 { self.tree.nodes.last().map(|data| data.end) } else { None };
        if let Some(data) = self.tree.nodes.get_mut(index as usize) {
            data.size = size;
            data.end = end.or(last_end).unwrap_or(data.start).max(data.start);
        }
    }

    /// Returns a copy of all nodes from one on.
    pub(crate) fn tail(&self, index: u32) -> Nodes {
        Nodes(self.tree.nodes.get(index as usize..).unwrap_or_default().to_vec())
    }

    /// Adds a copy of nodes that were in this tree: an alias of them.
    pub(crate) fn paste(&mut self, nodes: &Nodes, index: u32) {
        self.tree.nodes.extend_from_slice(part(&nodes.0, index));
    }

    /// Adds a copy of a closed node: an alias of it.
    pub(crate) fn repeat(&mut self, index: u32) {
        let start = index as usize;
        let end = start + self.size(index) as usize;
        if end <= self.tree.nodes.len() {
            self.tree.nodes.extend_from_within(start..end);
        }
    }

    /// Returns how many lists and maps are inside of each other in a closed node.
    pub(crate) fn depth(&self, index: u32) -> usize {
        depth(part(&self.tree.nodes, index))
    }

    /// Returns how many nodes belong to a closed node.
    pub(crate) fn size(&self, index: u32) -> u32 {
        self.tree.nodes.get(index as usize).map_or(1, |data| data.size)
    }

    /// Takes the nodes from `index` on out of the tree.
    pub(crate) fn truncate(&mut self, index: u32) {
        self.tree.nodes.truncate(index as usize);
    }

    /// Returns a view of the tree so far. `text` is the text of the file `source`.
    pub(crate) fn node<'a>(&'a self, source: SourceId, text: &'a str, index: u32) -> Node<'a> {
        self.tree.node(source, text, index)
    }

    /// Replaces the children of the map at `index`, which was the last thing closed, by copies of (key, value).
    pub(crate) fn rebuild_map(&mut self, index: u32, entries: &[(u32, u32)]) {
        let mut nodes = Vec::new();
        for entry in entries {
            for child in [entry.0, entry.1] {
                let start = child as usize;
                let end = start + self.size(child) as usize;
                nodes.extend_from_slice(self.tree.nodes.get(start..end).unwrap_or_default());
            }
        }
        self.tree.nodes.truncate(index as usize + 1);
        self.tree.nodes.extend(nodes);
        let size = self.next() - index;
        if let Some(data) = self.tree.nodes.get_mut(index as usize) {
            data.size = size;
        }
    }

    /// Returns the finished tree, given how many nodes aliases have repeated.
    pub(crate) fn finish(mut self, repeated: u32) -> Tree {
        self.tree.repeated = repeated;
        self.tree.nodes.shrink_to_fit();
        self.tree.decoded.shrink_to_fit();
        self.tree
    }

    fn open(&mut self, start: u32, value: Value) -> u32 {
        let index = self.next();
        self.tree.nodes.push(Data { start, end: start, size: 1, value });
        index
    }

    fn string(&mut self, value: &str, text: &str, start: u32, end: u32) -> Value {
        let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
        // Plain as written, or between two quotes.
        for at in [start, start.saturating_add(1)] {
            if at.saturating_add(len) <= end && slice(text, at, len) == value {
                return Value::Written(at, len);
            }
        }
        let at = u32::try_from(self.tree.decoded.len()).unwrap_or(u32::MAX);
        self.tree.decoded.push_str(value);
        Value::Decoded(at, len)
    }
}
