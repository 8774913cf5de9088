//! `junit.xml`: each check as a test case, and the rollback as one more, for machines that know nothing of drills.

use crate::model::run::Health;
use crate::model::scenario::{DrillResult, Rollback};
use std::fmt::Write;

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML 1.0 has no way to write these at all
            control if control.is_control() && !matches!(control, '\n' | '\t') => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// The file.
pub fn xml(result: &DrillResult) -> String {
    let rollback_bad = matches!(result.rollback, Rollback::Failed | Rollback::Unverified);
    let failed = result.checks.iter().filter(|check| check.health == Health::Fail).count() + usize::from(rollback_bad);
    let errors = result.checks.iter().filter(|check| check.health == Health::NoData).count();
    let (tests, seconds) = (result.checks.len() + 1, result.ended.millis_since(result.started) as f64 / 1000.0);
    let name = escaped(&result.scenario);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _infallible = writeln!(
        text,
        "<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"{errors}\" time=\"{seconds:.3}\" timestamp=\"{}\">",
        result.started
    );
    let mut case = |class: &str, case: &str, bad: Option<(&str, &str)>| {
        let _infallible = write!(text, "  <testcase classname=\"{name}.{}\" name=\"{}\"", escaped(class), escaped(case));
        let _infallible = match bad {
            None => writeln!(text, "/>"),
            Some((kind, why)) => writeln!(text, "><{kind} message=\"{}\"/></testcase>", escaped(why)),
        };
    };
    for check in &result.checks {
        let bad = match check.health {
            Health::Pass => None,
            Health::Fail => Some(("failure", check.seen.as_str())),
            Health::NoData => Some(("error", check.seen.as_str())),
        };
        case(&check.part, &check.name, bad);
    }
    let said = format!("rollback {}", result.rollback);
    case("rollback", "rollback", rollback_bad.then_some(("failure", said.as_str())));
    text.push_str("</testsuite>\n");
    text
}
