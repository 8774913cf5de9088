//! Wrong input, given to the real binary: each ends with its exit code, its id, what is wrong and what to do. No engine is reached.
#![expect(clippy::unwrap_used, reason = "clippy knows tests only by #[test]; these are their helpers")]

use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A home with files in it, and no engine anywhere.
struct Desk {
    folder: TempDir,
}

const STACK: &str = "apiVersion: labctl.dev/v1\nkind: Stack\nmetadata: {name: own}\n";

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn component(&self, name: &str, rest: &str) {
        let text = format!(
            "apiVersion: labctl.dev/v1\nkind: Component\nmetadata: {{name: {name}}}\nversion: '1'\nnamespace: own\nsource: {{manifests: ['*.yaml']}}\n{rest}"
        );
        self.put(&format!("over/manifests/{name}/component.yaml"), &text);
    }

    /// Runs labctl; its exit code and what it said on standard error.
    fn labctl(&self, args: &[&str], home: &str) -> (Option<i32>, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_labctl"))
            .args(args)
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/nowhere")
            .env("DOCKER_HOST", format!("unix://{}/dead.sock", self.path().display()))
            .current_dir(self.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// It ends with `code`, and standard error holds each of `words`.
    #[track_caller]
    fn refuses(&self, args: &[&str], code: i32, words: &[&str]) {
        let home = self.path().join("home").display().to_string();
        self.refuses_at(&home, args, code, words);
    }

    #[track_caller]
    fn refuses_at(&self, home: &str, args: &[&str], code: i32, words: &[&str]) {
        let (ended, said) = self.labctl(args, home);
        assert_eq!(ended, Some(code), "{said}");
        for word in words {
            assert!(said.contains(word), "`{word}` is not in: {said}");
        }
    }

    /// `up` from a stack file with `rest` below its head.
    #[track_caller]
    fn refuses_stack(&self, rest: &str, words: &[&str]) {
        let file = self.put("own.yaml", &format!("{STACK}{rest}"));
        let over = self.path().join("over").display().to_string();
        let mut all = vec!["[LAB-USAGE-001]", "hint: "];
        all.extend(words);
        self.refuses(&["up", "--headless", "--stack", &file, "--dir", &over], 2, &all);
    }
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_right_one() {
    Desk::new().refuses_stack("componets: {loki: {}}\n", &["own.yaml", "line 4", "column 1", "`componets`", "did you mean `components`?"]);
}

#[test]
fn a_quantity_or_duration_without_its_unit_is_refused() {
    let desk = Desk::new();
    desk.refuses_stack(
        "extends: lite-packages\ncomponents: {loki: {set: {memory: 300Q}}}\n",
        &["component `loki`", "parameter `memory`", "300Q", "256Mi"],
    );
    desk.component("timed", "params: {keep: {type: duration, default: 1h}}\n");
    desk.refuses_stack("components: {timed: {set: {keep: '30'}}}\n", &["component `timed`", "parameter `keep`", "is `30`"]);
}

#[test]
fn a_parameter_that_does_not_exist_is_refused_with_the_nearest() {
    Desk::new()
        .refuses_stack("extends: lite-packages\ncomponents: {loki: {set: {memoy: 300Mi}}}\n", &["`memoy`", "did you mean `memory`?"]);
}

#[test]
fn components_that_need_each_other_are_shown_as_a_circle() {
    let desk = Desk::new();
    desk.component("first", "needs: [second]\n");
    desk.component("second", "needs: [third]\n");
    desk.component("third", "needs: [first]\n");
    desk.refuses_stack("components: {first: {}, second: {}, third: {}}\n", &["circle", "first → second → third → first"]);
}

#[test]
fn stacks_that_extend_each_other_are_shown_as_a_chain() {
    let desk = Desk::new();
    desk.put("over/stacks/a.yaml", &format!("{STACK}extends: b\n"));
    desk.put("over/stacks/b.yaml", &format!("{STACK}extends: a\n"));
    desk.refuses_stack("extends: a\n", &["`a` extends itself", "a → b → a"]);
}

#[test]
fn a_missing_component_or_stack_is_named_with_the_nearest_there_is() {
    let desk = Desk::new();
    desk.refuses_stack("components: {lokki: {}}\n", &["there is no component `lokki`", "did you mean `loki`?", "stack `own`"]);
    desk.refuses(&["up", "--headless", "--stack", "litte"], 2, &["LAB-USAGE-001", "no stack `litte`", "did you mean `lite`?"]);
    desk.refuses(&["up", "--headless", "--stack", "./none.yaml"], 2, &["LAB-USAGE-001", "none.yaml", "cannot be read"]);
}

#[test]
fn a_need_that_nobody_provides_names_who_could() {
    let desk = Desk::new();
    desk.component("hungry", "needs: [traces]\n");
    desk.refuses_stack("components: {hungry: {}}\n", &["component `hungry` needs `traces`", "jaeger, tempo"]);
}

#[test]
fn a_key_or_a_provider_given_twice_is_refused() {
    let desk = Desk::new();
    desk.refuses_stack("components:\n  loki: {}\n  loki: {}\n", &["own.yaml", "line 6", "duplicate", "loki"]);
    desk.refuses_stack("extends: lite-packages\ncomponents: {tempo: {enabled: true}}\n", &["traces", "jaeger and tempo", "choices"]);
}

#[test]
fn a_bundle_that_is_not_there_or_not_whole_is_named() {
    let desk = Desk::new();
    let (absent, broken) = (desk.path().join("absent").display().to_string(), desk.put("broken/bundle.json", "{\"apiVersion\": "));
    desk.refuses(&["up", "--headless", "--bundle", &absent], 2, &["[LAB-BUNDLE-001]", "absent", "nothing at this path", "testbed bundle"]);
    let broken = broken.trim_end_matches("/bundle.json");
    desk.refuses(&["up", "--headless", "--bundle", broken], 2, &["[LAB-BUNDLE-001]", "bundle.json cannot be read", "line 1", "hint: "]);
}

fn bundle(desk: &Desk, sum: &str) -> String {
    let platform = if cfg!(target_arch = "aarch64") { "linux/arm64" } else { "linux/amd64" };
    let image = |name: &str| format!(r#"{{"name": "{name}", "tag": "1", "archive": "engine/{name}.tar", "id": "sha256:00"}}"#);
    let text = format!(
        r#"{{"apiVersion": "labctl.dev/v1", "kind": "Bundle", "name": "small", "created": "2026-01-01T00:00:00Z", "platform": "{platform}",
            "kubernetes": "1.34.4", "nodeImage": {}, "registryImage": {}, "images": [],
            "tools": [{{"name": "kind", "version": "0", "path": "tools/kind", "sha256": "{sum}"}}]}}"#,
        image("node"),
        image("registry")
    );
    desk.put("small/tools/kind", "#!/bin/sh\n");
    desk.put("small/bundle.json", &text).trim_end_matches("/bundle.json").to_owned()
}

#[test]
fn a_file_of_the_bundle_with_another_checksum_is_never_used() {
    let desk = Desk::new();
    desk.component("only", "");
    let (over, stack) =
        (desk.path().join("over").display().to_string(), desk.put("own.yaml", &format!("{STACK}components: {{only: {{}}}}\n")));
    let bundle = bundle(&desk, &"0".repeat(64));
    let args = ["up", "--headless", "--stack", &stack, "--dir", &over, "--bundle", &bundle];
    desk.refuses(&args, 2, &["[LAB-BUNDLE-002]", "tools/kind is damaged", "checksum", "nothing of the damaged file was used"]);
}

#[test]
fn a_bundle_without_an_image_names_the_component_and_the_switch() {
    let desk = Desk::new();
    let bundle = bundle(&desk, &"0".repeat(64));
    let words = ["[LAB-BUNDLE-005]", "loki", "enabled: false", "hint: "];
    desk.refuses(&["plan", "--stack", "lite", "--bundle", &bundle], 2, &words);
}

#[test]
fn an_engine_that_does_not_run_is_named_with_how_to_start_it() {
    let desk = Desk::new();
    for args in [&["up", "--headless"][..], &["down", "--yes"], &["status"]] {
        desk.refuses(args, 3, &["[LAB-DOCKER-001]", "dead.sock", "hint: start it", "DOCKER_HOST"]);
    }
    assert!(!desk.path().join("home").exists(), "a run that could not begin leaves no files");
}

#[test]
fn a_lab_name_that_is_no_dns_label_is_refused() {
    let desk = Desk::new();
    for name in ["Dev", "a_b", "a.b", "-a", "a-"] {
        let flag = format!("--lab={name}");
        desk.refuses(&["status", &flag], 2, &["[LAB-USAGE-001]", name, "1 to 40 letters a-z, digits and inner dashes"]);
    }
}

#[test]
fn an_unknown_flag_or_verb_is_named_with_the_nearest() {
    let desk = Desk::new();
    desk.refuses(&["up", "--headles"], 2, &["[LAB-USAGE-001]", "--headles", "--headless"]);
    desk.refuses(&["statsu"], 2, &["[LAB-USAGE-001]", "'statsu'", "'status'"]);
}

#[test]
fn a_home_that_cannot_be_used_is_named() {
    let desk = Desk::new();
    let file = desk.put("file", "");
    desk.refuses_at(&file, &["status"], 3, &["[LAB-FILE-001]", &file, "hint: mend its permissions", "XDG_DATA_HOME"]);
}

#[test]
fn what_changes_things_is_refused_when_nothing_may_change_or_nobody_answers() {
    let desk = Desk::new();
    desk.refuses(&["up", "--read-only"], 7, &["[LAB-REFUSED-002]", "--read-only"]);
    desk.refuses(&["down", "--read-only", "--yes"], 7, &["[LAB-REFUSED-002]"]);
}

#[test]
fn a_run_that_is_not_there_is_named() {
    Desk::new().refuses(&["replay", "20200101"], 2, &["[LAB-RUN-001]", "20200101", "labctl run list"]);
}

#[test]
fn scenario_files_that_are_wrong_are_told_all_at_once_and_nothing_is_touched() {
    let desk = Desk::new();
    let one = desk.put("one.yaml", "apiVersion: labctl.dev/v1\nkind: Scenario\nmetadata: {name: one, titel: x}\n");
    let other = desk.put("other.yaml", "apiVersion: labctl.dev/v2\n");
    desk.refuses(
        &["scenario", "lint", &one, &other],
        2,
        &["one.yaml", "titel", "line 3", "did you mean `title`", "other.yaml", "LAB-USAGE-001"],
    );
    desk.refuses(&["scenario", "lint", "worker-scaled-to-zro"], 2, &["did you mean `worker-scaled-to-zero`"]);
}
