//! Who is at the other end of a socket, as the kernel says it.

use std::path::Path;
use tokio::net::UnixStream;

/// A process that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Peer {
    user: u32,
    process: Option<i32>,
}

impl Peer {
    pub fn of(stream: &UnixStream) -> std::io::Result<Self> {
        let found = stream.peer_cred()?;
        Ok(Self { user: found.uid(), process: found.pid() })
    }

    /// Only this user's own processes, and root's, which could anyway.
    pub fn is_allowed(self) -> bool {
        self.user == rustix::process::geteuid().as_raw() || self.user == 0
    }
}

/// `ada, process 4711 on pts/3`; `own` is the name of the user who does the run.
pub(super) fn describe(peer: Peer, own: &str) -> String {
    let user = if peer.user == rustix::process::geteuid().as_raw() { own.to_owned() } else { format!("uid {}", peer.user) };
    let Some(process) = peer.process else { return user };
    match terminal(process) {
        Some(terminal) => format!("{user}, process {process} on {terminal}"),
        None => format!("{user}, process {process}"),
    }
}

/// The controlling terminal of a process: field 7 of `/proc/<pid>/stat` (proc(5)). The name before it may hold anything, so it is skipped to its
/// last bracket.
fn terminal(process: i32) -> Option<String> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    terminal_name(after.split_whitespace().nth(4)?.parse().ok()?)
}

/// Minor numbers have bits 31 to 20 and 7 to 0, majors bits 15 to 8. Majors 136 to 143 are pseudo terminals, 256 each (devices.txt of Linux).
fn terminal_name(device: u32) -> Option<String> {
    let (major, minor) = ((device >> 8) & 0xff, (device & 0xff) | ((device >> 12) & 0xfff00));
    match major {
        136..=143 => Some(format!("pts/{}", (major - 136) * 256 + minor)),
        4 if minor < 64 => Some(format!("tty{minor}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_have_the_names_that_people_see() {
        let names = [0, 0x8803, 0x8901, 0x0401, 0x0500].map(terminal_name);
        assert_eq!(names, [None, Some("pts/3".to_owned()), Some("pts/257".to_owned()), Some("tty1".to_owned()), None]);
    }

    #[test]
    fn only_this_user_and_root_may_come() {
        let me = rustix::process::geteuid().as_raw();
        let allowed = |user| Peer { user, process: None }.is_allowed();
        assert!(allowed(me) && allowed(0) && !allowed(me + 1));
    }

    #[test]
    fn a_person_is_named_with_process_and_user() {
        let me = Peer { user: rustix::process::geteuid().as_raw(), process: None };
        assert_eq!(describe(me, "ada"), "ada");
        let text = describe(Peer { process: i32::try_from(std::process::id()).ok(), ..me }, "ada");
        assert!(text.starts_with(&format!("ada, process {}", std::process::id())), "{text}");
        assert_eq!(describe(Peer { user: me.user + 7, ..me }, "ada"), format!("uid {}", me.user + 7));
    }
}
