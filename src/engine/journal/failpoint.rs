//! Stops the process dead beside a journal line, for the crash tests: `LABCTL_FAILPOINT=before:7` or `after:7`. Only with the feature `failpoints`.

/// Where to stop, if anywhere.
#[derive(Debug, Default)]
pub(super) struct Failpoint {
    #[cfg(feature = "failpoints")]
    at: Option<(bool, u64)>,
}

#[cfg(feature = "failpoints")]
impl Failpoint {
    pub fn from_environment() -> Self {
        let wanted = std::env::var("LABCTL_FAILPOINT").unwrap_or_default();
        let at = wanted.split_once(':').and_then(|(side, seq)| Some((side == "after", seq.parse().ok()?)));
        Self { at }
    }

    pub fn is_set(&self) -> bool {
        self.at.is_some()
    }

    pub fn before(&self, seq: u64) {
        self.stop((false, seq));
    }

    pub fn after(&self, seq: u64) {
        self.stop((true, seq));
    }

    /// As `kill -9` would: no destructor runs, nothing is flushed.
    fn stop(&self, here: (bool, u64)) {
        if self.at == Some(here) {
            let _sent = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}

#[cfg(not(feature = "failpoints"))]
#[expect(clippy::unused_self, reason = "the same shape as with the feature")]
impl Failpoint {
    pub fn from_environment() -> Self {
        Self::default()
    }

    pub fn is_set(&self) -> bool {
        false
    }

    pub fn before(&self, _seq: u64) {}

    pub fn after(&self, _seq: u64) {}
}
