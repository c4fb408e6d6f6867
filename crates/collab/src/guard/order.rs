//! The order in which the items of each text, array and map key stand, as every Yjs program works it out,
//! and whether the neighbours an item names ever stood beside each other.
//!
//! All copies of a document agree on its order when each item was put between two that were neighbours in
//! what its author knew. An item may lie about that: its right neighbour may stand to the left of the left
//! one, or something both build on may stand between them. Such an item has no place all agree on, and who
//! comes later reads another text. It is refused here, before the document sees it. What an author could not
//! know yet may stand between the two: that is how people write at the same time.

use std::collections::{HashMap, HashSet};

use super::parse::Id;

/// Where an item stands that names no neighbour: under a root or in a shared type, and for maps the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Chain {
    Root(String, Option<String>),
    Item(Id, Option<String>),
}

/// A new item, or the new part of one.
#[derive(Clone, Debug)]
pub(super) struct Insert {
    pub(super) client: u64,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) left: Option<Id>,
    pub(super) right: Option<Id>,
    /// What it says of its place when it has no neighbours.
    pub(super) chain: Option<Chain>,
}

/// Items looked at for one update. Finding a place takes one when its neighbours stand beside each other, as many
/// as the text has pieces when others wrote between them.
const STEPS_MAX: usize = 4_000_000;

/// Why an update has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misplaced {
    /// The neighbours of an item never stood beside each other.
    Forged,
    /// More than [`STEPS_MAX`].
    TooMuch,
}

/// Items of one client that follow each other in clock and place, each put behind the one before.
#[derive(Clone, Debug)]
struct Node {
    client: u64,
    start: u32,
    end: u32,
    left: Option<Id>,
    right: Option<Id>,
    chain: usize,
    before: Option<usize>,
    after: Option<usize>,
}

/// A change that can be taken back.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The last node of all is new.
    Inserted,
    /// The last node of all is the second part of this one.
    Split(usize),
    /// The node ended here before.
    Extended(usize, u32),
}

/// The order of all items.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    nodes: Vec<Node>,
    /// First node of each chain.
    first: Vec<Option<usize>>,
    chains: HashMap<Chain, usize>,
    /// Start and node, by client, in the order of starts.
    by_client: HashMap<u64, Vec<(u32, usize)>>,
    /// What the update in hand changed.
    steps: Vec<Step>,
    /// Items looked at for it.
    looked_at: usize,
}

impl Orders {
    /// Puts the items of one update in their places.
    ///
    /// # Errors
    /// One of them has none that all agree on; nothing is changed then.
    pub(super) fn judge(&mut self, inserts: &[Insert]) -> Result<(), Misplaced> {
        self.steps.clear();
        self.looked_at = 0;
        let outcome = inserts.iter().try_for_each(|insert| self.put(insert, true));
        if outcome.is_err() {
            self.take_back();
        }
        outcome
    }

    /// Puts items in their places that were accepted before, as well as can be.
    pub(super) fn extend(&mut self, inserts: &[Insert]) {
        for insert in inserts {
            // Only judged items can be refused.
            let _ = self.put(insert, true);
        }
        self.steps.clear();
    }

    /// Takes back what the last [`Orders::judge`] did.
    pub(super) fn take_back(&mut self) {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Extended(node, end) => {
                    if let Some(node) = self.nodes.get_mut(node) {
                        node.end = end;
                    }
                }
                Step::Inserted => {
                    self.unlink();
                }
                Step::Split(first) => {
                    let end = self.unlink().map(|second| second.end);
                    if let (Some(node), Some(end)) = (self.nodes.get_mut(first), end) {
                        node.end = end;
                    }
                }
            }
        }
    }

    /// Removes the newest node.
    fn unlink(&mut self) -> Option<Node> {
        let node = self.nodes.pop()?;
        self.join(node.chain, node.before, node.after);
        if let Some(starts) = self.by_client.get_mut(&node.client) {
            let at = starts.partition_point(|(start, _)| *start < node.start);
            if at < starts.len() {
                starts.remove(at);
            }
        }
        Some(node)
    }

    /// Makes two nodes neighbours; `None` is the end of the chain.
    fn join(&mut self, chain: usize, before: Option<usize>, after: Option<usize>) {
        match before {
            Some(before) => {
                if let Some(node) = self.nodes.get_mut(before) {
                    node.after = after;
                }
            }
            None => {
                if let Some(first) = self.first.get_mut(chain) {
                    *first = after;
                }
            }
        }
        if let Some(node) = after.and_then(|after| self.nodes.get_mut(after)) {
            node.before = before;
        }
    }

    fn find(&self, (client, clock): Id) -> Option<usize> {
        let starts = self.by_client.get(&client)?;
        let at = starts
            .partition_point(|(start, _)| *start <= clock)
            .checked_sub(1)?;
        let (_, node) = *starts.get(at)?;
        (clock < self.nodes.get(node)?.end).then_some(node)
    }

    /// The node that begins with an item.
    fn starting_at(&mut self, id: Id) -> Option<usize> {
        let node = self.find(id)?;
        if self.nodes.get(node)?.start == id.1 {
            Some(node)
        } else {
            self.split(node, id.1)
        }
    }

    /// The node that ends with an item.
    fn ending_at(&mut self, id: Id) -> Option<usize> {
        let node = self.find(id)?;
        let next = id.1.checked_add(1)?;
        if self.nodes.get(node)?.end > next {
            self.split(node, next)?;
        }
        Some(node)
    }

    /// Cuts a node in two; the second part.
    fn split(&mut self, first: usize, at: u32) -> Option<usize> {
        let node = self.nodes.get_mut(first)?;
        let second = Node {
            start: at,
            left: Some((node.client, at.checked_sub(1)?)),
            before: Some(first),
            ..node.clone()
        };
        node.end = at;
        let new = self.push(second);
        self.steps.push(Step::Split(first));
        Some(new)
    }

    /// Adds a node between its neighbours.
    fn push(&mut self, node: Node) -> usize {
        let new = self.nodes.len();
        let (chain, before, after) = (node.chain, node.before, node.after);
        let starts = self.by_client.entry(node.client).or_default();
        let at = starts.partition_point(|(start, _)| *start < node.start);
        starts.insert(at, (node.start, new));
        self.nodes.push(node);
        self.join(chain, before, Some(new));
        self.join(chain, Some(new), after);
        new
    }

    fn after(&self, chain: usize, node: Option<usize>) -> Option<usize> {
        match node {
            Some(node) => self.nodes.get(node)?.after,
            None => self.first.get(chain).copied().flatten(),
        }
    }

    fn chain(&mut self, insert: &Insert, left: Option<usize>, right: Option<usize>) -> Option<usize> {
        if let Some(beside) = left.or(right) {
            return self.nodes.get(beside).map(|node| node.chain);
        }
        let chain = insert.chain.as_ref()?;
        if let Some(known) = self.chains.get(chain) {
            return Some(*known);
        }
        let new = self.first.len();
        self.first.push(None);
        self.chains.insert(chain.clone(), new);
        Some(new)
    }

    fn put(&mut self, insert: &Insert, judged: bool) -> Result<(), Misplaced> {
        // The right one first: cut at the left one afterwards, it stays the node that begins there.
        let right = insert.right.and_then(|id| self.starting_at(id));
        let left = insert.left.and_then(|id| self.ending_at(id));
        let known = left.is_some() == insert.left.is_some() && right.is_some() == insert.right.is_some();
        if judged && !known {
            return Err(Misplaced::Forged);
        }
        let chain = self.chain(insert, left, right).ok_or(Misplaced::Forged)?;
        let next = self.after(chain, left);
        let mut before = left;
        if next != right {
            if judged {
                let between = self.between(chain, next, right).ok_or(Misplaced::Forged)?;
                self.looked_at += between.len();
                if !self.nothing_known(insert, chain, &between) {
                    return Err(Misplaced::Forged);
                }
                if self.looked_at > STEPS_MAX {
                    return Err(Misplaced::TooMuch);
                }
            }
            before = self.resolve(insert, left, next, right);
        }
        self.place(insert, chain, before);
        Ok(())
    }

    /// The nodes from one up to another; `None` when the other does not come.
    fn between(&self, chain: usize, from: Option<usize>, to: Option<usize>) -> Option<Vec<usize>> {
        if to
            .and_then(|to| self.nodes.get(to))
            .is_some_and(|node| node.chain != chain)
        {
            return None;
        }
        let mut between = Vec::new();
        let mut at = from;
        while at != to {
            let node = at?;
            between.push(node);
            at = self.nodes.get(node)?.after;
        }
        Some(between)
    }

    /// Whether neither neighbour of an item builds on anything that stands between them.
    fn nothing_known(&mut self, insert: &Insert, chain: usize, between: &[usize]) -> bool {
        let mut looked_at = 0;
        let mut earliest: HashMap<u64, u32> = HashMap::new();
        for node in between.iter().filter_map(|node| self.nodes.get(*node)) {
            let start = earliest.entry(node.client).or_insert(node.start);
            *start = node.start.min(*start);
        }
        // Who knows an item knows all earlier ones of its client and their neighbours.
        let mut known: HashMap<u64, u32> = HashMap::new();
        let mut todo: Vec<Id> = insert.left.into_iter().chain(insert.right).collect();
        while let Some((client, clock)) = todo.pop() {
            let from = known.get(&client).copied().unwrap_or(0);
            if clock < from {
                continue;
            }
            if earliest.get(&client).is_some_and(|start| *start <= clock) {
                return false;
            }
            known.insert(client, clock.saturating_add(1));
            let starts = self.by_client.get(&client).map(Vec::as_slice).unwrap_or_default();
            let first = starts.partition_point(|(start, _)| *start < from);
            let last = starts.partition_point(|(start, _)| *start <= clock);
            looked_at += last.saturating_sub(first);
            for (_, node) in starts.get(first..last).unwrap_or_default() {
                if let Some(node) = self.nodes.get(*node).filter(|node| node.chain == chain) {
                    let others = node.left.into_iter().chain(node.right);
                    todo.extend(others.filter(|(of, at)| known.get(of).is_none_or(|end| at >= end)));
                }
            }
        }
        self.looked_at += looked_at;
        true
    }

    /// The node behind which an item goes when others stand where it wants to be: the rule of Yjs.
    fn resolve(
        &self,
        insert: &Insert,
        left: Option<usize>,
        next: Option<usize>,
        right: Option<usize>,
    ) -> Option<usize> {
        let mut before = left;
        let (mut passed, mut conflicting) = (HashSet::new(), HashSet::new());
        let mut at = next;
        while let Some(here) = at.filter(|_| at != right) {
            let Some(node) = self.nodes.get(here) else { break };
            passed.insert(here);
            conflicting.insert(here);
            if node.left == insert.left {
                if node.client < insert.client {
                    before = Some(here);
                    conflicting.clear();
                } else if node.right == insert.right {
                    break;
                }
            } else {
                match node.left.and_then(|id| self.find(id)) {
                    Some(origin) if passed.contains(&origin) => {
                        if !conflicting.contains(&origin) {
                            before = Some(here);
                            conflicting.clear();
                        }
                    }
                    _ => break,
                }
            }
            at = node.after;
        }
        before
    }

    fn place(&mut self, insert: &Insert, chain: usize, before: Option<usize>) {
        let after = self.after(chain, before);
        if let Some(place) = before
            && let Some(node) = self.nodes.get_mut(place)
            && node.client == insert.client
            && node.end == insert.start
            && node.right == insert.right
            && insert.left == node.end.checked_sub(1).map(|last| (node.client, last))
        {
            self.steps.push(Step::Extended(place, node.end));
            node.end = insert.end;
            return;
        }
        self.push(Node {
            client: insert.client,
            start: insert.start,
            end: insert.end,
            left: insert.left,
            right: insert.right,
            chain,
            before,
            after,
        });
        self.steps.push(Step::Inserted);
    }

    /// The items of a chain from left to right: client, start and end.
    #[cfg(test)]
    pub(super) fn read(&self, chain: &Chain) -> Vec<(u64, u32, u32)> {
        let mut read = Vec::new();
        let mut at = self
            .chains
            .get(chain)
            .and_then(|chain| self.first.get(*chain).copied().flatten());
        while let Some(node) = at.and_then(|at| self.nodes.get(at)) {
            read.push((node.client, node.start, node.end));
            at = node.after;
        }
        read
    }
}
