//! `http:` an answer of an endpoint, its status, its text, its JSON.

use super::attempt::{Around, Seen, brief};
use crate::model::check::HttpCheck;
use crate::support::http::{Answer, Call};
use serde_json::Value;

/// What is asked, with the endpoint's own path where the check names none.
pub(super) fn query(check: &HttpCheck, around: &Around<'_>) -> String {
    let own = around.lookup.endpoint(&around.scope.component, &check.endpoint).and_then(|endpoint| endpoint.path.as_deref());
    format!("{} {}", check.method.as_str(), check.path.as_deref().or(own).unwrap_or("/"))
}

pub(super) async fn look(check: &HttpCheck, around: &Around<'_>) -> Result<Seen, Seen> {
    let endpoint = around.endpoint(&check.endpoint)?;
    let path = check.path.as_deref().or(endpoint.path.as_deref()).unwrap_or("/");
    let mut call = Call::new(check.method.as_str(), "", path);
    let asked = call.asked();
    let way = around.way(endpoint).await.map_err(|why| Seen::fail(format!("{asked} → {why}")))?;
    call = Call::new(check.method.as_str(), &way.base, path);
    for (name, value) in &check.headers {
        call = call.header(name, value);
    }
    if let Some(json) = &check.json {
        call = call.json(json.clone());
    }
    let answer = around.http.call(call).await.map_err(|error| {
        let why = way.why(&error);
        Seen::fail(if why.starts_with(&asked) { why } else { format!("{asked} → {why}") })
    })?;
    judge(check, &answer)
}

fn judge(check: &HttpCheck, answer: &Answer) -> Result<Seen, Seen> {
    let sentence = answer.sentence();
    if answer.status != check.status {
        return Err(Seen::fail(format!("{sentence}, want {}", check.status)));
    }
    if let Some(text) = &check.contains
        && !answer.text().contains(text.as_str())
    {
        return Err(Seen::fail(format!("{sentence}, but the answer does not contain {}", brief(text))));
    }
    if check.wants.is_empty() && check.capture.is_empty() {
        return Ok(Seen::pass(sentence));
    }
    let json: Value = answer.json().map_err(|error| Seen::fail(error.to_string()))?;
    let missing = |pointer: &str| Seen::fail(format!("{sentence}, but there is no {pointer} in the answer"));
    for (pointer, want) in &check.wants {
        let have = json.pointer(pointer).ok_or_else(|| missing(pointer))?;
        if !same(have, want) {
            return Err(Seen::fail(format!(
                "{sentence}, but {pointer} is {}, want {}",
                brief(&have.to_string()),
                brief(&want.to_string())
            )));
        }
    }
    let mut seen = Seen::pass(sentence.clone());
    for (name, pointer) in &check.capture {
        let have = json.pointer(pointer).filter(|have| !have.is_null()).ok_or_else(|| missing(pointer))?;
        seen.captured.push((name.clone(), have.clone()));
    }
    Ok(seen)
}

/// Equal as JSON, and numbers equal as numbers: 1 and 1.0 are the same.
fn same(have: &Value, want: &Value) -> bool {
    match (have.as_f64(), want.as_f64()) {
        #[expect(clippy::float_cmp, reason = "both were written as figures; equal means equal")]
        (Some(have), Some(want)) => have == want,
        _ => have == want,
    }
}
