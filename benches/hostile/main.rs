//! What a stranger may send, growing: `cargo bench --bench hostile -- [NAME] [--all]`.
//!
//! Makes each kind of bomb at a quarter of a megabyte, at half, and at one, and runs `translate` and `lint` over it beside a sidecar and a
//! gateway; with `--all`, every command that reads manifests. Prints CPU time, the peak of memory (on Linux), and the limit that ended the
//! run, if one did. The goal: any megabyte of input ends within 10 s of CPU and 1 GB of memory, or by a limit; what does not is marked,
//! and so is what grows faster than its input.

#![allow(clippy::cast_precision_loss, clippy::print_stdout, clippy::disallowed_methods)]

mod kinds;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// The mesh that each bomb goes off in.
const MESH: &str = include_str!("mesh.yaml");
/// The size of the largest bombs, in bytes.
const SIZE: usize = 1 << 20;
/// What one megabyte of input may cost.
const SECONDS: f64 = 10.0;
const MEGABYTES: u64 = 1024;

/// What is run over each bomb; the second half with `--all` only.
const COMMANDS: &[&[&str]] =
    &[&["translate", "bomb.yaml", "mesh.yaml", "--out-dir", "out"], &["lint", "bomb.yaml", "mesh.yaml"]];
const OTHER_COMMANDS: &[&[&str]] = &[
    &["expand", "bomb.yaml", "mesh.yaml"],
    &["proxies", "bomb.yaml", "mesh.yaml"],
    &["settings", "bomb.yaml", "mesh.yaml"],
    &["show", "bomb.yaml", "mesh.yaml", "--proxy", "a.a"],
    &["diff", "mesh.yaml", "bomb.yaml"],
    &["diff", "mesh.yaml", "bomb.yaml", "-o", "unified"],
    &["diff", "bomb.yaml", "mesh.yaml", "--istio-version", "1.29..1.31"],
    &["why", "bomb.yaml", "mesh.yaml", "routes[80]", "--proxy", "a.a"],
    &["affects", "bomb.yaml", "mesh.yaml", "Service a/a"],
    &["graph", "bomb.yaml", "mesh.yaml"],
    &["report", "bomb.yaml", "mesh.yaml"],
    &["explain", "--from", "a.a", "bomb.yaml", "mesh.yaml", "http://a.a/"],
    &["test", "--init", "--manifests", "bomb.yaml", "--manifests", "mesh.yaml"],
];

/// A kind of bomb: its name, and what makes one of about that many bytes.
type Bomb = (&'static str, fn(usize) -> String);

const BOMBS: &[Bomb] = &[
    ("brackets", |size| "[".repeat(size)),
    ("dashes", |size| "- ".repeat(size / 2)),
    ("left-of-its-bracket", |size| format!("metadata:\n  a: [{}\n  ]\n", "\n0,".repeat(size / 3))),
    ("anchors", |size| {
        let open = (0..190).fold(String::new(), |mut out, level| {
            let _ = write!(out, "&a{level} [");
            out
        });
        format!("a: {open}{}{}", "1,".repeat(size / 2), "]".repeat(190))
    }),
    ("merges", |size| format!("a: &a {{x: 1}}\nb:\n{}", "  <<: *a\n".repeat(size / 9))),
    ("aliases", |size| {
        let document = format!("apiVersion: v1\nkind: X\nx: &a [{}]\ny: [{}]\n", "1,".repeat(1990), "*a,".repeat(198));
        documents(size, |_| document.clone())
    }),
    ("documents", |size| documents(size, |_| "a: 1\n".to_owned())),
    ("broken-documents", |size| documents(size, |_| "apiVersion: v1\nkind: Service\nmetadata: {name: [\n".to_owned())),
    ("unclosed-quote", |size| format!("a: \"{}", "x\n".repeat(size / 2))),
    ("unknown-fields", |size| {
        one("VirtualService", &json!({"hosts": ["a"], "http": many(size, 14, |at| json!({format!("rote{at}"): 1}))}))
    }),
    ("hosts", |size| {
        let hosts = many(size, 16, |at| json!(format!("x{at}.com")));
        one("VirtualService", &json!({"hosts": hosts, "http": [{"route": [{"destination": {"host": "a"}}]}]}))
    }),
    ("hosts-times-routes", |size| {
        let hosts = many(size / 2, 16, |at| json!(format!("x{at}.com")));
        let routes = many(
            size / 2,
            80,
            |_| json!({"match": [{"uri": {"prefix": "/"}}], "route": [{"destination": {"host": "a"}}]}),
        );
        one("VirtualService", &json!({"hosts": hosts, "http": routes}))
    }),
    ("patterns", |size| {
        let routes = many(
            size,
            100,
            |at| json!({"match": [{"uri": {"regex": format!("(\\pL{{{at}}}){{0,7}}")}}], "route": [{"destination": {"host": "a"}}]}),
        );
        one("VirtualService", &json!({"hosts": ["a"], "http": routes}))
    }),
    ("delegates", |size| {
        let matches = |of: usize| many(of, 25, |_| json!({"uri": {"prefix": "/"}}));
        let root = one(
            "VirtualService",
            &json!({"hosts": ["a"], "http": [{"match": matches(size / 2), "delegate": {"name": "d", "namespace": "a"}}]}),
        );
        let inner = object(
            "VirtualService",
            "d",
            &json!({"http": [{"match": matches(size / 2), "route": [{"destination": {"host": "a"}}]}]}),
        );
        format!("{root}\n---\n{inner}")
    }),
    ("virtual-services", |size| {
        documents(size, |at| {
            object(
                "VirtualService",
                &format!("v{at}"),
                &json!({"hosts": ["h.com"], "http": [{"route": [{"destination": {"host": "a"}}]}]}),
            )
        })
    }),
    ("gateways-times-routes", |size| {
        let gateways = size / 2 / 250;
        let routes = many(size / 4, 50, |_| json!({"route": [{"destination": {"host": "a"}}]}));
        let names: Vec<String> = (0..gateways).map(|at| format!("g{at}")).collect();
        let mut out = one("VirtualService", &json!({"hosts": ["*"], "gateways": names, "http": routes}));
        for name in names {
            let server = json!({"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]});
            let _ = write!(
                out,
                "\n---\n{}",
                object("Gateway", &name, &json!({"selector": {"app": "a"}, "servers": [server]}))
            );
        }
        out
    }),
    ("tls-servers", |size| {
        let servers = many(size, 150, |at| {
            json!({"port": {"number": 443, "name": format!("https-{at}"), "protocol": "HTTPS"}, "hosts": [format!("h{at}.com")],
                "tls": {"mode": "SIMPLE", "credentialName": format!("c{at}")}})
        });
        one("Gateway", &json!({"selector": {"app": "a"}, "servers": servers}))
    }),
    ("addresses-times-ports", |size| {
        let hosts = many(size / 3, 12, |at| json!(format!("x{at}.com")));
        let addresses = many(size / 3, 16, |at| json!(format!("10.{}.{}.0/24", at / 250 % 250, at % 250)));
        let ports =
            many(size / 3, 60, |at| json!({"number": at % 60_000 + 1, "name": format!("tcp-{at}"), "protocol": "TCP"}));
        one("ServiceEntry", &json!({"hosts": hosts, "addresses": addresses, "ports": ports, "resolution": "NONE"}))
    }),
    ("addresses", |size| {
        // Quadratic in what conflicts: a few hosts, addresses and ports.
        let side = (size / 1024).isqrt() * 2;
        let hosts: Vec<String> = (0..side).map(|at| format!("x{at}.com")).collect();
        let addresses: Vec<String> = (0..side).map(|at| format!("10.0.{at}.0/24")).collect();
        let ports: Vec<Value> =
            (1..=19).map(|port| json!({"number": port, "name": format!("tcp-{port}"), "protocol": "TCP"})).collect();
        one("ServiceEntry", &json!({"hosts": hosts, "addresses": addresses, "ports": ports, "resolution": "NONE"}))
    }),
    ("tcp-entries", |size| {
        documents(size, |at| {
            object(
                "ServiceEntry",
                &format!("s{at}"),
                &json!({"hosts": [format!("h{at}.com")], "addresses": [format!("10.{}.{}.1", at / 250, at % 250)],
                "ports": [{"number": 80, "name": "tcp", "protocol": "TCP"}], "resolution": "DNS"}),
            )
        })
    }),
    ("endpoints-times-hosts", |size| {
        let hosts = many(size / 2, 12, |at| json!(format!("h{at}.com")));
        let endpoints =
            many(size / 2, 26, |at| json!({"address": format!("10.{}.{}.{}", at / 62_500, at / 250 % 250, at % 250)}));
        one(
            "ServiceEntry",
            &json!({"hosts": hosts, "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}], "resolution": "STATIC", "endpoints": endpoints}),
        )
    }),
    ("subsets-times-hosts", |size| {
        let subsets = many(size / 2, 45, |at| json!({"name": format!("s{at}"), "labels": {"v": at.to_string()}}));
        let hosts = many(size / 2, 12, |at| json!(format!("h{at}.com")));
        let rule = object("DestinationRule", "d", &json!({"host": "*", "subsets": subsets}));
        let entry = one(
            "ServiceEntry",
            &json!({"hosts": hosts, "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}], "resolution": "DNS"}),
        );
        format!("{rule}\n---\n{entry}")
    }),
    ("policies", |size| {
        let rules = many(
            size,
            90,
            |at| json!({"from": [{"source": {"principals": [format!("x{at}")]}}], "to": [{"operation": {"paths": [format!("/{at}")]}}]}),
        );
        of("security.istio.io/v1", "AuthorizationPolicy", "p", &json!({"rules": rules}))
    }),
    ("patches", |size| {
        let patch = json!({"applyTo": "VIRTUAL_HOST", "patch": {"operation": "MERGE", "value": {"routes": [{"name": "x", "direct_response": {"status": 200}}]}}});
        of(
            "networking.istio.io/v1alpha3",
            "EnvoyFilter",
            "e",
            &json!({"configPatches": many(size, 140, |_| patch.clone())}),
        )
    }),
    ("filters", |size| {
        let patches = many(
            size,
            110,
            |at| json!({"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_FIRST", "value": {"name": format!("c{at}")}}}),
        );
        of("networking.istio.io/v1alpha3", "EnvoyFilter", "e", &json!({"configPatches": patches}))
    }),
    ("plugins", |size| {
        documents(size, |at| {
            of(
                "extensions.istio.io/v1alpha1",
                "WasmPlugin",
                &format!("w{at}"),
                &json!({"url": format!("oci://x/{at}")}),
            )
        })
    }),
    ("egress-listeners", |size| {
        let listeners = many(
            size,
            90,
            |at| json!({"port": {"number": at % 60_000 + 1, "name": format!("http-{at}"), "protocol": "HTTP"}, "hosts": ["*/*"]}),
        );
        one("Sidecar", &json!({"egress": listeners}))
    }),
    ("workloads-times-services", |size| {
        let mut out = documents(size / 2, |at| {
            let pod = MESH.rsplit("---\n").next().unwrap_or_default().replace("proxy, router", "proxy, sidecar");
            pod.replace("name: gateway,", &format!("name: p{at},"))
                .replace("10.0.0.2", &format!("10.1.{}.{}", at / 250, at % 250))
        });
        out += "\n---\n";
        out + &documents(size / 2, |at| {
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("s{at}"), "namespace": "a"},
                "spec": {"ports": [{"port": 80, "name": "http"}], "selector": {"app": "a"}}})
            .to_string()
        })
    }),
    ("replicas", |size| {
        documents(size, |at| {
            let template =
                json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}});
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": format!("d{at}"), "namespace": "a"},
                "spec": {"replicas": 1_000_000, "selector": {"matchLabels": {"app": "a"}}, "template": template}})
            .to_string()
        })
    }),
    ("long-expression", |size| {
        let logging = json!([{"filter": {"expression": vec!["true"; size / 6].join("||")}}]);
        of("telemetry.istio.io/v1", "Telemetry", "t", &json!({"accessLogging": logging}))
    }),
];

fn of(version: &str, kind: &str, name: &str, spec: &Value) -> String {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "a"}, "spec": spec}).to_string()
}

fn object(kind: &str, name: &str, spec: &Value) -> String {
    of("networking.istio.io/v1", kind, name, spec)
}

fn one(kind: &str, spec: &Value) -> String {
    object(kind, "x", spec)
}

/// As many values as `size` bytes hold of `each` bytes.
fn many(size: usize, each: usize, value: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..size / each).map(value).collect()
}

/// Documents until there are `size` bytes of them.
fn documents(size: usize, document: impl Fn(usize) -> String) -> String {
    let mut out = String::new();
    for at in 0.. {
        if out.len() >= size {
            break;
        }
        if at > 0 {
            out += "\n---\n";
        }
        out += &document(at);
    }
    out
}

/// What a run has cost, and how it ended.
struct Cost {
    /// User and system time, in seconds.
    cpu: f64,
    /// The peak of memory, in MB.
    memory: u64,
    /// The exit code, or nothing if a signal ended it.
    code: Option<i32>,
    /// The code of the limit that ended it.
    limit: Option<String>,
}

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = std::env::temp_dir().join("meshc-bench-hostile");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the temporary folder takes files");
    fs::write(folder.join("mesh.yaml"), MESH).expect("room on the disk");
    let mut over = 0;
    let others = if std::env::args().any(|argument| argument == "--all") { OTHER_COMMANDS } else { &[] };
    let bombs = BOMBS.iter().chain(kinds::BOMBS).chain(kinds::TEXTS);
    for (name, bomb) in bombs.filter(|(name, _)| filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()))) {
        for command in COMMANDS.iter().chain(others) {
            let costs = [4, 2, 1].map(|part| {
                fs::write(folder.join("bomb.yaml"), bomb(SIZE / part)).expect("room on the disk");
                run(&folder, command)
            });
            let [_, half, whole] = &costs;
            let mut marks = String::new();
            let is_much = whole.limit.is_none() && (whole.cpu > SECONDS || whole.memory > MEGABYTES);
            if is_much || !matches!(whole.code, Some(0..=2)) {
                marks += "  OVER";
                over += 1;
            } else if whole.limit.is_none() && whole.cpu > 1.0 && whole.cpu > 3.0 * half.cpu {
                marks += "  grows faster than its input";
            }
            let told = costs.map(|cost| {
                let ended = cost.limit.or_else(|| cost.code.is_none().then(|| "killed".to_owned()));
                format!("{:6.2} s {:5} MB {:20}", cost.cpu, cost.memory, ended.unwrap_or_default())
            });
            println!("{name:28} {:9} {}{marks}", command[0], told.join(" "));
        }
    }
    println!("{over} over the goal of {SECONDS} s and {MEGABYTES} MB");
    let _ = fs::remove_dir_all(&folder);
}

fn run(folder: &Path, command: &[&str]) -> Cost {
    let said = fs::File::create(folder.join("said")).expect("room on the disk");
    let mut meshc = Command::new(env!("CARGO_BIN_EXE_meshc"));
    meshc.current_dir(folder).args(command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
    let mut child = meshc.spawn().expect("the binary runs");
    let (cpu, memory) = watch(&mut child);
    let code = child.wait().expect("it is ours").code();
    let said = fs::read(folder.join("said")).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let limit = said.split(&['(', '[', ']', ')'][..]).find(|word| word.starts_with("limit-") && !word.contains(' '));
    Cost { cpu, memory, code, limit: limit.map(ToOwned::to_owned) }
}

/// Waits for the end; CPU seconds (of ticks of 10 ms) and the peak of memory in MB, as `/proc` had them last.
fn watch(child: &mut Child) -> (f64, u64) {
    let id = child.id();
    let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).unwrap_or_default();
    let (mut ticks, mut memory) = (0, 0);
    loop {
        // The name of the program, which may hold spaces, ends with the last bracket; then come 11 fields before the times.
        let stat = read("stat");
        let times = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
        ticks = ticks.max(times.map(|time| time.parse::<u64>().unwrap_or(0)).sum());
        let peak = read("status").lines().find_map(|line| {
            Some(line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().unwrap_or(0))
        });
        memory = memory.max(peak.unwrap_or(0) / 1024);
        if child.try_wait().expect("it is ours").is_some() {
            return (ticks as f64 / 100.0, memory);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
