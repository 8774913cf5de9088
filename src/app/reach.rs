//! `labctl urls`, `open` and `creds`: getting at the lab.

use super::context::Context;
use super::exit::{Failure, code};
use super::show;
use crate::cli::{Format, OpenArgs};
use crate::model::look::{Credential, SecretText};
use crate::steps::Setup;
use serde::Serialize;

/// Where one component can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Url {
    pub component: String,
    pub url: String,
}

/// What opens one component.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    component: String,
    user: String,
    password: String,
}

/// The lab's public addresses; empty while it has no gateway port.
pub fn urls(setup: &Setup, port: Option<u16>) -> Vec<Url> {
    let Some(port) = port else { return Vec::new() };
    let public = |name: &str| {
        let found = setup.lab.parts.get(name)?;
        found.component.endpoints.iter().find(|endpoint| endpoint.public)
    };
    setup
        .lab
        .parts
        .keys()
        .filter_map(|name| {
            let endpoint = public(name)?;
            let path = endpoint.path.as_deref().unwrap_or("/");
            Some(Url { component: name.clone(), url: format!("http://{name}.{}.localhost:{port}{path}", setup.lab.name) })
        })
        .collect()
}

/// `labctl urls`.
pub fn list(context: &Context, format: Format) -> Result<u8, Failure> {
    let setup = context.setup(None, false)?;
    let all = urls(&setup, context.state()?.gateway_port);
    if all.is_empty() {
        return Err(no_lab(context));
    }
    show::answer(format, &all, |all| {
        let rows: Vec<_> = all.iter().map(|one| vec![one.component.clone(), one.url.clone()]).collect();
        show::table(&["COMPONENT", "URL"], &rows)
    })?;
    Ok(code::OK)
}

/// `labctl open`.
pub fn open(context: &Context, args: &OpenArgs) -> Result<u8, Failure> {
    let setup = context.setup(None, false)?;
    let all = urls(&setup, context.state()?.gateway_port);
    let Some(found) = all.iter().find(|one| one.component == args.component) else {
        if all.is_empty() {
            return Err(no_lab(context));
        }
        let known: Vec<&str> = all.iter().map(|one| one.component.as_str()).collect();
        return Err(Failure::new("LAB-USAGE-001", format!("{} has no page of its own; these have: {}", args.component, known.join(", "))));
    };
    show::out(&format!("{}\n", found.url));
    if args.print {
        return Ok(code::OK);
    }
    if browse(&found.url).is_err() {
        show::err("no browser could be opened: open the address above\n");
    }
    Ok(code::OK)
}

/// Opens a page in the browser; does not wait for it.
pub fn browse(url: &str) -> Result<(), Failure> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = std::process::Command::new(program)
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    started.map(drop).map_err(|error| Failure::new("LAB-TOOL-001", format!("no browser could be opened for {url} ({program}: {error})")))
}

/// What opens the lab's pages.
pub fn credentials(context: &Context) -> Result<Vec<Credential>, Failure> {
    let setup = context.setup(None, false)?;
    let state = context.state()?;
    let mut found = Vec::new();
    for (name, part) in &setup.lab.parts {
        for credential in &part.component.credentials {
            let kept = state.secrets.get(&format!("{}/{}", part.component.namespace, credential.secret));
            let value = |key: &str| kept.and_then(|keys| keys.get(key)).cloned().unwrap_or_default();
            found.push(Credential {
                name: credential.name.clone(),
                component: name.clone(),
                user: value(&credential.user_key),
                password: SecretText::new(value(&credential.password_key)),
            });
        }
    }
    Ok(found)
}

/// `labctl creds`.
pub fn creds(context: &Context, format: Format) -> Result<u8, Failure> {
    let found = credentials(context)?.into_iter().map(|one| Row {
        name: one.name,
        component: one.component,
        user: one.user,
        password: one.password.reveal().to_owned(),
    });
    show::answer(format, &found.collect::<Vec<_>>(), |found| {
        if found.is_empty() {
            return "this lab has no passwords: nothing in its stack asks for one\n".to_owned();
        }
        let rows: Vec<_> =
            found.iter().map(|one| vec![one.name.clone(), one.component.clone(), one.user.clone(), one.password.clone()]).collect();
        show::table(&["NAME", "COMPONENT", "USER", "PASSWORD"], &rows)
    })?;
    Ok(code::OK)
}

/// The lab was never brought up, or is gone.
pub fn no_lab(context: &Context) -> Failure {
    Failure::new("LAB-NOLAB-001", format!("there is no lab called {}", context.global.lab))
}
