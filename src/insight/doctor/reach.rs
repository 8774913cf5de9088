//! Whether a registry can be reached: its name, a connection, and the proxy in between where one is set. Nothing is sent to the registry.

use super::Probe;
use crate::model::host::{Reach, Reached};
use base64::Engine as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Tries `host` (or `host:port`, 443 otherwise) once, within the probe's deadline.
pub async fn reach(probe: &Probe, host: &str) -> Reach {
    let (name, port) = split(host, 443);
    let attempt = async {
        match proxy_for(probe, name) {
            Some(proxy) => through(proxy, name, port).await,
            None => direct(name, port).await,
        }
    };
    let got = match tokio::time::timeout(probe.deadline, attempt).await {
        Ok(got) => got,
        Err(_) => Reached::NoConnection { why: format!("no answer within {} s", probe.deadline.as_secs_f32()) },
    };
    Reach { host: host.to_owned(), got }
}

async fn direct(name: &str, port: u16) -> Reached {
    let addresses: Vec<_> = match tokio::net::lookup_host((name, port)).await {
        Ok(addresses) => addresses.collect(),
        Err(error) => return Reached::NoName { why: error.to_string() },
    };
    match TcpStream::connect(addresses.as_slice()).await {
        Ok(_) => Reached::Connected { by: None },
        Err(error) => Reached::NoConnection { why: error.to_string() },
    }
}

/// Asks the proxy for a tunnel, and lets it go once it is granted.
async fn through(proxy: &str, name: &str, port: u16) -> Reached {
    let shown = without_password(proxy);
    let refused = |why: String| Reached::NoConnection { why: format!("proxy {shown}: {why}") };
    let Some(address) = proxy.strip_prefix("http://").or_else(|| (!proxy.contains("://")).then_some(proxy)) else {
        return refused("only http:// proxies can be tried from here".to_owned());
    };
    let address = address.split('/').next().unwrap_or(address);
    let (login, address) = address.rsplit_once('@').map_or((None, address), |(login, address)| (Some(login), address));
    let (proxy_name, proxy_port) = split(address, 80);
    let mut stream = match TcpStream::connect((proxy_name, proxy_port)).await {
        Ok(stream) => stream,
        Err(error) => return refused(error.to_string()),
    };
    let login = login
        .map_or_else(String::new, |login| format!("Proxy-Authorization: Basic {}\r\n", base64::prelude::BASE64_STANDARD.encode(login)));
    let request = format!("CONNECT {name}:{port} HTTP/1.1\r\nHost: {name}:{port}\r\n{login}\r\n");
    if let Err(error) = stream.write_all(request.as_bytes()).await {
        return refused(error.to_string());
    }
    let mut answer = Vec::new();
    // the status line is all that is wanted
    while !answer.contains(&b'\n') && answer.len() < 1024 {
        let mut chunk = [0; 256];
        match stream.read(&mut chunk).await {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&chunk[..read]),
            Err(error) => return refused(error.to_string()),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let line = line.lines().next().unwrap_or("").trim();
    match line.split_whitespace().nth(1) {
        Some("200") => Reached::Connected { by: Some(shown) },
        _ => refused(format!("answers `{line}`")),
    }
}

/// The proxy in charge of `name`, as most programs choose it: small letters win, `NO_PROXY` lists exceptions by name or domain.
fn proxy_for<'a>(probe: &'a Probe, name: &str) -> Option<&'a str> {
    let first = |names: [&str; 2]| names.iter().find_map(|name| probe.var(name).filter(|value| !value.is_empty()));
    let proxy = first(["https_proxy", "HTTPS_PROXY"]).or_else(|| first(["all_proxy", "ALL_PROXY"]))?;
    let excepted = first(["no_proxy", "NO_PROXY"]).unwrap_or("").split(',').map(str::trim).any(|entry| {
        let domain = entry.trim_start_matches('.');
        !domain.is_empty() && (entry == "*" || name == domain || name.ends_with(&format!(".{domain}")))
    });
    (!excepted).then_some(proxy)
}

/// `user:password@` taken out of a proxy's address.
pub fn without_password(value: &str) -> String {
    let (scheme, rest) = value.split_once("://").map_or(("", value), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, address)| address);
    if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") }
}

fn split(host: &str, default: u16) -> (&str, u16) {
    host.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?))).unwrap_or((host, default))
}
