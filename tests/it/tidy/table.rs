//! The import table of docs/architecture.md, as data. The page's table is printed from here (`make docs`), so the two cannot differ.

/// A folder under `src/` and what it may know.
pub struct Room {
    pub name: &'static str,
    /// Rooms it may import, or a part of one (`engine::step`, `adapters::kube`).
    pub may: &'static [&'static str],
    pub what: &'static str,
}

const EVERYTHING: &[&str] = &[
    "cli", "model", "catalog", "engine", "cluster", "steps", "checks", "drill", "respond", "insight", "adapters", "report", "tui",
    "support",
];

/// Every room; one that is not here may not exist.
pub const ROOMS: &[Room] = &[
    Room { name: "model", may: &[], what: "what a lab is, what a run says" },
    Room { name: "support", may: &["model"], what: "config, paths, logging, redaction, progress, downloads" },
    Room { name: "catalog", may: &["model", "support"], what: "finds stacks, components, scenarios, runbooks" },
    Room { name: "engine", may: &["model", "support"], what: "how work is done: plan, dispatch, journal" },
    Room { name: "adapters", may: &["model", "support"], what: "one file or folder per outside system" },
    Room { name: "cluster", may: &["model", "support", "adapters::kube"], what: "how objects become a running cluster" },
    Room { name: "checks", may: &["model", "support", "adapters", "cluster"], what: "how anything is proven" },
    Room {
        name: "insight",
        may: &["model", "support", "adapters", "cluster", "checks"],
        what: "what a host or a running lab tells, read only",
    },
    Room {
        name: "steps",
        may: &[
            "model",
            "support",
            "catalog",
            "engine::step",
            "engine::Node",
            "engine::ResourceClass",
            "cluster",
            "checks",
            "adapters",
            "insight",
        ],
        what: "the steps a lab's plan is made of",
    },
    Room {
        name: "drill",
        may: &["model", "support", "catalog", "engine", "cluster", "checks", "adapters", "insight"],
        what: "what is done to a running lab",
    },
    Room {
        name: "respond",
        may: &["model", "support", "catalog", "engine", "cluster", "checks", "adapters", "drill"],
        what: "what people do about it: runbooks, game days, postmortems",
    },
    Room { name: "report", may: &["model", "support"], what: "headless front ends" },
    Room { name: "tui", may: &["model", "support"], what: "the terminal app" },
    Room { name: "cli", may: &["model"], what: "clap types" },
    Room { name: "app", may: EVERYTHING, what: "composition root: one file per verb" },
    Room { name: "main", may: &["app"], what: "parse, run, exit code" },
];

/// Files of `adapters` that other adapters may use.
pub const SHARED_ADAPTERS: &[&str] = &["process"];

/// A third-party crate that has a room of its own.
pub struct Crate {
    /// As it is written in a path; a `*` at the end stands for anything.
    pub name: &'static str,
    /// Rooms, or files and folders of a room, that may use it.
    pub only: &'static [&'static str],
}

/// Crates that may be used only where this says; any other dependency is free, but `tokio` in `model`.
pub const CRATES: &[Crate] = &[
    Crate { name: "schemars", only: &["model"] },
    Crate { name: "petgraph", only: &["engine"] },
    Crate { name: "kube", only: &["cluster", "adapters::kube"] },
    Crate { name: "k8s_openapi", only: &["cluster", "adapters::kube"] },
    Crate { name: "bollard", only: &["adapters::docker"] },
    Crate { name: "octocrab", only: &["adapters::github"] },
    Crate { name: "oci_client", only: &["adapters::registry"] },
    Crate { name: "aws_*", only: &["adapters::aws", "adapters::queue"] },
    Crate { name: "reqwest", only: &["adapters", "support"] },
    Crate { name: "pulldown_cmark", only: &["catalog", "drill"] },
    Crate { name: "indicatif", only: &["report"] },
    Crate { name: "ratatui", only: &["tui"] },
    Crate { name: "crossterm", only: &["tui"] },
    Crate { name: "clap", only: &["cli", "app"] },
    Crate { name: "clap_complete", only: &["cli", "app"] },
    Crate { name: "color_eyre", only: &["app", "main"] },
    Crate {
        name: "tokio",
        only: &[
            "support", "engine", "adapters", "cluster", "checks", "insight", "steps", "drill", "respond", "report", "tui", "app", "main",
        ],
    },
];

/// The table as it stands in docs/architecture.md.
pub fn as_markdown() -> String {
    let code = |names: &[&str]| match names {
        [] => "–".to_owned(),
        names if names == EVERYTHING => "everything".to_owned(),
        names => names.join(", "),
    };
    let mut page = vec!["| room | what it is | may use | crates allowed only there |".to_owned(), "| --- | --- | --- | --- |".to_owned()];
    for room in ROOMS {
        let crates: Vec<String> = CRATES
            .iter()
            .filter(|one| one.name != "tokio")
            .flat_map(|one| one.only.iter().map(move |place| (one.name, *place)))
            .filter(|(_, place)| place.split("::").next() == Some(room.name))
            .map(|(name, place)| match place.split_once("::") {
                Some((_, file)) => format!("{name} ({file})"),
                None => name.to_owned(),
            })
            .collect();
        let crates: Vec<&str> = crates.iter().map(String::as_str).collect();
        page.push(format!("| {} | {} | {} | {} |", room.name, room.what, code(room.may), code(&crates)));
    }
    page.join("\n") + "\n"
}
