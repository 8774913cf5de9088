//! Two questions to a graph: does it go round in a circle, and how long is the way from each node to the end.

use super::plan::Edges;

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    New,
    OnPath,
    Done,
}

/// A chain of nodes each of which waits for the next, first and last the same; `None` when there is none.
///
/// `until` counts as waiting: a step that runs until another ends never ends when that one waits for it.
pub(super) fn cycle(edges: &[Edges]) -> Option<Vec<usize>> {
    let mut seen = vec![Seen::New; edges.len()];
    for start in 0..edges.len() {
        // The path from `start`, each with how many of its edges were followed. No recursion: plans may be chains of thousands.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        if seen.get(start) != Some(&Seen::New) {
            continue;
        }
        set(&mut seen, start, Seen::OnPath);
        while let Some((node, followed)) = path.last_mut() {
            let node = *node;
            let next = edges.get(node).and_then(|own| own.needs.iter().chain(&own.after).chain(&own.until).nth(*followed).copied());
            *followed += 1;
            match next {
                None => {
                    set(&mut seen, node, Seen::Done);
                    path.pop();
                }
                Some(next) => match seen.get(next) {
                    Some(Seen::OnPath) => {
                        let from = path.iter().position(|(at, _)| *at == next).unwrap_or(0);
                        let mut found: Vec<usize> = path.iter().skip(from).map(|(at, _)| *at).collect();
                        found.push(next);
                        return Some(found);
                    }
                    Some(Seen::New) => {
                        set(&mut seen, next, Seen::OnPath);
                        path.push((next, 0));
                    }
                    _ => {}
                },
            }
        }
    }
    None
}

fn set(seen: &mut [Seen], at: usize, to: Seen) {
    if let Some(slot) = seen.get_mut(at) {
        *slot = to;
    }
}

/// Nodes so that each comes after all it waits for, by `needs` and `after`. The graph has no cycle.
pub(super) fn topological(edges: &[Edges]) -> Vec<usize> {
    let mut open: Vec<usize> = edges.iter().map(|own| own.needs.len() + own.after.len()).collect();
    let mut order: Vec<usize> = open.iter().enumerate().filter(|(_, count)| **count == 0).map(|(node, _)| node).collect();
    let mut next = 0;
    while let Some(node) = order.get(next).copied() {
        next += 1;
        for dependent in edges.get(node).map_or(&[][..], |own| &own.dependents) {
            if let Some(count) = open.get_mut(*dependent) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    order.push(*dependent);
                }
            }
        }
    }
    order
}

/// Of each node the greatest sum of `weights` over a chain that begins with it.
pub(super) fn longest_remaining(edges: &[Edges], weights: &[u64]) -> Vec<u64> {
    let mut longest = vec![0_u64; edges.len()];
    for node in topological(edges).into_iter().rev() {
        let dependents = edges.get(node).map_or(&[][..], |own| &own.dependents);
        let behind = dependents.iter().filter_map(|next| longest.get(*next)).max().copied().unwrap_or(0);
        if let Some(slot) = longest.get_mut(node) {
            *slot = behind.saturating_add(weights.get(node).copied().unwrap_or(0));
        }
    }
    longest
}
