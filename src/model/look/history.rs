//! What was used of the cluster in the last minutes, for sparklines.

use super::rows::Usage;
use crate::model::run::At;
use std::collections::{BTreeMap, VecDeque};

/// So many measurements are kept: half an hour at one in fifteen seconds.
const KEPT: usize = 120;

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Point {
    pub at: At,
    pub millicores: u64,
    pub bytes: u64,
}

/// The last measurements of each node, and of all together under the empty name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    nodes: BTreeMap<String, VecDeque<Point>>,
}

impl History {
    /// Takes in a measurement; one that was seen before (the same moment) changes nothing.
    pub fn take(&mut self, at: At, usage: &Usage) {
        let mut all = usage.nodes.clone();
        all.push(usage.total());
        self.nodes.retain(|name, _| all.iter().any(|node| node.name == *name));
        for node in all {
            let points = self.nodes.entry(node.name).or_default();
            if points.back().is_some_and(|last| last.at >= at) {
                continue;
            }
            if points.len() == KEPT {
                points.pop_front();
            }
            points.push_back(Point { at, millicores: node.millicores, bytes: node.bytes });
        }
    }

    /// The oldest first. The empty name is the whole cluster.
    pub fn of(&self, node: &str) -> impl ExactSizeIterator<Item = &Point> {
        static NONE: VecDeque<Point> = VecDeque::new();
        self.nodes.get(node).unwrap_or(&NONE).iter()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::NodeUse;
    use super::*;

    #[test]
    fn only_so_many_are_kept_and_a_node_that_left_is_forgotten() {
        let at = |second: i64| At(time::OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(second));
        let node = |name: &str, bytes| NodeUse { name: name.into(), bytes, ..NodeUse::default() };
        let mut history = History::default();
        for second in 0..200 {
            history.take(at(second), &Usage { nodes: vec![node("a", 1), node("b", 2)], pods: vec![] });
        }
        assert_eq!(history.of("").len(), KEPT);
        assert_eq!(history.of("").last().map(|point| point.bytes), Some(3));
        history.take(at(300), &Usage { nodes: vec![node("a", 1)], pods: vec![] });
        assert_eq!(history.of("b").len(), 0);
        history.take(at(300), &Usage { nodes: vec![node("a", 9)], pods: vec![] });
        assert_eq!(history.of("a").last().map(|point| point.bytes), Some(1));
    }
}
