//! Signals as controls of a run, and the small program that ends with its parent.

use crate::model::run::{CancelReason, Control};
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Which signal came last: 2, 15 or 0 for none.
#[derive(Debug, Clone, Default)]
pub struct LastSignal(Arc<AtomicU8>);

impl LastSignal {
    /// The exit code of a run ended by it: 128 plus its number, 130 when it was cancelled otherwise.
    pub fn exit_code(&self) -> u8 {
        match self.0.load(Ordering::Relaxed) {
            0 => 130,
            number => 128 + number,
        }
    }
}

/// Controls on their way to a run. People and those who are attached share it; none of them floods.
pub fn controls() -> (mpsc::Sender<Control>, mpsc::Receiver<Control>) {
    mpsc::channel(8)
}

/// Turns SIGINT, SIGTERM and SIGHUP into cancels for `say`: the first asks, the second urges, the third leaves. A `detached` run has no terminal
/// whose end could concern it, so it takes SIGHUP and goes on.
pub fn watch(say: mpsc::Sender<Control>, detached: bool) -> std::io::Result<LastSignal> {
    let mut sources = [(2, SignalKind::interrupt()), (15, SignalKind::terminate()), (1, SignalKind::hangup())]
        .into_iter()
        .map(|(number, kind)| Ok((number, signal(kind)?)))
        .collect::<std::io::Result<Vec<(u8, Signal)>>>()?;
    let last = LastSignal::default();
    let seen = last.clone();
    tokio::spawn(async move {
        let mut count = 0;
        loop {
            let waits = sources.iter_mut().map(|(number, source)| {
                let number = *number;
                Box::pin(async move {
                    source.recv().await;
                    number
                })
            });
            let (number, ..) = futures::future::select_all(waits).await;
            if detached && number == 1 {
                continue;
            }
            seen.0.store(number, Ordering::Relaxed);
            count += 1;
            let why = match count {
                1 => CancelReason::Requested,
                2 => CancelReason::Now,
                _ => CancelReason::Abandon,
            };
            if say.send(Control::Cancel { why }).await.is_err() {
                return;
            }
        }
    });
    Ok(last)
}

/// Becomes `program`, which the kernel ends when `parent` dies. Linux only; elsewhere it just becomes it.
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "other kernels have no parent-death signal"))]
pub fn become_program(parent: i32, program: &OsString, args: &[OsString]) -> u8 {
    use std::os::unix::process::CommandExt;
    #[cfg(target_os = "linux")]
    {
        let _best_effort = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
        // the parent may have died before the signal was asked for
        if rustix::process::getppid().is_none_or(|now| now.as_raw_nonzero().get() != parent) {
            return 1;
        }
    }
    let error = std::process::Command::new(program).args(args).exec();
    super::show::err(&format!("{} could not be started: {error}\n", program.to_string_lossy()));
    127
}
