//! R9 of the design, what concerns the host: a full disk, a home that cannot be written, a clock that jumps. A clear error or recovery, and never a
//! wrong delete. (A journal cut at every byte is a test that always runs, tests/it/journal.rs; hostile YAML has a rig of its own, tests/torture/fuzz.)
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a rig says what it expects and what it measures")]

use super::rig::{Rig, UP, difference, told};
use std::path::Path;
use std::process::{Command, Output};

const COMPONENTS: usize = 3;
const OBJECTS: usize = 30;

pub async fn r9(faketime: Option<&str>) -> bool {
    let mut cases: Vec<(&str, Result<(), String>)> =
        vec![("disk full while it works", full_disk().await), ("home that cannot be written", read_only().await)];
    match faketime {
        Some(library) => cases.push(("clock that jumps an hour on and back", clock(library).await)),
        None => cases.push((
            "clock that jumps",
            Err("not tried: libfaketime is not here (apt-get install libfaketime; LABCTL_TEST_FAKETIME=path)".to_owned()),
        )),
    }
    for (case, result) in &cases {
        println!("{case}: {}", result.as_ref().map_or_else(Clone::clone, |()| "ok".to_owned()));
    }
    let good = cases.iter().filter(|(_, result)| result.is_ok()).count();
    println!(
        "R9 {good} of {} (must {}, goal {}) {}",
        cases.len(),
        cases.len(),
        cases.len(),
        if good == cases.len() { "ok" } else { "short" }
    );
    good == cases.len()
}

/// A small file system of its own at `path`, gone when dropped.
struct Mount<'p>(&'p Path);

impl<'p> Mount<'p> {
    fn new(path: &'p Path, options: &str) -> Self {
        std::fs::create_dir_all(path).unwrap();
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", options, "labctl-rig"]).arg(path).status().unwrap();
        assert!(status.success(), "mounting a tmpfs needs root");
        Self(path)
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").args(["-l".as_ref(), self.0.as_os_str()]).status());
    }
}

/// The error names the disk; what is in the cluster stays; with room the same command goes on.
async fn full_disk() -> Result<(), String> {
    let rig = Rig::new("full", COMPONENTS, OBJECTS).await.unwrap();
    rig.up("whole").await;
    let wanted = rig.state().await;
    (0..COMPONENTS).for_each(|index| rig.component(index, OBJECTS, "2"));
    let home = rig.folder.path().join("small");
    // from nothing to nearly enough: it must be right wherever it runs out
    for kilobytes in [4, 8, 16, 32, 64] {
        let mount = Mount::new(&home, &format!("size={kilobytes}k"));
        let output = rig.labctl("small", &UP).await;
        drop(mount);
        if output.status.code() != Some(0) && !(output.status.code() == Some(3) && says(&output, &["LAB-FILE-001", "LAB-DISK-001"])) {
            return Err(format!("with {kilobytes} KiB: {}", told(&output)));
        }
        let gone: Vec<String> = wanted.keys().filter(|key| !key.contains("/labctl-system/")).cloned().collect();
        let now = rig.state().await;
        if let Some(missing) = gone.iter().find(|key| !now.contains_key(*key)) {
            return Err(format!("with {kilobytes} KiB: {missing} was deleted"));
        }
    }
    finish(&rig).await
}

/// Nothing can be kept, so nothing is begun.
async fn read_only() -> Result<(), String> {
    let rig = Rig::new("readonly", COMPONENTS, OBJECTS).await.unwrap();
    let home = rig.folder.path().join("locked");
    let mount = Mount::new(&home, "ro");
    let output = rig.labctl("locked", &UP).await;
    drop(mount);
    if output.status.code() != Some(3) || !says(&output, &["LAB-FILE-001"]) {
        return Err(told(&output));
    }
    if !rig.state().await.is_empty() {
        return Err("something was written to the cluster although nothing could be kept".to_owned());
    }
    finish(&rig).await
}

/// Runs on wall clocks an hour apart, there and back: nothing is done twice, and a lock that is held is not believed to have run out.
async fn clock(library: &str) -> Result<(), String> {
    let rig = Rig::new("clock", COMPONENTS, OBJECTS).await.unwrap();
    for (round, shift) in ["+3600s", "-3600s", "+0s"].iter().enumerate() {
        (0..COMPONENTS).for_each(|index| rig.component(index, OBJECTS, &round.to_string()));
        let mut command = rig.command(&format!("h{round}"), &UP).await;
        let output = command.env("LD_PRELOAD", library).env("FAKETIME", shift).env("FAKETIME_DONT_FAKE_MONOTONIC", "1").output().unwrap();
        if output.status.code() != Some(0) {
            return Err(format!("at {shift}: {}", told(&output)));
        }
    }
    // one with a right clock holds the lock; one whose clock is an hour ahead must see it alive
    (0..COMPONENTS).for_each(|index| rig.component(index, OBJECTS * 6, "held"));
    let holder = rig.command("h0", &UP).await.spawn().unwrap();
    let mut ahead = rig.command("h1", &UP).await;
    let output = ahead.env("LD_PRELOAD", library).env("FAKETIME", "+3600s").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").output().unwrap();
    let held = holder.wait_with_output().unwrap();
    if held.status.code() != Some(0) {
        return Err(format!("the holder: {}", told(&held)));
    }
    if !matches!(output.status.code(), Some(0 | 4)) {
        return Err(format!("the one ahead: {}", told(&output)));
    }
    finish(&rig).await
}

/// The same command, with nothing in its way, ends where an undisturbed run ends.
async fn finish(rig: &Rig) -> Result<(), String> {
    rig.up("good").await;
    let first = rig.state().await;
    rig.up("good").await;
    let again = difference(&first, &rig.state().await);
    rig.down("good").await;
    if again.is_empty() { Ok(()) } else { Err(again) }
}

fn says(output: &Output, ids: &[&str]) -> bool {
    let all = told(output);
    ids.iter().any(|id| all.contains(id))
}
