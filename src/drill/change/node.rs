//! A node of a kind cluster: its container stands still, or has processes in it that use it up. Only the container engine is asked, because the
//! API server may be what stands still.

use super::{ChangeError, Undone};
use crate::adapters::docker::{Container, DockerError};
use crate::cluster::ObjectRef;
use crate::drill::ground::{Ground, Nodes};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Processes that use a node up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stress {
    /// What all of them carry in their environment (`LABCTL_DRILL=…`), and the first of them in its command line.
    pub marker: String,
    /// What is started.
    pub command: Vec<String>,
}

/// What the processes of a stress use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    /// How many there are.
    pub processes: u64,
    /// How many of them have been seen to use a CPU.
    pub busy: u64,
    /// CPU time, in hundredths of a second.
    pub ticks: u64,
    /// Memory, in bytes.
    pub resident: u64,
}

/// A look at a node that has little CPU left.
const LOOK: Duration = Duration::from_secs(20);
/// So many hundredths of a second show that a process is not only there.
const BUSY: u64 = 10;
const PAGE: u64 = 4096;

/// Prints `/proc/<pid>/stat` of all processes with the marker `$1` in their environment. That of grep has it not, only its command line.
const FIND: &str =
    r#"for pid in $(grep -slzxF -- "$1" /proc/[0-9]*/environ | cut -d/ -f3); do cat "/proc/$pid/stat" 2>/dev/null; done; true"#;
/// Ends them, until three looks in a row find none: one may have been about to start another.
/// `$2` says how `$1` is meant.
const END: &str = r#"quiet=0; round=0; ended=0
while [ "$quiet" -lt 3 ]; do
  pids=$(grep -slz "$2" -- "$1" /proc/[0-9]*/environ | cut -d/ -f3)
  if [ -z "$pids" ]; then quiet=$((quiet + 1)); else quiet=0; ended=1; kill -KILL $pids 2>/dev/null; fi
  round=$((round + 1)); [ "$round" -lt 100 ] || exit 1
  sleep 0.1
done
echo "$ended""#;

impl Stress {
    /// `script` under a shell of the node that ends by itself after `most`, whatever becomes of labctl. It finds its own arguments from `$1` on.
    pub fn new(marker: &str, most: Duration, script: &str, arguments: &[String]) -> Self {
        let marker = format!("LABCTL_DRILL={marker}");
        let seconds = most.as_secs().max(1).to_string();
        let words = ["env", &marker, "timeout", "-k", "1", &seconds, "sh", "-c", script, &marker];
        let command = words.into_iter().map(str::to_owned).chain(arguments.iter().cloned()).collect();
        Self { marker, command }
    }
}

fn nodes(ground: &Ground) -> Result<&Nodes, ChangeError> {
    let why = || "this lab's cluster is somebody else's, so its nodes are no containers that labctl may touch".to_owned();
    ground.nodes.as_ref().ok_or_else(|| ChangeError::NoWay { what: "the node", why: why() })
}

/// The very container that was seen when the change was planned.
async fn container(nodes: &Nodes, uid: &str) -> Result<Option<Container>, ChangeError> {
    let found = nodes.engine.container(uid).await?;
    Ok(found.filter(|container| container.id == uid && nodes.owns(container)))
}

fn moved(object: &ObjectRef, what: &str) -> ChangeError {
    ChangeError::Moved { object: object.clone(), what: what.to_owned() }
}

pub(super) async fn pause(ground: &Ground, object: &ObjectRef, uid: &str) -> Result<(), ChangeError> {
    let nodes = nodes(ground)?;
    let there = container(nodes, uid).await?.ok_or_else(|| moved(object, "its container is gone"))?;
    match there.state.as_str() {
        "paused" => Ok(()),
        "running" => Ok(nodes.engine.pause(uid).await?),
        other => Err(moved(object, &format!("its container is {other}"))),
    }
}

pub(super) async fn unpause(ground: &Ground, object: &ObjectRef, uid: &str) -> Result<Undone, ChangeError> {
    let nodes = nodes(ground)?;
    let Some(there) = container(nodes, uid).await? else {
        return Ok(Undone::Nothing("the node's container is gone".to_owned()));
    };
    if there.state != "paused" {
        return Ok(Undone::Nothing(format!("the node's container is {} already", there.state)));
    }
    nodes.engine.unpause(uid).await?;
    match container(nodes, uid).await? {
        Some(there) if there.state == "paused" => {
            Err(ChangeError::NotYet { object: object.clone(), what: "its container is still paused".to_owned() })
        }
        _ => Ok(Undone::TakenBack),
    }
}

pub(super) async fn stress(ground: &Ground, object: &ObjectRef, uid: &str, stress: &Stress) -> Result<(), ChangeError> {
    let nodes = nodes(ground)?;
    let there = container(nodes, uid).await?.ok_or_else(|| moved(object, "its container is gone"))?;
    if there.state != "running" {
        return Err(moved(object, &format!("its container is {}", there.state)));
    }
    if uses(nodes, uid, &stress.marker).await?.processes > 0 {
        return Ok(());
    }
    Ok(nodes.engine.launch(uid, &stress.command).await?)
}

pub(super) async fn relieve(ground: &Ground, object: &ObjectRef, uid: &str, stress: &Stress) -> Result<Undone, ChangeError> {
    let nodes = nodes(ground)?;
    match container(nodes, uid).await? {
        None => return Ok(Undone::Nothing("the node's container is gone, and its processes with it".to_owned())),
        Some(there) if there.state == "running" => {}
        Some(there) if there.state == "paused" => {
            let what = "its container is paused, so that nothing can be ended in it".to_owned();
            return Err(ChangeError::NotYet { object: object.clone(), what });
        }
        Some(there) => return Ok(Undone::Nothing(format!("the node's container is {}, and its processes are gone", there.state))),
    }
    let ended = end(nodes, uid, &stress.marker, "-xF").await?;
    Ok(if ended { Undone::TakenBack } else { Undone::Nothing("its processes have ended already".to_owned()) })
}

/// Whether there was anything to end.
async fn end(nodes: &Nodes, container: &str, marker: &str, meant: &str) -> Result<bool, DockerError> {
    Ok(nodes.engine.exec(container, &["sh", "-c", END, "sh", marker, meant], LOOK).await?.trim() == "1")
}

impl Nodes {
    /// Ends the processes of all drills on a node that runs; whether there were any.
    pub async fn relieve_all(&self, container: &str) -> Result<bool, DockerError> {
        end(self, container, "^LABCTL_DRILL=", "-E").await
    }
}

/// What the processes with this marker use now.
pub async fn uses(nodes: &Nodes, container: &str, marker: &str) -> Result<Use, DockerError> {
    let said = nodes.engine.exec(container, &["sh", "-c", FIND, "sh", marker], LOOK).await?;
    Ok(said.lines().filter_map(of_line).fold(Use::default(), |sum, one| Use {
        processes: sum.processes + 1,
        busy: sum.busy + u64::from(one.0 >= BUSY),
        ticks: sum.ticks + one.0,
        resident: sum.resident + one.1 * PAGE,
    }))
}

/// CPU time in ticks and resident pages, from a line of proc(5)'s `stat`; the name may hold blanks and brackets.
fn of_line(line: &str) -> Option<(u64, u64)> {
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some((number(11)? + number(12)?, number(21)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_process_is_called() {
        let line = "812 (a (b) c) R 1 812 812 0 -1 4194560 150 0 0 0 321 12 0 0 30 10 1 0 5000 2600960 230 18446744073709551615 1 1 0 0 0";
        assert_eq!(of_line(line), Some((333, 230)));
        assert_eq!(of_line("no process"), None);
    }

    #[test]
    fn a_stress_carries_its_marker_and_ends_by_itself() {
        let stress = Stress::new("run/cpu", Duration::from_secs(90), "wait", &["2".to_owned()]);
        assert_eq!(stress.command.join(" "), "env LABCTL_DRILL=run/cpu timeout -k 1 90 sh -c wait LABCTL_DRILL=run/cpu 2");
    }
}
