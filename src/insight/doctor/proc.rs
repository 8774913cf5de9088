//! Parsers for the text files in which a Linux kernel describes itself. Pure: text in, facts out.

/// Names of all capabilities, by bit, as of Linux 6; a kernel knows the first `cap_last_cap + 1` of them.
const CAPABILITIES: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// From `/proc/self/status` and `/proc/sys/kernel/cap_last_cap`: what the bounding set lacks.
pub fn missing_capabilities(status: &str, last_cap: Option<&str>) -> Option<Vec<String>> {
    let bounding = u64::from_str_radix(status.lines().find_map(|line| line.strip_prefix("CapBnd:"))?.trim(), 16).ok()?;
    let known = last_cap.and_then(|text| text.trim().parse::<usize>().ok()).map_or(CAPABILITIES.len(), |last| last + 1);
    let missing = CAPABILITIES.iter().take(known).enumerate().filter(|(bit, _)| bounding >> bit & 1 == 0);
    Some(missing.map(|(_, name)| format!("CAP_{name}")).collect())
}

/// Total and available bytes, from `/proc/meminfo`.
pub fn memory(meminfo: &str) -> (Option<u64>, Option<u64>) {
    let field = |name: &str| {
        let rest = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kib: u64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    };
    (field("MemTotal"), field("MemAvailable"))
}

/// Soft limit of open files, from `/proc/self/limits`.
pub fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// The first thing in `text` that reads like a version (`v1.34.4`, `20.10.24+dfsg1`), without its `v` and without what follows the numbers.
pub fn version(text: &str) -> Option<String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | '(' | ')')).find_map(|word| {
        let word = word.trim_start_matches('v');
        let numbers: String = word.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let numbers = numbers.trim_end_matches('.');
        let parts: Vec<&str> = numbers.split('.').collect();
        let real = parts.len() >= 2 && parts.iter().all(|part| !part.is_empty());
        real.then(|| numbers.to_owned())
    })
}

/// Whether `modules` (the text of `/proc/modules`) or `builtin` (of `modules.builtin`) or `dep` (of `modules.dep`) has `name`: (there, loadable).
pub fn module(name: &str, modules: &str, builtin: &str, dep: &str) -> (bool, bool) {
    let file = |line: &str| {
        let path = line.split(':').next().unwrap_or("");
        let base = path.rsplit('/').next().unwrap_or("");
        base.split(".ko").next().unwrap_or("").replace('-', "_") == name
    };
    let loaded = modules.lines().any(|line| line.split_whitespace().next() == Some(name));
    let there = loaded || builtin.lines().any(file);
    (there, !there && dep.lines().any(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_version(text: &str, expected: Option<&str>) {
        assert_eq!(version(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn versions_are_found_in_what_tools_print() {
        check_version("kind v0.33.0 go1.26.1 linux/amd64", Some("0.33.0"));
        check_version("Client Version: v1.34.4\nKustomize Version: v5.7.1", Some("1.34.4"));
        check_version("v4.3.1+g1234567", Some("4.3.1"));
        check_version("k6 v1.8.1 (go1.26, linux/amd64)", Some("1.8.1"));
        check_version("Docker version 20.10.24+dfsg1, build 297e128", Some("20.10.24"));
        check_version("iptables v1.8.9 (nf_tables)", Some("1.8.9"));
        check_version("no version here, 7 times", None);
        check_version("", None);
    }

    #[test]
    fn a_capability_beyond_the_kernels_last_is_not_missing() {
        let full = "Name:\tx\nCapBnd:\t000001ffffffffff\n";
        assert_eq!(missing_capabilities(full, Some("40\n")), Some(vec![]));
        let old_kernel = "CapBnd:\t0000003fffffffff\n";
        assert_eq!(missing_capabilities(old_kernel, Some("37")), Some(vec![]));
        let trimmed = "CapBnd:\t000001fffeffffff\n";
        assert_eq!(missing_capabilities(trimmed, Some("40")), Some(vec!["CAP_SYS_RESOURCE".to_owned()]));
        assert_eq!(missing_capabilities("Name:\tx\n", Some("40")), None);
    }

    #[test]
    fn memory_is_in_bytes_and_absent_fields_stay_unknown() {
        let text = "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    8192 kB\n";
        assert_eq!(memory(text), (Some(16 << 20), Some(8 << 20)));
        assert_eq!(memory("MemTotal: lots\n"), (None, None));
    }

    #[test]
    fn the_soft_limit_of_open_files_counts() {
        assert_eq!(open_files("Limit Soft Hard\nMax open files            1024                 524288               files\n"), Some(1024));
        assert_eq!(open_files("Max open files   unlimited   unlimited   files"), Some(u64::MAX));
        assert_eq!(open_files(""), None);
    }

    #[test]
    fn a_module_is_there_when_loaded_or_built_in_and_loadable_when_only_on_disk() {
        let loaded = "br_netfilter 32768 0 - Live 0x0\noverlay 151552 0 - Live 0x0\n";
        assert_eq!(module("overlay", loaded, "", ""), (true, false));
        assert_eq!(module("overlay", "", "kernel/fs/overlayfs/overlay.ko\n", ""), (true, false));
        let dep = "kernel/net/bridge/br_netfilter.ko.zst: kernel/net/bridge/bridge.ko.zst\n";
        assert_eq!(module("br_netfilter", "", "", dep), (false, true));
        assert_eq!(module("bridge", "", "", dep), (false, false));
    }
}
