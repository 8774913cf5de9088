//! The rows of the list of workloads: pods under what runs them, in their namespaces; filtered, sorted, one of them chosen. Made anew when
//! something changed and not when it is drawn, since there may be ten thousand.

use crate::model::look::{Condition, Looks, PodRow, WorkloadRow};
use crate::model::run::{At, Object};
use std::collections::BTreeMap;

/// By what pods are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Under what runs them.
    #[default]
    Place,
    /// Those that are not well first.
    Trouble,
    /// Those that restarted most first.
    Restarts,
    /// Those that use most CPU first.
    Cpu,
    /// Those that use most memory first.
    Memory,
    /// The newest first.
    Newest,
}

impl Order {
    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Place => Self::Trouble,
            Self::Trouble => Self::Restarts,
            Self::Restarts => Self::Cpu,
            Self::Cpu => Self::Memory,
            Self::Memory => Self::Newest,
            Self::Newest => Self::Place,
        }
    }

    /// For the title of the list; empty for the usual one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Place => "",
            Self::Trouble => "trouble first",
            Self::Restarts => "by restarts",
            Self::Cpu => "by cpu",
            Self::Memory => "by memory",
            Self::Newest => "newest first",
        }
    }
}

/// One row; numbers are places in the lists of [`Looks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A namespace, and how many pods of it are shown.
    Space(String, usize),
    /// What runs pods.
    Workload(usize),
    /// A pod; true when it stands under what runs it.
    Pod(usize, bool),
}

/// The rows that are shown.
#[derive(Debug, Default)]
pub struct Rows {
    /// In order.
    pub shown: Vec<Row>,
    /// Pods that are shown, of all.
    pub pods: (usize, usize),
    /// What is chosen; it keeps its name while rows come and go.
    chosen: Option<Object>,
    /// Where it was last.
    at: usize,
    /// It was chosen by hand; until then the first row is the chosen one, whatever comes.
    by_hand: bool,
}

impl Rows {
    /// Makes them anew.
    pub fn make(&mut self, looks: &Looks, filter: &str, order: Order, only_trouble: bool) {
        let none = (Vec::new(), Vec::new());
        let pods = looks.pods.answer().map_or(none.0.as_slice(), |pods| pods.as_slice());
        let workloads = looks.workloads.answer().map_or(none.1.as_slice(), |workloads| workloads.as_slice());
        let filter = Filter::of(filter);
        let wanted: Vec<usize> = (0..pods.len())
            .filter(|at| pods.get(*at).is_some_and(|pod| (!only_trouble || unwell(pod.condition)) && filter.takes_pod(pod)))
            .collect();
        self.pods = (wanted.len(), pods.len());
        self.shown = if order == Order::Place {
            let shown: Vec<usize> = (0..workloads.len())
                .filter(|at| workloads.get(*at).is_some_and(|one| (!only_trouble || unwell(one.condition)) && filter.takes_workload(one)))
                .collect();
            by_place(pods, &wanted, workloads, &shown)
        } else {
            sorted(pods, wanted, looks, order).into_iter().map(|at| Row::Pod(at, false)).collect()
        };
        self.find(looks);
    }

    fn find(&mut self, looks: &Looks) {
        let chosen = self.chosen.as_ref().filter(|_| self.by_hand);
        let at = chosen.and_then(|chosen| self.shown.iter().position(|row| object(row, looks).as_ref() == Some(chosen)));
        self.at = at.unwrap_or(if self.by_hand { self.at } else { 0 }).min(self.shown.len().saturating_sub(1));
        if matches!(self.shown.get(self.at), Some(Row::Space(..))) {
            self.at += 1;
        }
        // what is gone is not chosen any more, but what stands in its place
        self.chosen = self.shown.get(self.at).and_then(|row| object(row, looks));
    }

    /// Where the chosen row is.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Moves by so many rows.
    pub fn go(&mut self, by: isize, looks: &Looks) {
        self.by_hand = true;
        let last = self.shown.len().saturating_sub(1);
        let mut to = self.at.saturating_add_signed(by).min(last);
        if matches!(self.shown.get(to), Some(Row::Space(..))) {
            // a namespace is no place to stand on; the first row is always one
            to = if by < 0 && to > 0 { to - 1 } else { (to + 1).min(last) };
        }
        self.at = to;
        self.chosen = self.shown.get(to).and_then(|row| object(row, looks));
    }

    /// The chosen pod, if it is one.
    pub fn pod<'l>(&self, looks: &'l Looks) -> Option<&'l PodRow> {
        match self.shown.get(self.at)? {
            Row::Pod(at, _) => looks.pods.answer()?.get(*at),
            _ => None,
        }
    }

    /// The chosen workload, or the one that the chosen pod belongs to.
    pub fn workload<'l>(&self, looks: &'l Looks) -> Option<&'l WorkloadRow> {
        let workloads = looks.workloads.answer()?;
        match self.shown.get(self.at)? {
            Row::Workload(at) => workloads.get(*at),
            Row::Pod(at, _) => {
                let made_by = looks.pods.answer()?.get(*at)?.workload.as_ref()?;
                workloads.iter().find(|one| one.object() == *made_by)
            }
            Row::Space(..) => None,
        }
    }

    /// What is chosen.
    pub fn object(&self) -> Option<&Object> {
        self.chosen.as_ref()
    }

    /// The pods of the chosen workload, or the chosen pod.
    pub fn chosen_pods<'l>(&self, looks: &'l Looks) -> Vec<&'l PodRow> {
        if let Some(pod) = self.pod(looks) {
            return vec![pod];
        }
        let Some(object) = &self.chosen else { return Vec::new() };
        looks.pods.answer().into_iter().flat_map(|pods| pods.iter()).filter(|pod| pod.workload.as_ref() == Some(object)).collect()
    }
}

/// Whether a person would look at it first.
fn unwell(condition: Condition) -> bool {
    !matches!(condition, Condition::Ready | Condition::Done)
}

fn object(row: &Row, looks: &Looks) -> Option<Object> {
    match row {
        Row::Space(..) => None,
        Row::Workload(at) => looks.workloads.answer()?.get(*at).map(WorkloadRow::object),
        Row::Pod(at, _) => looks.pods.answer()?.get(*at).map(PodRow::object),
    }
}

/// Namespace, then what runs the pods; pods that nothing runs stand by themselves.
fn by_place(pods: &[PodRow], wanted: &[usize], workloads: &[WorkloadRow], shown: &[usize]) -> Vec<Row> {
    /// By name of what runs them: the workload if it is shown, and its pods.
    type Groups<'a> = BTreeMap<(&'a str, &'a str), (Option<usize>, Vec<usize>)>;
    let mut spaces: BTreeMap<&str, Groups<'_>> = BTreeMap::new();
    for at in shown {
        if let Some(one) = workloads.get(*at) {
            spaces.entry(&one.namespace).or_default().entry((&one.name, one.kind.name())).or_default().0 = Some(*at);
        }
    }
    let by_name: BTreeMap<(&str, &str, &str), usize> =
        workloads.iter().enumerate().map(|(at, one)| ((one.namespace.as_str(), one.name.as_str(), one.kind.name()), at)).collect();
    for at in wanted {
        let Some(pod) = pods.get(*at) else { continue };
        let of = pod.workload.as_ref();
        let (name, kind) = of.map_or((pod.name.as_str(), "Pod"), |of| (of.name.as_str(), of.kind.as_str()));
        let group = spaces.entry(&pod.namespace).or_default().entry((name, kind)).or_default();
        // a pod is never shown without what runs it
        group.0 = group.0.or_else(|| by_name.get(&(pod.namespace.as_str(), name, kind)).copied());
        group.1.push(*at);
    }
    let mut rows = Vec::new();
    for (space, groups) in spaces {
        rows.push(Row::Space(space.to_owned(), groups.values().map(|(_, pods)| pods.len()).sum()));
        for (workload, pods) in groups.into_values() {
            rows.extend(workload.map(Row::Workload));
            rows.extend(pods.into_iter().map(|at| Row::Pod(at, workload.is_some())));
        }
    }
    rows
}

fn sorted(pods: &[PodRow], mut wanted: Vec<usize>, looks: &Looks, order: Order) -> Vec<usize> {
    let used = |pod: &PodRow| looks.usage.answer().and_then(|usage| usage.of(&pod.namespace, &pod.name));
    let key = |at: &usize| -> (u64, u64) {
        let Some(pod) = pods.get(*at) else { return (u64::MAX, 0) };
        let most = u64::MAX;
        match order {
            Order::Place => (0, 0),
            Order::Trouble => (pod.condition as u64, most - u64::from(pod.restarts)),
            Order::Restarts => (most - u64::from(pod.restarts), 0),
            Order::Cpu => (most - used(pod).map_or(0, |used| used.millicores), 0),
            Order::Memory => (most - used(pod).map_or(0, |used| used.bytes), 0),
            Order::Newest => (pod.made.map_or(most, |At(made)| most.saturating_sub(u64::try_from(made.unix_timestamp()).unwrap_or(0))), 0),
        }
    };
    wanted.sort_by_cached_key(key);
    wanted
}

/// Words that must be there, and words behind `!` that must not.
struct Filter {
    words: Vec<(bool, String)>,
}

impl Filter {
    fn of(text: &str) -> Self {
        let word = |word: &str| match word.strip_prefix('!') {
            Some(not) => (false, not.to_lowercase()),
            None => (true, word.to_lowercase()),
        };
        Self { words: text.split_whitespace().map(word).filter(|(_, word)| !word.is_empty()).collect() }
    }

    fn takes(&self, texts: &[&str]) -> bool {
        let holds = |word: &str| texts.iter().any(|text| text.to_lowercase().contains(word));
        self.words.iter().all(|(wanted, word)| holds(word) == *wanted)
    }

    fn takes_pod(&self, pod: &PodRow) -> bool {
        self.words.is_empty() || self.takes(&[&pod.namespace, &pod.name, &pod.component, &pod.status, &pod.node])
    }

    fn takes_workload(&self, one: &WorkloadRow) -> bool {
        self.words.is_empty() || self.takes(&[&one.namespace, &one.name, &one.component, one.kind.name()])
    }
}
