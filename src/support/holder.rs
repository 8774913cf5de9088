//! Who holds a lock: enough for people to find them, and for another labctl on the same machine to see that they are gone.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// One process of labctl at work on a lab.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holder {
    /// `up`, `down` …
    pub verb: String,
    /// The run's id, unique in the world.
    pub run: String,
    /// Login name.
    pub user: String,
    /// Host name.
    pub host: String,
    /// Process id, within `space`.
    pub process: u32,
    /// When the process started, in ticks since the machine did: tells a process id that was given out again.
    pub started: String,
    /// Boot and process id namespace that `process` belongs to; empty where the system does not tell.
    pub space: String,
}

impl Holder {
    /// This process. `var` reads the environment.
    pub fn this_process(verb: &str, run: &str, var: impl Fn(&str) -> Option<String>) -> Self {
        let process = std::process::id();
        let user = ["USER", "LOGNAME"].into_iter().find_map(var);
        Self {
            verb: verb.to_owned(),
            run: run.to_owned(),
            user: user.unwrap_or_else(|| format!("uid {}", rustix::process::geteuid().as_raw())),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            process,
            started: started(process).unwrap_or_default(),
            space: space().unwrap_or_default(),
        }
    }

    /// Whether the process is known to have ended. False also when it cannot be known, such as on another machine.
    pub fn is_gone(&self) -> bool {
        !self.space.is_empty() && space().as_ref() == Some(&self.space) && started(self.process).as_ref() != Some(&self.started)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "labctl {} by {} on {}, process {}, run {}", self.verb, self.user, self.host, self.process, self.run)
    }
}

/// Boot id and process id namespace (proc(5)).
fn space() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let pids = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), pids.display()))
}

/// Field 22 of `/proc/<pid>/stat`; the name before it may hold anything, so it is skipped to its last bracket. A process that has ended and was
/// not waited for counts as gone.
fn started(process: u32) -> Option<String> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace();
    if matches!(fields.next(), Some("Z" | "X")) {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there_and_one_that_ended_is_gone() {
        let me = Holder::this_process("up", "r", |_| None);
        assert!(!me.is_gone());
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let other = Holder { process: child.id(), started: started(child.id()).unwrap(), ..me.clone() };
        assert!(!other.is_gone());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(other.is_gone());
        assert!(
            !Holder { space: "another machine".into(), ..other.clone() }.is_gone(),
            "another machine's processes are not ours to judge"
        );
        assert!(Holder { started: "1".into(), ..me }.is_gone(), "its process id was given to somebody else");
    }
}
