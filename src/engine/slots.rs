//! What steps compete for, and how many may hold it at once.

/// What a step uses most of; as many of a class run at once as it has slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ResourceClass {
    /// CPU and disk of this machine: builds, unpacking.
    Host,
    /// The container engine: nodes, image loading.
    Engine,
    /// Downloads.
    Network,
    /// The API server and what it starts.
    Cluster,
    /// Mostly waiting: probes, small reads.
    Light,
}

impl ResourceClass {
    /// All classes there are.
    pub const ALL: [Self; 5] = [Self::Host, Self::Engine, Self::Network, Self::Cluster, Self::Light];

    pub(super) fn index(self) -> usize {
        match self {
            Self::Host => 0,
            Self::Engine => 1,
            Self::Network => 2,
            Self::Cluster => 3,
            Self::Light => 4,
        }
    }
}

/// How many steps of each class run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots([usize; 5]);

impl Default for Slots {
    /// For a laptop: two builds at once already fill it, one engine serializes most of what it does, and a handful of downloads fills a line.
    fn default() -> Self {
        Self([2, 3, 6, 16, 64])
    }
}

impl Slots {
    /// As many as there are steps.
    pub fn unlimited() -> Self {
        Self([usize::MAX; 5])
    }

    /// With `count` for `class`; 0 counts as 1, for a class without a slot would never end.
    #[must_use]
    pub fn with(mut self, class: ResourceClass, count: usize) -> Self {
        if let Some(slot) = self.0.get_mut(class.index()) {
            *slot = count.max(1);
        }
        self
    }

    /// How many of `class` run at once.
    pub fn get(&self, class: ResourceClass) -> usize {
        self.0.get(class.index()).copied().unwrap_or(1)
    }
}
