//! `alert:` a test alert is posted to Alertmanager and must arrive at the inbox: routing, grouping and webhook, the whole way.

use super::attempt::{Around, Memory, Seen, now};
use crate::adapters::alertmanager::Alertmanager;
use crate::model::check::AlertCheck;
use crate::model::run::At;
use crate::support::http::Call;
use std::collections::BTreeMap;

pub(super) async fn look(check: &AlertCheck, around: &Around<'_>, memory: &mut Memory) -> Result<Seen, Seen> {
    let inbox = around.endpoint(&check.inbox)?;
    let name = &check.fire;
    let way = around.backend(around.lookup.backends.alerts.as_ref(), "alerts").await?;
    let alertmanager = Alertmanager::new(around.http.clone(), &way.base);
    // the nonce makes this alert its own group, and tells it from one of an earlier run
    let labels: BTreeMap<String, String> =
        [("alertname", name.as_str()), ("probe", around.nonce), ("severity", "info")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let post = async |from: At, to: At| {
        let posted = alertmanager.post(&labels, "labctl proves that alerts arrive", from, to).await;
        posted.map_err(|error| Seen::fail(format!("post alert {name}: {}", way.why(&error))))
    };
    let from = if let Some(from) = memory.written {
        from
    } else {
        let At(from) = now();
        post(At(from), At(from + time::Duration::minutes(5))).await?;
        memory.written = Some(At(from));
        At(from)
    };
    let to_inbox = around.way(inbox).await.map_err(|why| Seen::no_data(format!("inbox: {why}")))?;
    let call = Call::get(&to_inbox.base, inbox.path.as_deref().unwrap_or("/"));
    let unread = |error: crate::support::http::HttpError| Seen::no_data(format!("inbox: {}", to_inbox.why(&error)));
    let received = around.http.call(call).await.map_err(unread)?.ok().map_err(unread)?.text();
    if !received.contains(around.nonce) || !received.contains(name.as_str()) {
        return Err(Seen::no_data(format!("alert {name} is posted and has not arrived at {}", check.inbox)));
    }
    // it has done its work; without this it would be shown as firing for minutes
    post(from, now()).await?;
    Ok(Seen::pass(format!("alert {name} went through Alertmanager to {}", check.inbox)))
}
