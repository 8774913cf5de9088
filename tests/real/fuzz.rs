//! Hostile input for as long as one likes: `tests/torture/fuzz MINUTES`. Manifests, stacks and components as YAML, and journals.
//!
//! No coverage tool: good inputs are cut, spliced and broken at random, and journal lines get their checksum put right again half of the time so
//! that what lies behind it is reached. A crash, an input that takes more than a second, or memory above the bound ends it with `short`.

#![expect(clippy::unwrap_used, reason = "helpers of tests say what they expect")]

use labctl::catalog::yaml::{self, Duplicates};
use labctl::engine::journal::Reader;
use labctl::model::component::Component;
use labctl::model::run::{Event, RunState};
use labctl::model::stack::Stack;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Milliseconds of one input.
const SLOWEST: u128 = 1000;
/// MiB of the whole process.
const LARGEST: u64 = 500;
/// Bytes of an input.
const LENGTH: usize = 64 << 10;
/// After so long without an end an input hangs.
const HANGS: Duration = Duration::from_secs(30);

const JOURNAL: &[u8] = include_bytes!("../../src/app/demo/up.jsonl");

const GOOD: &[&str] = &[
    include_str!("../../stacks/lite.yaml"),
    include_str!("../../manifests/loki/component.yaml"),
    include_str!("../../manifests/prometheus/component.yaml"),
    "apiVersion: v1\nkind: List\nitems:\n- {kind: A, metadata: {name: x}, v: &a [1, 0x1F, .5, yes]}\n- kind: B\n  <<: {k: 1}\n  w: *a\n---\n# c\na: |\n  x\n  y\nb: >-\n  z\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}, \"data\": {\"a\": \"\\u00e9\", \"b\": 1e3}}{\"a\": 1}\n",
    "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\n",
    "? a\n: !!binary aGk=\n? 'b'\n: !!timestamp 2001-01-01\n\"c\\x41\\u263a\": [a, {b: c, ? d}, !own e, '', \"\"]\n",
];

const PIECES: &[&str] = &[
    "---\n",
    "...\n",
    "- ",
    ": ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "<<: *a\n",
    "!!int ",
    "!!binary ",
    "! ",
    "|\n",
    ">-\n",
    "|9+\n",
    "\t",
    "\r\n",
    "'",
    "\"",
    "\\",
    "#",
    "%TAG ! x\n",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "0x",
    "1e999",
    ".inf",
    "~",
    "{\"a\":",
    "\\u0000",
    "kind: List\nitems:\n",
    "  ",
    "\n\n",
    "a: ",
    "[[[[[[[[[[[[[[[[",
    "{a: {a: {a: {a: ",
    "\"seq\":",
    "\"kind\":\"step\"",
    "18446744073709551616",
    "-1",
    "null",
    "\"\"",
];

/// Times one input that was kept: `LABCTL_FUZZ_FILE=… cargo test --test real -- --ignored --nocapture fuzz::one_input`.
#[test]
#[ignore = "torture: LABCTL_FUZZ_FILE names an input that was kept"]
fn one_input_again() {
    let input = std::fs::read(std::env::var("LABCTL_FUZZ_FILE").expect("LABCTL_FUZZ_FILE")).unwrap();
    let text = String::from_utf8_lossy(&input);
    let say = |what: &str, started: Instant| println!("{what}: {} ms", started.elapsed().as_millis());
    let started = Instant::now();
    let _read = yaml::read(&text, Duplicates::LastWins);
    say("manifest", started);
    let started = Instant::now();
    let _read = yaml::typed::<Stack>("a", &text);
    say("stack", started);
    let started = Instant::now();
    let _read = yaml::typed::<Component>("a", &text);
    say("component", started);
    let started = Instant::now();
    run(&Target::Journal, &input);
    say("journal", started);
}

enum Target {
    Yaml,
    Journal,
}

#[test]
#[ignore = "torture: tests/torture/fuzz MINUTES"]
fn nothing_hostile_crashes_hangs_or_fills_the_memory() {
    let minutes: f64 = std::env::var("LABCTL_FUZZ_MINUTES").ok().and_then(|text| text.parse().ok()).expect("tests/torture/fuzz MINUTES");
    let seed: u64 = std::env::var("LABCTL_TORTURE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed} (LABCTL_TORTURE_SEED={seed} repeats it)");
    let until = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let (say, hear) = channel();
    std::panic::set_hook(Box::new(|_| {}));
    // on a thread of its own: one that hangs cannot be ended, but it can be told
    std::thread::spawn(move || {
        let mut random = StdRng::seed_from_u64(seed);
        while Instant::now() < until {
            let target = if random.random_bool(0.5) { Target::Yaml } else { Target::Journal };
            let input = input(&mut random, &target);
            if say.send((input.clone(), None)).is_err() {
                return;
            }
            let ended = timed(&target, &input);
            if say.send((input, Some(ended))).is_err() {
                return;
            }
        }
    });
    let (mut executions, mut slowest, mut trouble, mut told) = (0_u64, 0, Vec::new(), Instant::now());
    let mut current = Vec::new();
    loop {
        match hear.recv_timeout(HANGS) {
            Ok((input, None)) => current = input,
            Ok((input, Some(Some(took)))) => {
                executions += 1;
                slowest = slowest.max(took);
                if took > SLOWEST {
                    trouble.push(keep("slow", &input));
                }
            }
            Ok((input, Some(None))) => {
                executions += 1;
                trouble.push(keep("crash", &input));
            }
            Err(RecvTimeoutError::Timeout) => {
                trouble.push(keep("hang", &current));
                break;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if told.elapsed() > Duration::from_mins(1) {
            told = Instant::now();
            println!("{executions} executions, slowest {slowest} ms, peak RSS {} MB, {} in trouble", peak(), trouble.len());
        }
    }
    let _hook = std::panic::take_hook();
    for file in &trouble {
        println!("in trouble: {file}");
    }
    let well = trouble.is_empty() && peak() < LARGEST && executions > 0;
    println!(
        "fuzz {executions} executions in {minutes} min, {} crashes or hangs, slowest input {slowest} ms, peak RSS {} MB (must 0, {SLOWEST} ms, {LARGEST} MB)  {}",
        trouble.len(),
        peak(),
        if well { "ok" } else { "short" }
    );
    assert!(well);
}

/// Milliseconds of processor time, since a busy machine is no fault of the input's; `None` after a panic.
fn timed(target: &Target, input: &[u8]) -> Option<u128> {
    let worked = || {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        u128::from(now.tv_sec.unsigned_abs()) * 1000 + u128::from(now.tv_nsec.unsigned_abs()) / 1_000_000
    };
    let started = worked();
    catch_unwind(AssertUnwindSafe(|| run(target, input))).ok().map(|()| worked() - started)
}

fn run(target: &Target, input: &[u8]) {
    match target {
        Target::Yaml => {
            let text = String::from_utf8_lossy(input);
            for duplicates in [Duplicates::LastWins, Duplicates::Refused] {
                if let Err(error) = yaml::read(&text, duplicates) {
                    assert!(!error.to_string().is_empty() && error.line >= 1);
                }
            }
            let _read = yaml::typed::<Stack>("a", &text).map(drop).map_err(|error| error.to_string());
            let _read = yaml::typed::<Component>("a", &text).map(|component| component.source.problem()).map_err(|error| error.to_string());
        }
        Target::Journal => {
            let mut reader = Reader::new(BufReader::new(input), Path::new("fuzz"));
            let events: Vec<Event> = reader.by_ref().map(Result::unwrap).collect();
            assert!(reader.good() <= input.len() as u64);
            let state = RunState::fold(&events);
            let _unfinished = state.is_unfinished();
        }
    }
}

fn input(random: &mut StdRng, target: &Target) -> Vec<u8> {
    let mut bytes = match target {
        Target::Yaml => GOOD[random.random_range(0..GOOD.len())].as_bytes().to_vec(),
        Target::Journal => {
            let lines: Vec<&[u8]> = JOURNAL.split_inclusive(|byte| *byte == b'\n').collect();
            let many = random.random_range(1..40.min(lines.len()));
            let from = if random.random_bool(0.5) { 0 } else { random.random_range(0..lines.len() - many) };
            lines[from..from + many].concat()
        }
    };
    for _ in 0..random.random_range(0..12) {
        mutate(random, &mut bytes);
    }
    bytes.truncate(LENGTH);
    if matches!(target, Target::Journal) && random.random_bool(0.5) { checked_again(&bytes) } else { bytes }
}

fn mutate(random: &mut StdRng, bytes: &mut Vec<u8>) {
    let at = random.random_range(0..=bytes.len());
    let end = (at + random.random_range(0..200)).min(bytes.len());
    match random.random_range(0..8) {
        0 => drop(bytes.drain(at..end)),
        1 => bytes.truncate(at),
        2 => {
            let copy = bytes[at..end].to_vec();
            let to = random.random_range(0..=bytes.len());
            let times = random.random_range(1..20);
            bytes.splice(to..to, copy.repeat(times));
        }
        3 if at < bytes.len() => bytes[at] = random.random(),
        4 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
        5 => {
            let other = GOOD[random.random_range(0..GOOD.len())].as_bytes();
            let from = random.random_range(0..other.len());
            bytes.splice(at..at, other[from..].iter().copied().take(300));
        }
        6 => {
            let piece = PIECES[random.random_range(0..PIECES.len())].as_bytes();
            let times = if random.random_bool(0.05) { random.random_range(1..3000) } else { random.random_range(1..4) };
            bytes.splice(at..at, piece.repeat(times));
        }
        _ => {
            let piece = PIECES[random.random_range(0..PIECES.len())].as_bytes();
            bytes.splice(at..end, piece.iter().copied());
        }
    }
}

/// The same lines with checksums that fit.
fn checked_again(bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let json = line.strip_suffix(b"\n").unwrap_or(line).get(9..).unwrap_or_default();
        all.extend_from_slice(format!("{:08x} ", crc32fast::hash(json)).as_bytes());
        all.extend_from_slice(json);
        all.push(b'\n');
    }
    all
}

fn keep(what: &str, input: &[u8]) -> String {
    let file = std::env::temp_dir().join(format!("labctl-fuzz-{what}-{:08x}", crc32fast::hash(input)));
    std::fs::write(&file, input).unwrap();
    file.display().to_string()
}

/// The most memory this process ever had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}
