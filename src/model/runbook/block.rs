//! One block of a runbook: a fenced piece of code with attributes in its info string, as runme writes them: every value is a string.

use crate::model::check::{Check, Expect, HttpCheck, K8sCheck, LokiCheck, Method, Op, PromCheck, What};
use crate::model::units::HumanDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The language of a block, which says how it is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Commands of a shell: can do anything.
    Sh,
    /// A Prometheus query.
    Promql,
    /// A Loki query.
    Logql,
    /// A request that only reads.
    Http,
    /// The state of an object.
    K8s,
}

impl Lang {
    /// By the first word of a fence's info string; nothing for a fence that is only to be read.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "sh" => Self::Sh,
            "promql" => Self::Promql,
            "logql" => Self::Logql,
            "http" => Self::Http,
            "k8s" => Self::K8s,
            _ => return None,
        })
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sh => "sh",
            Self::Promql => "promql",
            Self::Logql => "logql",
            Self::Http => "http",
            Self::K8s => "k8s",
        })
    }
}

/// The attributes as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(missing_docs, reason = "docs/runbooks.md has them all")]
pub struct Written {
    pub name: String,
    pub check: Option<String>,
    pub unit: Option<String>,
    pub timeout: Option<HumanDuration>,
    pub within: Option<HumanDuration>,
    pub on_ok: Option<String>,
    pub on_fail: Option<String>,
    pub no_data: Option<String>,
    pub mutates: Option<String>,
    pub confirm: Option<String>,
    pub exclude_from_run_all: Option<String>,
}

/// What is done when a block's check does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFail {
    /// Nothing more but Verify.
    Stop,
    /// The next block.
    Continue,
    /// That block, and then those after it.
    Goto(String),
}

/// What a block does.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Runs commands.
    Shell,
    /// Looks at something: read only by construction.
    Look(Box<Check>),
}

/// One block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    /// Unique within the runbook.
    pub name: String,
    /// In which line of the file its fence opens, from 1.
    pub line: usize,
    /// Of its code.
    pub lang: Lang,
    /// Its code, as it is written.
    pub code: String,
    /// What it does.
    pub does: Does,
    /// How long its commands may take, all together.
    pub timeout: HumanDuration,
    /// How long its check may be tried again; nothing for one look.
    pub within: Option<HumanDuration>,
    /// The block that comes next when its check holds; nothing for the one after it.
    pub on_ok: Option<String>,
    /// What is done when its check does not hold.
    pub on_fail: OnFail,
    /// No data counts as a check that does not hold.
    pub no_data_fails: bool,
    /// It changes something.
    pub mutates: bool,
    /// What a person is asked before it changes something.
    pub confirm: Option<String>,
    /// It runs only when another one goes to it.
    pub only_by_goto: bool,
}

/// What is wrong with a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BlockError(pub String);

/// How long commands may take that do not say.
const TIMEOUT: HumanDuration = HumanDuration::from_secs(30);

fn wrong<T>(text: impl Into<String>) -> Result<T, BlockError> {
    Err(BlockError(text.into()))
}

fn flag(name: &str, value: Option<&str>) -> Result<bool, BlockError> {
    match value {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => wrong(format!("`{name}` is \"{other}\": use \"true\" or \"false\"")),
    }
}

impl Block {
    /// A block from what is written.
    pub fn new(lang: Lang, line: usize, written: Written, code: &str) -> Result<Self, BlockError> {
        let Written { name, check, unit, timeout, within, on_ok, on_fail, no_data, mutates, confirm, exclude_from_run_all } = written;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_name {
            return wrong(format!("`{name}` is no name of a block: use letters a-z, digits and dashes"));
        }
        let mutates = flag("mutates", mutates.as_deref())?;
        if lang != Lang::Sh && (mutates || confirm.is_some() || timeout.is_some()) {
            return wrong(format!("a {lang} block only looks: `mutates`, `confirm` and `timeout` are for sh"));
        }
        if lang == Lang::Sh && within.is_some() {
            return wrong("`within` is for blocks that look; sh runs once, with a `timeout`");
        }
        if unit.is_some() && lang != Lang::Promql {
            return wrong("`unit` is for promql");
        }
        if confirm.is_some() && !mutates {
            return wrong("`confirm` is for blocks with \"mutates\":\"true\"");
        }
        let on_fail = match on_fail.as_deref() {
            None | Some("stop") => OnFail::Stop,
            Some("continue") => OnFail::Continue,
            Some(other) => match other.strip_prefix("goto:") {
                Some(target) if target != name => OnFail::Goto(target.to_owned()),
                _ => return wrong(format!("`onFail` is \"{other}\": use \"stop\", \"continue\" or \"goto:BLOCK\"")),
            },
        };
        let on_ok = match on_ok.as_deref().map(|written| (written, written.strip_prefix("goto:"))) {
            None => None,
            Some((_, Some(target))) if target != name => Some(target.to_owned()),
            Some((other, _)) => return wrong(format!("`onOk` is \"{other}\": use \"goto:BLOCK\"")),
        };
        let no_data_fails = match no_data.as_deref() {
            None | Some("inconclusive") => false,
            Some("fail") => true,
            Some(other) => return wrong(format!("`noData` is \"{other}\": use \"inconclusive\" or \"fail\"")),
        };
        let does = does(lang, &name, within, unit, check.as_deref(), code.trim())?;
        Ok(Self {
            name,
            line,
            lang,
            code: code.to_owned(),
            does,
            timeout: timeout.unwrap_or(TIMEOUT),
            within,
            on_ok,
            on_fail,
            no_data_fails,
            mutates,
            confirm,
            only_by_goto: flag("excludeFromRunAll", exclude_from_run_all.as_deref())?,
        })
    }

    /// What it looks at, with `$NAME` filled in; `None` for commands, which get them as variables.
    pub fn look(&self, inputs: &BTreeMap<String, String>) -> Option<Check> {
        let Does::Look(check) = &self.does else { return None };
        let mut check = Check::clone(check);
        let fill = |text: &mut String| *text = filled(text, inputs);
        match &mut check.what {
            What::Prom(PromCheck::Query { query, .. }) | What::Loki(LokiCheck::Query { query, .. }) => fill(query),
            What::Http(HttpCheck { endpoint, path, .. }) => {
                fill(endpoint);
                path.iter_mut().for_each(fill);
            }
            What::K8s(K8sCheck { name, namespace, .. }) => {
                fill(name);
                namespace.iter_mut().for_each(fill);
            }
            _ => {}
        }
        Some(check)
    }
}

/// `text` with each `$NAME` of `inputs` filled in, the longest name first.
fn filled(text: &str, inputs: &BTreeMap<String, String>) -> String {
    let mut names: Vec<&String> = inputs.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.into_iter().fold(text.to_owned(), |text, name| text.replace(&format!("${name}"), inputs.get(name).map_or("", String::as_str)))
}

fn does(
    lang: Lang,
    name: &str,
    within: Option<HumanDuration>,
    unit: Option<String>,
    check: Option<&str>,
    code: &str,
) -> Result<Does, BlockError> {
    if code.is_empty() {
        return wrong("it is empty");
    }
    let what = match (lang, check) {
        (Lang::Sh, None | Some("exit==0")) => return Ok(Does::Shell),
        (Lang::Sh, Some(other)) => return wrong(format!("`check` is \"{other}\": a sh block has \"exit==0\", which may be left out")),
        (Lang::Promql, Some(check)) => {
            let (op, value) = compared(check, "value")?;
            What::Prom(PromCheck::Query { query: code.to_owned(), op, value, unit })
        }
        (Lang::Promql, None) => return wrong("a promql block needs a `check`, such as \"value<=0.05\""),
        (Lang::Logql, check) => match compared(check.unwrap_or("lines>=1"), "lines")? {
            (Op::Ge, least) if least >= 1.0 && least.fract() == 0.0 && least < 1e6 => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 1 to a million")]
                let min = least as u64;
                What::Loki(LokiCheck::Query { query: code.to_owned(), min })
            }
            _ => return wrong("the `check` of a logql block is \"lines>=N\" with N of 1 or more"),
        },
        (Lang::Http, check) => What::Http(request(code, check.unwrap_or("status==200"))?),
        (Lang::K8s, check) => What::K8s(object(code, check.unwrap_or("available"))?),
    };
    Ok(Does::Look(Box::new(Check { name: name.to_owned(), within, what })))
}

/// `value<=0.05`.
fn compared(check: &str, of: &str) -> Result<(Op, f64), BlockError> {
    let malformed = || BlockError(format!("`check` is \"{check}\": write it like \"{of}<=5\""));
    let rest = check.strip_prefix(of).ok_or_else(malformed)?;
    let ops = [("<=", Op::Le), (">=", Op::Ge), ("==", Op::Eq), ("!=", Op::Ne), ("<", Op::Lt), (">", Op::Gt)];
    let (sign, op) = ops.into_iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(malformed)?;
    let value: f64 = rest.get(sign.len()..).unwrap_or_default().trim().parse().map_err(|_| malformed())?;
    if value.is_finite() { Ok((op, value)) } else { Err(malformed()) }
}

/// `GET app-python/http/healthz/ready`: method, component, endpoint, path.
fn request(code: &str, check: &str) -> Result<HttpCheck, BlockError> {
    let malformed = || BlockError("an http block is one line: GET COMPONENT/ENDPOINT/PATH".to_owned());
    let (method, rest) = code.split_once(' ').filter(|_| !code.contains('\n')).ok_or_else(malformed)?;
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        _ => return wrong(format!("an http block only looks: GET or HEAD, not {method}")),
    };
    let mut parts = rest.trim().splitn(3, '/');
    let (component, endpoint) = parts.next().zip(parts.next()).filter(|(a, b)| !a.is_empty() && !b.is_empty()).ok_or_else(malformed)?;
    let status = check.strip_prefix("status==").and_then(|status| status.parse().ok());
    let status = status.filter(|status| (100..600).contains(status));
    let status = status.ok_or_else(|| BlockError(format!("`check` is \"{check}\": write it like \"status==200\"")))?;
    Ok(HttpCheck {
        endpoint: format!("{component}/{endpoint}"),
        method,
        path: Some(format!("/{}", parts.next().unwrap_or_default())),
        headers: BTreeMap::new(),
        json: None,
        status,
        contains: None,
        wants: BTreeMap::new(),
        capture: BTreeMap::new(),
    })
}

/// `Deployment apps/app-python`.
fn object(code: &str, check: &str) -> Result<K8sCheck, BlockError> {
    let expect = match check {
        "available" => Expect::Available,
        "ready" => Expect::Ready,
        "exists" => Expect::Exists,
        other => return wrong(format!("`check` is \"{other}\": a k8s block has \"available\", \"ready\" or \"exists\"")),
    };
    let malformed = || BlockError("a k8s block is one line: KIND NAMESPACE/NAME, or KIND NAME for what has no namespace".to_owned());
    let (kind, rest) = code.split_once(' ').filter(|_| !code.contains('\n')).ok_or_else(malformed)?;
    let (namespace, name) = rest.trim().split_once('/').map_or((None, rest.trim()), |(space, name)| (Some(space.to_owned()), name));
    if name.is_empty() || name.contains(['/', ' ']) {
        return Err(malformed());
    }
    Ok(K8sCheck { kind: kind.to_owned(), name: name.to_owned(), namespace, api_version: None, expect })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lang: Lang, attributes: &str, code: &str) -> Result<Block, BlockError> {
        Block::new(lang, 1, serde_json::from_str(attributes).unwrap(), code)
    }

    #[track_caller]
    fn refused(lang: Lang, attributes: &str, code: &str, why: &str) {
        let error = block(lang, attributes, code).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }

    #[test]
    fn typed_blocks_are_checks_that_only_read() {
        let inputs = BTreeMap::from([("APP".to_owned(), "api".to_owned()), ("APP_NS".to_owned(), "apps".to_owned())]);
        let read = |lang, attributes, code| block(lang, attributes, code).unwrap().look(&inputs).unwrap();
        let prom = read(Lang::Promql, r#"{"name":"p","check":"value<=0.05"}"#, "rate(x{job=\"$APP\",ns=\"$APP_NS\"}[1m])\n");
        assert!(
            matches!(&prom.what, What::Prom(PromCheck::Query { query, op: Op::Le, .. }) if query == "rate(x{job=\"api\",ns=\"apps\"}[1m])")
        );
        let http = read(Lang::Http, r#"{"name":"h"}"#, "GET $APP/http/healthz/ready");
        assert!(matches!(&http.what, What::Http(http) if http.endpoint == "api/http" && http.path.as_deref() == Some("/healthz/ready")));
        let k8s = read(Lang::K8s, r#"{"name":"k"}"#, "Deployment $APP_NS/$APP");
        assert!(matches!(&k8s.what, What::K8s(k8s) if k8s.name == "api" && k8s.namespace.as_deref() == Some("apps")));
        assert!([prom, http, k8s].iter().all(|check| !check.what.writes()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_way_out() {
        refused(Lang::Promql, r#"{"name":"p"}"#, "up", "needs a `check`");
        refused(Lang::Promql, r#"{"name":"p","check":"value=5"}"#, "up", "write it like \"value<=5\"");
        refused(Lang::Promql, r#"{"name":"p","check":"value<5","mutates":"true"}"#, "up", "only looks");
        refused(Lang::Http, r#"{"name":"p"}"#, "POST app/http/orders", "GET or HEAD, not POST");
        refused(Lang::K8s, r#"{"name":"p","check":"gone"}"#, "Pod a/b", "available");
        refused(Lang::Logql, r#"{"name":"p","check":"lines==0"}"#, "{a=\"b\"}", "lines>=N");
        refused(Lang::Sh, r#"{"name":"P"}"#, "true", "no name");
        refused(Lang::Sh, r#"{"name":"p","onFail":"goto:p"}"#, "true", "onFail");
        refused(Lang::Sh, r#"{"name":"p","mutates":"yes"}"#, "true", "use \"true\" or \"false\"");
        refused(Lang::Sh, r#"{"name":"p"}"#, " \n", "empty");
    }
}
