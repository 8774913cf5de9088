//! What the screens of runbooks and game days ask: which there are and what came of them; and the command lines of those that are carried out.

use super::effects::trouble;
use crate::app::context::Context;
use crate::app::{gameday, runbook, runs};
use crate::catalog;
use crate::model::run::Verb;
use crate::tui::{GamedayInfo, LastGameday, LastRunbook, News, RunbookInfo};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// All there are, with what came of each last.
pub fn list(context: &Context) -> News {
    let mut lasts: BTreeMap<String, LastRunbook> = BTreeMap::new();
    for head in runs::heads(context).unwrap_or_default().into_iter().filter(|head| head.verb == Verb::Runbook) {
        if let Some(result) = runbook::result(&head) {
            // newest first
            let last = LastRunbook { journal: head.journal, at: result.ended, result: result.result, why: result.why };
            lasts.entry(result.runbook).or_insert(last);
        }
    }
    let info = |name: String| RunbookInfo {
        runbook: catalog::runbook(&context.files, &name).map_err(|error| trouble(&error.into())),
        last: lasts.get(&name).cloned(),
        name,
    };
    News::Runbooks(catalog::runbook_names(&context.files).into_iter().map(info).collect())
}

/// The command line of a runbook in the background. The person has said yes already, or nothing can change.
pub fn args(context: &Context, which: &str, only_look: bool) -> Vec<OsString> {
    let global = &context.global;
    let mut args: Vec<OsString> = vec!["--lab".into(), global.lab.clone().into(), "--yes".into()];
    args.extend(global.dir.iter().flat_map(|dir| ["--dir".into(), dir.into()]));
    args.extend(["runbook".into(), if only_look { "check" } else { "run" }.into(), "--in-background".into(), which.into()]);
    args
}

/// All game days there are, with what came of each last.
pub fn gamedays(context: &Context) -> News {
    let mut lasts: BTreeMap<String, LastGameday> = BTreeMap::new();
    for head in runs::heads(context).unwrap_or_default().into_iter().filter(|head| head.verb == Verb::Gameday) {
        if let Some(result) = gameday::result(&head) {
            let last = LastGameday { journal: head.journal, at: result.ended, met: result.met, of: result.of };
            lasts.entry(result.gameday).or_insert(last);
        }
    }
    let info = |name: String| GamedayInfo {
        day: catalog::gameday(&context.files, &name).map_err(|error| trouble(&error.into())),
        last: lasts.get(&name).cloned(),
        name,
    };
    News::Gamedays(catalog::gameday_names(&context.files).into_iter().map(info).collect())
}

/// The command line of a game day in the background. The person has said yes already.
pub fn gameday_args(context: &Context, which: &str) -> Vec<OsString> {
    let global = &context.global;
    let mut args: Vec<OsString> = vec!["--lab".into(), global.lab.clone().into(), "--yes".into()];
    args.extend(global.dir.iter().flat_map(|dir| ["--dir".into(), dir.into()]));
    args.extend(["gameday".into(), "run".into(), "--in-background".into(), which.into()]);
    args
}

/// Takes the pager.
pub fn acknowledge(context: &Context) -> News {
    match gameday::acknowledge(context, None) {
        Ok(said) => News::Said(said),
        Err(failure) => News::Failed(trouble(&failure)),
    }
}
