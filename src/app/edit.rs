//! `labctl component add` and `remove`: one line in the user's own lab.yaml. What else stands there, comments too, stays as it is.

use super::context::Context;
use super::exit::{Failure, code};
use super::show;
use crate::catalog;
use std::path::Path;

const FILE: &str = "lab.yaml";

/// Selects a component, or takes it out of the selection.
pub fn select(context: &Context, name: &str, wanted: bool) -> Result<u8, Failure> {
    show::writable(context, if wanted { "component add" } else { "component remove" })?;
    catalog::component(&context.files, name, "the command line")?;
    let old = match std::fs::read_to_string(FILE) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => start(&context.stack_in_use()?),
        Err(error) => return Err(Failure::new("LAB-FILE-001", format!("{FILE} cannot be read: {error}"))),
    };
    let new = edit(&old, name, wanted).ok_or_else(|| by_hand(name, wanted))?;
    let draft = Path::new(".lab.yaml.new");
    let file = |error: std::io::Error| Failure::new("LAB-FILE-001", format!("{}: {error}", draft.display()));
    std::fs::write(draft, &new).map_err(file)?;
    // the file as it would be is read as `up` reads it, before it takes the place of the old one
    let shown = std::path::absolute(draft).map_err(file)?.display().to_string();
    let read = catalog::lab(&context.files, &shown, &context.global.lab).and_then(|lab| catalog::order(&lab).map(|_| lab));
    let lab = match read {
        Ok(lab) if lab.parts.contains_key(name) == wanted => lab,
        other => {
            let _gone = std::fs::remove_file(draft);
            return Err(other.err().map_or_else(|| by_hand(name, wanted), Failure::from));
        }
    };
    std::fs::rename(draft, FILE).map_err(file)?;
    let verb = if wanted { "added to" } else { "taken out of" };
    show::out(&format!(
        "{name} is {verb} {FILE}, {} components now; labctl plan shows what that changes, labctl up does it\n",
        lab.parts.len()
    ));
    Ok(code::OK)
}

fn by_hand(name: &str, wanted: bool) -> Failure {
    let line = if wanted { format!("{name}: {{}}") } else { format!("{name}: {{enabled: false}}") };
    Failure::new(
        "LAB-USAGE-001",
        format!("{FILE} is written in a way that cannot be edited line by line; write `{line}` under components yourself"),
    )
}

fn start(stack: &str) -> String {
    format!(
        "# What this lab is made of; labctl schema stack says what may stand here.\napiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {{name: own}}\nextends: {stack}\ncomponents:\n"
    )
}

/// The text with one line more or another, where `components:` is a block; `None` where it is not.
fn edit(old: &str, name: &str, wanted: bool) -> Option<String> {
    let line = if wanted { format!("{name}: {{}}") } else { format!("{name}: {{enabled: false}}") };
    let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
    let Some(head) = lines.iter().position(|line| line.split('#').next().is_some_and(|code| code.trim_end() == "components:")) else {
        if lines.iter().any(|line| line.starts_with("components:")) {
            return None;
        }
        lines.push("components:".to_owned());
        lines.push(format!("  {line}"));
        return Some(lines.join("\n") + "\n");
    };
    let inside = |text: &String| text.trim().is_empty() || text.trim_start().starts_with('#') || text.starts_with(' ');
    let end = lines.iter().skip(head + 1).position(|text| !inside(text)).map_or(lines.len(), |at| head + 1 + at);
    let own = lines[head + 1..end].iter().position(|text| text.trim_start().starts_with(&format!("{name}:"))).map(|at| head + 1 + at);
    let indent = lines[head + 1..end]
        .iter()
        .find(|text| !text.trim().is_empty() && !text.trim_start().starts_with('#'))
        .map_or(2, |text| text.len() - text.trim_start().len());
    let pad = " ".repeat(indent);
    match own {
        // an entry of several lines, or with settings that should not be lost, is for its owner to change
        Some(at) => {
            let rest = lines[at].split_once(':').map(|(_, rest)| rest.split('#').next().unwrap_or_default().trim().to_owned())?;
            if !matches!(rest.as_str(), "{}" | "{enabled: false}" | "{enabled: true}") {
                return None;
            }
            lines[at] = format!("{pad}{line}");
        }
        None => lines.insert(head + 1, format!("{pad}{line}")),
    }
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_changes_and_comments_stay() {
        let old = "extends: lite\ncomponents: # mine\n    # the log store\n    loki: {}\nsize: small\n";
        assert_eq!(
            edit(old, "tempo", true).unwrap(),
            "extends: lite\ncomponents: # mine\n    tempo: {}\n    # the log store\n    loki: {}\nsize: small\n"
        );
        assert_eq!(
            edit(old, "loki", false).unwrap(),
            "extends: lite\ncomponents: # mine\n    # the log store\n    loki: {enabled: false}\nsize: small\n"
        );
        assert_eq!(edit("extends: lite\n", "loki", true).unwrap(), "extends: lite\ncomponents:\n  loki: {}\n");
    }

    #[test]
    fn what_holds_settings_or_stands_in_one_line_is_left_to_its_owner() {
        assert_eq!(edit("components: {loki: {}}\n", "tempo", true), None);
        assert_eq!(edit("components:\n  loki: {set: {retention: 6h}}\n", "loki", false), None);
        assert_eq!(edit("components:\n  loki:\n    set: {}\n", "loki", false), None);
    }
}
