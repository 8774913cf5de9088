//! What can be wrong with the files of a lab, each with where and how to mend it.

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what it is and names its fields")]
pub enum CatalogError {
    #[error("{path} cannot be read: {source}")]
    Read { path: String, source: std::io::Error },
    #[error("{path}: {message}")]
    Parse { path: String, message: String },
    #[error("there is no stack `{name}`{near}; shipped: {known}. A file needs a path: ./{name}.yaml")]
    NoStack { name: String, near: String, known: String },
    #[error("there is no scenario `{name}`{near}; shipped: {known}. A file needs a path: ./{name}.yaml")]
    NoScenario { name: String, near: String, known: String },
    #[error("there is no game day `{name}`{near}; shipped: {known}. A file needs a path: ./{name}.yaml")]
    NoGameDay { name: String, near: String, known: String },
    #[error("there is no runbook `{name}`{near}, and none for an alert of that name; shipped: {known}. A file needs a path: ./{name}.md")]
    NoRunbook { name: String, near: String, known: String },
    #[error("there is no component `{name}`{near} ({wanted_by})")]
    NoComponent { name: String, near: String, wanted_by: String },
    #[error("`{name}` extends itself: {chain}")]
    ExtendsCycle { name: String, chain: String },
    #[error("component `{component}` needs `{need}`, which nothing in this stack provides; add one of: {candidates}")]
    Unprovided { component: String, need: String, candidates: String },
    #[error(
        "capability `{capability}` is provided by {providers}; say which with `choices: {{{capability}: …}}` and switch the other off (`enabled: false`)"
    )]
    Ambiguous { capability: String, providers: String },
    #[error("components need each other in a circle: {0}")]
    Cycle(String),
    #[error("component `{component}`: parameter `{param}` {problem}")]
    Param { component: String, param: String, problem: String },
    #[error("{path}: `%{{{name}}}` is neither a parameter of `{component}`{near} nor an export")]
    UnknownMark { path: String, name: String, component: String, near: String },
    #[error("component `{component}` uses image {image}, which its `images:` does not list")]
    UnlistedImage { component: String, image: String },
    #[error("component `{component}`: its chart was not rendered")]
    NotRendered { component: String },
    #[error("component `{component}`: hook {object} of its chart is refused: {why}")]
    Hook { component: String, object: String, why: String },
    #[error("the bundle at {path} is not usable: {message}")]
    Bundle { path: String, message: String },
    #[error(
        "the bundle `{bundle}` has no image for {missing}. Take the component out (`components: {{NAME: {{enabled: false}}}}`), use a stack made for this bundle (--stack {suggest}), or build a fuller bundle"
    )]
    NotInBundle { bundle: String, missing: String, suggest: String },
}

/// `, did you mean …?` when something close is known.
pub fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // comparing takes time that grows with the length, and nothing that long is a slip of the finger
    if name.len() > 64 {
        return String::new();
    }
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(name.len()) / 3 + 1)
        .min()
        .map(|(_, candidate)| format!(" (did you mean `{candidate}`?)"))
        .unwrap_or_default()
}
