//! Who may start: Kahn's count of open edges, a queue by priority and free slots per class. Pure; the dispatcher tells it what ended.

use super::order;
use super::plan::{Edges, Plan};
use super::slots::{ResourceClass, Slots};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Where a node stands for scheduling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Edges are open, or it is queued for a slot.
    Waiting,
    Running,
    Ended {
        /// The node whose failure (or leaving out) is at the root, for one that was left out because of it.
        blocked_by: Option<usize>,
        success: bool,
    },
}

impl Place {
    fn ended(self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    fn succeeded(self) -> bool {
        matches!(self, Self::Ended { success: true, .. })
    }
}

/// A node that cannot run any more, with the step it needs and the step at the root of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocked {
    pub node: usize,
    pub needs: usize,
    pub root: usize,
}

#[derive(Debug)]
pub(super) struct Board {
    edges: Vec<Edges>,
    finally: Vec<bool>,
    class: Vec<ResourceClass>,
    priority: Vec<u64>,
    place: Vec<Place>,
    open: Vec<usize>,
    /// Longest remaining path first, then the order of the plan. May hold nodes that do not wait any more.
    queues: [BinaryHeap<(u64, Reverse<usize>)>; 5],
    running: [usize; 5],
    slots: Slots,
    unended: usize,
}

impl Board {
    pub fn new(plan: &Plan, slots: Slots) -> Self {
        let mut board = Self {
            edges: plan.edges.clone(),
            finally: plan.nodes.iter().map(|node| node.data.finally).collect(),
            class: plan.nodes.iter().map(|node| node.class).collect(),
            priority: plan.priorities(),
            place: vec![Place::Waiting; plan.nodes.len()],
            open: Vec::new(),
            queues: Default::default(),
            running: [0; 5],
            slots,
            unended: plan.nodes.len(),
        };
        board.recount();
        board
    }

    pub fn place(&self, node: usize) -> Place {
        self.place.get(node).copied().unwrap_or(Place::Waiting)
    }

    pub fn all_ended(&self) -> bool {
        self.unended == 0
    }

    pub fn is_finally(&self, node: usize) -> bool {
        self.finally.get(node).copied().unwrap_or(false)
    }

    pub fn until(&self, node: usize) -> &[usize] {
        self.edges.get(node).map_or(&[], |own| &own.until)
    }

    /// The next node that may start, now marked as running; `None` when no class has both a slot and a node.
    pub fn start_next(&mut self) -> Option<usize> {
        for class in ResourceClass::ALL {
            let slots = self.slots.get(class);
            let (Some(running), Some(queue)) = (self.running.get_mut(class.index()), self.queues.get_mut(class.index())) else {
                continue;
            };
            while *running < slots {
                let Some((_, Reverse(node))) = queue.pop() else { break };
                let Some(place) = self.place.get_mut(node).filter(|place| **place == Place::Waiting) else {
                    continue;
                };
                *place = Place::Running;
                *running += 1;
                return Some(node);
            }
        }
        None
    }

    /// Notes the end of `node`, and gives those that can never run because of it; they count as ended too.
    pub fn end(&mut self, node: usize, success: bool) -> Vec<Blocked> {
        self.end_with(node, success, None)
    }

    fn end_with(&mut self, node: usize, success: bool, root: Option<usize>) -> Vec<Blocked> {
        let mut blocked = Vec::new();
        let mut ended = vec![(node, success, root)];
        while let Some((node, success, root)) = ended.pop() {
            let before = self.place(node);
            if before.ended() {
                continue;
            }
            if before == Place::Running {
                let class = self.class.get(node).map_or(0, |class| class.index());
                if let Some(running) = self.running.get_mut(class) {
                    *running -= 1;
                }
            }
            self.set(node, Place::Ended { blocked_by: root, success });
            self.unended -= 1;
            for dependent in self.edges.get(node).map(|own| own.dependents.clone()).unwrap_or_default() {
                if self.place(dependent) != Place::Waiting {
                    continue;
                }
                let must_succeed = !self.is_finally(dependent) && self.edges.get(dependent).is_some_and(|own| own.needs.contains(&node));
                if must_succeed && !success {
                    let root = root.unwrap_or(node);
                    if !blocked.iter().any(|known: &Blocked| known.node == dependent) {
                        blocked.push(Blocked { node: dependent, needs: node, root });
                        ended.push((dependent, false, Some(root)));
                    }
                } else if let Some(open) = self.open.get_mut(dependent) {
                    *open -= 1;
                    if *open == 0 {
                        self.queue(dependent);
                    }
                }
            }
        }
        blocked
    }

    /// Lets an ended node run again, and all that were left out because of it. Gives them in an order in which they can run, and those of them that
    /// cannot run for another reason after all.
    pub fn rearm(&mut self, node: usize) -> (Vec<usize>, Vec<Blocked>) {
        let mut rearmed = vec![];
        for at in order::topological(&self.edges) {
            let again = match self.place(at) {
                Place::Ended { blocked_by: Some(root), .. } => root == node || self.failed_need(at).is_none(),
                Place::Ended { blocked_by: None, .. } => at == node,
                Place::Waiting | Place::Running => false,
            };
            if again {
                self.set(at, Place::Waiting);
                self.unended += 1;
                rearmed.push(at);
            }
        }
        self.recount();
        let mut blocked = Vec::new();
        for at in &rearmed {
            if let Some(needs) = self.failed_need(*at).filter(|_| *at != node && self.place(*at) == Place::Waiting) {
                let root = match self.place(needs) {
                    Place::Ended { blocked_by: Some(root), .. } => root,
                    _ => needs,
                };
                blocked.push(Blocked { node: *at, needs, root });
                blocked.extend(self.end_with(*at, false, Some(root)));
            }
        }
        (rearmed, blocked)
    }

    /// A step that `node` needs and that has ended without success.
    fn failed_need(&self, node: usize) -> Option<usize> {
        let needs = self.edges.get(node).map(|own| &own.needs).filter(|_| !self.is_finally(node))?;
        needs.iter().copied().find(|need| self.place(*need).ended() && !self.place(*need).succeeded())
    }

    /// Nodes that neither run nor ended, in the order of the plan.
    pub fn waiting(&self) -> Vec<usize> {
        self.place.iter().enumerate().filter(|(_, place)| **place == Place::Waiting).map(|(node, _)| node).collect()
    }

    fn set(&mut self, node: usize, to: Place) {
        if let Some(place) = self.place.get_mut(node) {
            *place = to;
        }
    }

    fn queue(&mut self, node: usize) {
        let (Some(class), Some(priority)) = (self.class.get(node), self.priority.get(node)) else {
            return;
        };
        if let Some(queue) = self.queues.get_mut(class.index()) {
            queue.push((*priority, Reverse(node)));
        }
    }

    /// Counts open edges from scratch and queues whoever has none.
    fn recount(&mut self) {
        self.open =
            self.edges.iter().map(|own| own.needs.iter().chain(&own.after).filter(|at| !self.place(**at).ended()).count()).collect();
        self.queues = Default::default();
        for node in self.waiting() {
            if self.open.get(node) == Some(&0) {
                self.queue(node);
            }
        }
    }
}
