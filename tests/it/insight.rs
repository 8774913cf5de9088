//! The doctor's rules and the budget, over facts that are written down here; the reader, over a folder that looks like a machine.

use labctl::insight::budget::{self, ImageSize, Request, Room};
use labctl::insight::doctor::{Probe, ToolProbe, Wanted, exit_level, judge};
use labctl::model::budget::{Amount, Fit};
use labctl::model::finding::{Finding, Level, SafeFix};
use labctl::model::host::{Disk, EngineFacts, EngineInfo, HostFacts, KernelModule, Proxy, Reach, Reached, Tool};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const GIB: u64 = 1 << 30;

fn good_host() -> HostFacts {
    let tool = |name: &str| Tool { name: name.to_owned(), path: Some("/usr/bin/x".into()), version: Some("1.2.3".to_owned()) };
    let module = |name: &str| KernelModule { name: name.to_owned(), there: true, loadable: false };
    HostFacts {
        os: "linux".to_owned(),
        kernel: "6.1.0-28-amd64".to_owned(),
        arch: "x86_64".to_owned(),
        root: false,
        cpus: 8,
        mem_total: Some(16 * GIB),
        mem_available: Some(12 * GIB),
        cgroup: Some(2),
        inotify_watches: Some(1_048_576),
        inotify_instances: Some(8192),
        open_files: Some(65_536),
        disk: Some(Disk { path: "/var/lib/docker".into(), free: 100 * GIB, total: 200 * GIB }),
        missing_capabilities: Some(vec![]),
        ports_taken: vec![],
        tools: ["kind", "kubectl", "helm", "k6"].map(tool).to_vec(),
        proxies: vec![],
        registries: vec![Reach { host: "ghcr.io".to_owned(), got: Reached::Connected { by: None } }],
        iptables: Some("nf_tables".to_owned()),
        modules: ["overlay", "br_netfilter"].map(module).to_vec(),
    }
}

fn good_engine() -> EngineInfo {
    EngineInfo {
        endpoint: "unix:///var/run/docker.sock".to_owned(),
        version: "28.2.2".to_owned(),
        api: "1.50".to_owned(),
        cgroup_version: Some(2),
        storage_driver: "overlay2".to_owned(),
        default_runtime: "runc".to_owned(),
        rootless: false,
        os: "linux".to_owned(),
        arch: "x86_64".to_owned(),
        ncpu: 8,
        mem_total: 16 * GIB,
        disk: None,
    }
}

/// What rule `id` says of a good machine after `spoil`; no finding is `None`.
fn finding(id: &str, spoil: impl FnOnce(&mut HostFacts, &mut EngineInfo, &mut Wanted)) -> Option<Finding> {
    let (mut host, mut engine, mut wanted) = (good_host(), good_engine(), Wanted::default());
    spoil(&mut host, &mut engine, &mut wanted);
    judge(&host, Some(&EngineFacts::Reached(engine)), &wanted).into_iter().find(|finding| finding.id == id)
}

#[track_caller]
fn check(id: &str, level: Level, says: &str, spoil: impl FnOnce(&mut HostFacts, &mut EngineInfo, &mut Wanted)) {
    let finding = finding(id, spoil).unwrap_or_else(|| panic!("{id} said nothing"));
    assert_eq!(finding.level, level, "{finding:?}");
    let text = format!("{} | {} | {}", finding.what, finding.why, finding.fix);
    assert!(text.contains(says), "`{says}` is not in `{text}`");
    if level >= Level::Warn {
        assert!(!finding.why.is_empty() && !finding.fix.is_empty(), "a warning says why and what to do: {finding:?}");
    }
}

#[test]
fn a_good_machine_has_only_good_findings() {
    let findings = judge(&good_host(), Some(&EngineFacts::Reached(good_engine())), &Wanted::default());
    let bad: Vec<&Finding> = findings.iter().filter(|finding| finding.level != Level::Ok).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(findings.len() > 20, "only {} rules spoke", findings.len());
    assert_eq!(exit_level(&findings), Level::Ok);
    assert!(findings.windows(2).all(|pair| pair[0].id < pair[1].id), "ids are unique and in order");
}

#[test]
fn what_could_not_be_read_is_unknown_and_never_ok() {
    let host = HostFacts { os: "linux".to_owned(), ..HostFacts::default() };
    let findings = judge(&host, None, &Wanted::default());
    for id in ["002", "003", "004", "005", "007", "008", "009", "017", "020", "021"] {
        let finding = findings.iter().find(|finding| finding.id.ends_with(id)).unwrap_or_else(|| panic!("{id} said nothing"));
        assert_eq!(finding.level, Level::Unknown, "{finding:?}");
    }
}

#[test]
fn an_engine_that_does_not_answer_fails_with_the_way_out() {
    let say = |why: &str| {
        let facts = EngineFacts::Unreachable { endpoint: "unix:///var/run/docker.sock".to_owned(), why: why.to_owned() };
        judge(&good_host(), Some(&facts), &Wanted::default()).into_iter().find(|finding| finding.id == "LAB-HOST-001").unwrap()
    };
    assert_eq!(say("no such file").level, Level::Fail);
    assert!(say("no such file").fix.contains("systemctl start docker"));
    assert!(say("Permission denied (os error 13)").fix.contains("usermod -aG docker"));
}

#[test]
fn cgroup_v1_says_what_labctl_does_about_it() {
    check("LAB-HOST-002", Level::Warn, "failCgroupV1: false", |_, engine, _| {
        engine.cgroup_version = Some(1);
    });
    check("LAB-HOST-002", Level::Warn, "still starts", |_, engine, wanted| {
        engine.cgroup_version = Some(1);
        wanted.kubernetes = Some((1, 34));
    });
    // the engine's kernel counts, not the host's
    check("LAB-HOST-002", Level::Ok, "v2", |host, _, _| host.cgroup = Some(1));
}

#[test]
fn missing_capabilities_need_the_runtime_wrapper_unless_it_is_there() {
    let lack = |host: &mut HostFacts| host.missing_capabilities = Some(vec!["CAP_SYS_RESOURCE".to_owned()]);
    check("LAB-HOST-003", Level::Warn, "testbed engine start", |host, _, _| lack(host));
    check("LAB-HOST-003", Level::Ok, "`trimmed`", |host, engine, _| {
        lack(host);
        engine.default_runtime = "trimmed".to_owned();
    });
}

#[test]
fn low_inotify_limits_can_be_fixed() {
    check("LAB-HOST-004", Level::Warn, "128, below 512", |host, _, _| {
        host.inotify_instances = Some(128);
    });
    check("LAB-HOST-005", Level::Warn, "8192, below 524288", |host, _, _| {
        host.inotify_watches = Some(8192);
    });
    let fix = finding("LAB-HOST-004", |host, _, _| host.inotify_instances = Some(128)).unwrap();
    assert!(fix.fixable);
    assert_eq!(fix.action, Some(SafeFix::Sysctl { key: "fs.inotify.max_user_instances".to_owned(), value: "512".to_owned() }));
    check("LAB-HOST-004", Level::Ok, "= 512", |host, _, _| host.inotify_instances = Some(512));
}

#[test]
fn limits_of_size_are_judged_with_figures() {
    let disk = |free: u64| Some(Disk { path: "/data".into(), free, total: 500 * GIB });
    check("LAB-HOST-006", Level::Warn, "256", |host, _, _| host.open_files = Some(256));
    check("LAB-HOST-007", Level::Fail, "3.0 GiB free at /data", |host, _, _| {
        host.disk = disk(3 * GIB);
    });
    check("LAB-HOST-007", Level::Warn, "9.0 GiB", |host, _, _| host.disk = disk(9 * GIB));
    check("LAB-HOST-007", Level::Fail, "1.0 GiB", |_, engine, _| engine.disk = disk(GIB));
    check("LAB-HOST-008", Level::Fail, "needs 4.0 GiB", |host, _, _| {
        host.mem_available = Some(2 * GIB);
    });
    check("LAB-HOST-008", Level::Warn, "little is left", |host, _, _| {
        host.mem_available = Some(4 * GIB + 1);
    });
    check("LAB-HOST-009", Level::Warn, "1 CPU", |_, engine, _| engine.ncpu = 1);
    check("LAB-HOST-010", Level::Warn, "8080, 8443", |host, _, _| {
        host.ports_taken = vec![8080, 8443];
    });
    check("LAB-HOST-021", Level::Warn, "3.10", |host, _, _| {
        host.kernel = "3.10.0-1160.el7".to_owned();
    });
}

#[test]
fn on_a_mac_only_the_engine_counts() {
    let memory = |host: &mut HostFacts, engine: &mut EngineInfo| {
        *host = HostFacts { os: "macos".to_owned(), cpus: 10, ..HostFacts::default() };
        engine.mem_total = 2 * GIB;
    };
    check("LAB-HOST-008", Level::Fail, "2.0 GiB", |host, engine, _| memory(host, engine));
    for id in ["LAB-HOST-003", "LAB-HOST-004", "LAB-HOST-017", "LAB-HOST-021"] {
        assert_eq!(finding(id, |host, engine, _| memory(host, engine)), None, "{id}");
    }
}

#[test]
fn tools_are_found_or_named() {
    check("LAB-HOST-011", Level::Ok, "kind 1.2.3", |_, _, _| {});
    check("LAB-HOST-012", Level::Warn, "kubectl is not on PATH", |host, _, _| {
        host.tools[1].path = None;
    });
    check("LAB-HOST-014", Level::Unknown, "does not say its version", |host, _, _| {
        host.tools[3].version = None;
    });
}

#[test]
fn kernel_modules_are_loaded_loadable_or_missing() {
    check("LAB-HOST-015", Level::Fail, "no module overlay", |host, _, _| {
        host.modules[0].there = false;
    });
    check("LAB-HOST-016", Level::Warn, "no module br_netfilter", |host, _, _| {
        host.modules[1].there = false;
    });
    let fix = finding("LAB-HOST-016", |host, _, _| {
        host.modules[1] = KernelModule { name: "br_netfilter".to_owned(), there: false, loadable: true };
    });
    assert_eq!(fix.unwrap().action, Some(SafeFix::LoadModule { name: "br_netfilter".to_owned() }));
}

#[test]
fn a_proxy_must_leave_this_machine_out() {
    let proxy = |name: &str, value: &str| Proxy { name: name.to_owned(), value: value.to_owned() };
    check("LAB-HOST-018", Level::Warn, "NO_PROXY", |host, _, _| {
        host.proxies = vec![proxy("HTTPS_PROXY", "http://p:3128")];
    });
    check("LAB-HOST-018", Level::Ok, "leaves this machine out", |host, _, _| {
        host.proxies = vec![proxy("https_proxy", "http://p:3128"), proxy("no_proxy", "localhost, 127.0.0.1")];
    });
}

#[test]
fn registries_out_of_reach_point_to_the_bundle() {
    let lost = |host: &str| Reach { host: host.to_owned(), got: Reached::NoConnection { why: "refused".to_owned() } };
    let nameless = |host: &str| Reach { host: host.to_owned(), got: Reached::NoName { why: "no such name".to_owned() } };
    check("LAB-HOST-020", Level::Fail, "--bundle", |host, _, _| {
        host.registries = vec![lost("ghcr.io"), nameless("quay.io")];
    });
    check("LAB-HOST-020", Level::Warn, "not reached: quay.io", |host, _, _| {
        host.registries.push(lost("quay.io"));
    });
    check("LAB-HOST-019", Level::Warn, "quay.io (no such name)", |host, _, _| {
        host.registries.push(nameless("quay.io"));
    });
    check("LAB-HOST-020", Level::Ok, "not needed", |host, _, wanted| {
        host.registries.clear();
        wanted.registries = false;
    });
}

#[test]
fn the_engine_itself_is_judged() {
    check("LAB-HOST-022", Level::Warn, "vfs", |_, engine, _| {
        engine.storage_driver = "vfs".to_owned();
    });
    check("LAB-HOST-023", Level::Warn, "19.03", |_, engine, _| {
        engine.version = "19.03.15".to_owned();
    });
    check("LAB-HOST-023", Level::Ok, "5.4.2", |_, engine, _| {
        engine.version = "5.4.2".to_owned();
    });
    check("LAB-HOST-024", Level::Warn, "Delegate", |_, engine, _| engine.rootless = true);
    check("LAB-HOST-024", Level::Fail, "cgroup v1", |_, engine, _| {
        engine.rootless = true;
        engine.cgroup_version = Some(1);
    });
    check("LAB-HOST-025", Level::Fail, "windows", |_, engine, _| {
        engine.os = "windows".to_owned();
    });
}

#[test]
fn findings_are_plain_json() {
    let fix = finding("LAB-HOST-004", |host, _, _| host.inotify_instances = Some(128)).unwrap();
    let text = serde_json::to_value(&fix).unwrap();
    assert_eq!(text["level"], "warn");
    assert_eq!(text["fixable"], true);
    assert_eq!(text["action"], json!({"do": "sysctl", "key": "fs.inotify.max_user_instances", "value": "512"}));
    assert_eq!(serde_json::from_value::<Finding>(text).unwrap(), fix);
}

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn probe_of(root: &Path) -> Probe {
    Probe {
        root: root.to_owned(),
        os: "linux".to_owned(),
        uid: 0,
        data: root.join("not/there/yet"),
        ports: vec![],
        tools: vec![],
        deadline: Duration::from_secs(20),
        ..Probe::this_machine(vec![]).offline()
    }
}

#[tokio::test]
async fn a_folder_that_looks_like_a_machine_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "proc/sys/kernel/osrelease", "6.1.0-9\n");
    write(root, "proc/sys/kernel/cap_last_cap", "40\n");
    write(root, "proc/self/status", "CapBnd:\t000001fffeffffff\n");
    write(root, "proc/self/limits", "Max open files            1024                 4096                 files\n");
    write(root, "proc/meminfo", "MemTotal: 2048 kB\nMemAvailable: 1024 kB\n");
    write(root, "proc/cpuinfo", "processor\t: 0\nprocessor\t: 1\nprocessor\t: 2\n");
    write(root, "proc/sys/fs/inotify/max_user_watches", "8192\n");
    write(root, "proc/sys/fs/inotify/max_user_instances", "128\n");
    write(root, "proc/filesystems", "nodev\toverlay\n");
    write(root, "lib/modules/6.1.0-9/modules.dep", "kernel/net/bridge/br_netfilter.ko: kernel/net/bridge/bridge.ko\n");
    std::fs::create_dir_all(root.join("sys/fs/cgroup/memory")).unwrap();
    let facts = HostFacts::read(&probe_of(root)).await;
    assert_eq!(facts.kernel, "6.1.0-9");
    assert!(facts.root);
    assert_eq!((facts.cpus, facts.mem_total, facts.mem_available), (3, Some(2 << 20), Some(1 << 20)));
    assert_eq!((facts.cgroup, facts.open_files), (Some(1), Some(1024)));
    assert_eq!((facts.inotify_watches, facts.inotify_instances), (Some(8192), Some(128)));
    assert_eq!(facts.missing_capabilities, Some(vec!["CAP_SYS_RESOURCE".to_owned()]));
    assert_eq!(facts.disk.unwrap().path, root, "the closest parent that exists");
    assert!(facts.modules[0].there && !facts.modules[1].there && facts.modules[1].loadable, "{:?}", facts.modules);
    write(root, "sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
    assert_eq!(HostFacts::read(&probe_of(root)).await.cgroup, Some(2));
}

#[tokio::test]
async fn an_empty_machine_is_read_as_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let facts = HostFacts::read(&probe_of(folder.path())).await;
    assert_eq!((facts.cgroup, facts.mem_available, facts.inotify_watches, facts.missing_capabilities), (None, None, None, None));
    assert_eq!((facts.tools, facts.registries, facts.iptables), (vec![], vec![], None));
}

#[tokio::test]
async fn tools_say_their_version_and_passwords_of_proxies_are_taken_out() {
    let folder = tempfile::tempdir().unwrap();
    // echo says what it is asked to
    std::os::unix::fs::symlink("/bin/echo", folder.path().join("kind")).unwrap();
    let mut probe = probe_of(folder.path());
    let env = [("PATH", folder.path().to_str().unwrap()), ("HTTPS_PROXY", "http://me:secret@proxy.test:3128"), ("HOME", "/x")];
    probe.env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let tool = |name: &str, says: &str| ToolProbe { name: name.to_owned(), args: vec![says.to_owned()] };
    probe.tools = vec![tool("kind", "kind v0.33.0 go1.26"), tool("helm", "")];
    let facts = HostFacts::read(&probe).await;
    assert_eq!(facts.tools[0].version.as_deref(), Some("0.33.0"));
    assert_eq!((&facts.tools[1].path, &facts.tools[1].version), (&None, &None));
    assert_eq!(facts.proxies, vec![Proxy { name: "HTTPS_PROXY".to_owned(), value: "http://proxy.test:3128".to_owned() }]);
}

#[tokio::test]
async fn a_port_that_somebody_listens_on_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut probe = probe_of(folder.path());
    probe.ports = vec![listener.local_addr().unwrap().port()];
    assert_eq!(HostFacts::read(&probe).await.ports_taken, probe.ports);
    drop(listener);
    assert_eq!(HostFacts::read(&probe).await.ports_taken, Vec::<u16>::new());
}

/// Tries one address with one environment.
async fn reached(host: &str, env: &[(&str, String)]) -> Reached {
    let folder = tempfile::tempdir().unwrap();
    let mut probe = probe_of(folder.path());
    probe.registries = vec![host.to_owned()];
    probe.env = env.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    HostFacts::read(&probe).await.registries.remove(0).got
}

#[tokio::test]
async fn a_registry_is_reached_directly_or_refused() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    assert_eq!(reached(&address, &[]).await, Reached::Connected { by: None });
    drop(listener);
    assert!(matches!(reached(&address, &[]).await, Reached::NoConnection { .. }));
    assert!(matches!(reached("no-such-host.invalid", &[]).await, Reached::NoName { .. }));
}

/// A proxy that answers one request with `answer`; returns its address and what it was asked.
async fn proxy(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    (address, asked)
}

#[tokio::test]
async fn behind_a_proxy_the_proxy_is_asked_for_a_tunnel() {
    let (address, asked) = proxy("HTTP/1.1 200 Connection established\r\n\r\n").await;
    let got = reached("ghcr.io", &[("HTTPS_PROXY", format!("http://me:secret@{address}"))]).await;
    assert_eq!(got, Reached::Connected { by: Some(format!("http://{address}")) });
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("CONNECT ghcr.io:443 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"), "{asked}");
}

#[tokio::test]
async fn a_proxy_that_says_no_is_quoted_without_its_password() {
    let (address, _asked) = proxy("HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let got = reached("ghcr.io", &[("https_proxy", format!("http://me:secret@{address}"))]).await;
    let Reached::NoConnection { why } = got else { panic!("{got:?}") };
    assert!(why.contains("HTTP/1.1 403 Forbidden") && !why.contains("secret"), "{why}");
}

#[tokio::test]
async fn no_proxy_is_honoured() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let env = [("HTTPS_PROXY", "http://127.0.0.1:1".to_owned()), ("NO_PROXY", "example.test,127.0.0.1".to_owned())];
    assert_eq!(reached(&address, &env).await, Reached::Connected { by: None });
}

fn container(cpu: &str, memory: &str) -> Value {
    json!({"name": "c", "resources": {"requests": {"cpu": cpu, "memory": memory}}})
}

fn workload(kind: &str, spec: &Value, pod: &Value) -> Value {
    let mut spec = spec.clone();
    spec["template"] = json!({"spec": pod});
    json!({"kind": kind, "metadata": {"name": "w", "namespace": "n"}, "spec": spec})
}

fn budget(objects: &[Value], workers: u32) -> labctl::model::budget::Budget {
    let room = Room { cpus: Some(8), mem_available: Some(8 * GIB), disk_free: Some(50 * GIB) };
    budget::judge(&Request { objects, images: &[], control_planes: 1, workers, size: "medium", room })
}

#[track_caller]
fn asks(objects: &[Value], workers: u32, millicores: u64, mebibytes: u64) {
    let ask = &budget(objects, workers).asks[0];
    assert_eq!(ask.requests, Amount { millicores, bytes: mebibytes << 20 }, "{ask:?}");
}

#[test]
fn replicas_and_nodes_multiply() {
    let pod = json!({"containers": [container("100m", "64Mi")]});
    asks(&[workload("Deployment", &json!({"replicas": 3}), &pod)], 0, 300, 192);
    asks(&[workload("StatefulSet", &json!({}), &pod)], 0, 100, 64);
    asks(&[workload("Deployment", &json!({"replicas": 0}), &pod)], 0, 0, 0);
    asks(&[workload("DaemonSet", &json!({}), &pod)], 2, 300, 192);
    asks(&[workload("Job", &json!({"parallelism": 2}), &pod)], 0, 200, 128);
    asks(
        &[json!({"kind": "CronJob", "metadata": {"name": "w"}, "spec": {"jobTemplate": {"spec": {"template": {"spec": pod}}}}})],
        0,
        100,
        64,
    );
}

#[test]
fn an_autoscaler_sets_the_least_number() {
    let pod = json!({"containers": [container("100m", "64Mi")]});
    let scaler = json!({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": "n"},
        "spec": {"minReplicas": 2, "scaleTargetRef": {"kind": "Deployment", "name": "w"}}});
    asks(&[workload("Deployment", &json!({}), &pod), scaler], 0, 200, 128);
}

#[test]
fn init_containers_count_as_the_scheduler_counts_them() {
    let deployment = |pod: &Value| [workload("Deployment", &json!({}), pod)];
    // the larger of the containers together and the largest init container, each resource by itself
    asks(
        &deployment(
            &json!({"containers": [container("100m", "64Mi"), container("100m", "64Mi")], "initContainers": [container("50m", "500Mi")]}),
        ),
        0,
        200,
        500,
    );
    // a sidecar stays, and stands beside the init containers that come after it
    let mut sidecar = container("10m", "100Mi");
    sidecar["restartPolicy"] = json!("Always");
    let pod = json!({"containers": [container("100m", "64Mi")], "initContainers": [sidecar, container("20m", "200Mi")]});
    asks(&deployment(&pod), 0, 110, 300);
    let pod = json!({"containers": [container("100m", "64Mi")], "overhead": {"cpu": "5m", "memory": "1Mi"}});
    asks(&deployment(&pod), 0, 105, 65);
}

#[test]
fn a_missing_request_is_the_limit_and_none_at_all_is_counted() {
    let pod = json!({"containers": [{"resources": {"limits": {"cpu": 1, "memory": "1Gi"}}}, {"name": "bare"}]});
    let budget = budget(&[workload("Deployment", &json!({}), &pod)], 0);
    assert_eq!(budget.asks[0].requests, Amount { millicores: 1000, bytes: GIB });
    assert_eq!(budget.asks[0].unbounded, 1);
}

#[test]
fn objects_without_pods_ask_for_nothing() {
    assert!(budget(&[json!({"kind": "Service"}), json!({"kind": "ConfigMap"}), json!({}), json!(null)], 0).asks.is_empty());
}

#[test]
fn the_verdict_names_what_is_short_and_a_way_out() {
    let judged = |mebibytes: u64, free: Option<u64>, size: &str| {
        let pod = json!({"containers": [container("100m", &format!("{mebibytes}Mi"))]});
        let mut one = workload("Deployment", &json!({}), &pod);
        one["metadata"]["labels"] = json!({"app.kubernetes.io/name": "loki"});
        let room = Room { cpus: Some(2), mem_available: free, disk_free: Some(50 * GIB) };
        budget::judge(&Request { objects: &[one], images: &[], control_planes: 1, workers: 0, size, room })
    };
    assert_eq!(judged(500, Some(4 * GIB), "medium").fit, Fit::Fits);
    assert!(judged(500, Some(4 * GIB), "medium").suggestions.is_empty());
    assert_eq!(judged(3400, Some(4 * GIB), "medium").fit, Fit::Tight);
    let too_much = judged(5000, Some(4 * GIB), "medium");
    assert_eq!(too_much.fit, Fit::DoesNotFit);
    let said = too_much.suggestions.join("\n");
    assert!(said.contains("size: small") && said.contains("loki (5000 MiB)"), "{said}");
    assert!(!judged(5000, Some(4 * GIB), "small").suggestions.join("\n").contains("size:"), "there is nothing smaller than small");
    assert_eq!(judged(500, None, "medium").fit, Fit::Unknown);
}

#[test]
fn images_cost_download_once_and_disk_on_every_node() {
    let image = |name: &str, cached| ImageSize { name: name.to_owned(), compressed: 100, cached };
    let images = [image("a", false), image("b", true)];
    let room = Room { disk_free: Some(1000), ..Room::default() };
    let budget = budget::judge(&Request { objects: &[], images: &images, control_planes: 1, workers: 1, size: "small", room });
    assert_eq!(budget.download, Some(100));
    let disk = budget.measures.iter().find(|measure| measure.of == "disk").unwrap();
    assert_eq!((disk.asked, disk.fit), (100 + 2 * 2 * 250, Fit::DoesNotFit));
    // of an image whose size nobody knows, nothing is said
    let images = [image("a", false), ImageSize { name: "c".to_owned(), compressed: 0, cached: false }];
    let room = Room { disk_free: Some(100_000), ..Room::default() };
    let budget = budget::judge(&Request { objects: &[], images: &images, control_planes: 1, workers: 0, size: "small", room });
    let disk = budget.measures.iter().find(|measure| measure.of == "disk").unwrap();
    assert_eq!((budget.download, disk.fit), (None, Fit::Unknown));
}
