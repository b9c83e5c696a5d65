//! A lab that runs with Docker: Envoy, upstreams that answer as the lab says, a script of its checks.
//!
//! Envoy and the upstreams share one network namespace, so each cluster leads to a loopback address
//! and the same files run without Docker too. Must not know: how the checks are asked (`verify`).

mod upstreams;
mod verify;

use super::bootstrap::Whole;
use super::bundle::{Bundle, HEAD, IMAGE, Names, add_files, noted, profile_note};
use super::tree::{field_mut, items_mut, list, map, set, socket, text};
use super::yaml_text::yaml_text;
use crate::lab::Contents;
use crate::model::lab::Lab;
use crate::model::yaml::Node;
use std::collections::BTreeSet;

/// Where the upstreams take questions of the script.
const CONTROL: u16 = 18999;
/// Where Envoy's admin interface listens.
const ADMIN: u16 = 9901;
/// The image that the upstreams run in.
const PYTHON: &str = "python:3.13-alpine";
/// The upstreams themselves.
const SERVER: &str = include_str!("compose/upstreams.py");

/// A cluster's name, and the addresses that its hosts listen on.
pub(super) type Listens = Vec<(String, Vec<(String, u16)>)>;

/// The bundle.
pub(super) fn compose(lab: &Lab, contents: &Contents, mut whole: Whole) -> Bundle {
    let mut bundle = Bundle::default();
    let mut notes = std::mem::take(&mut whole.notes);
    notes.extend(profile_note(lab));
    let port = whole.config.address.1;
    let listens = to_loopback(&mut whole, port, &mut notes);
    bundle.text("docker-compose.yaml", "");
    let names = add_files(&mut bundle, contents, &whole);
    let services = services(lab, &names, port);
    bundle.files[0].bytes = format!(
        "# Made from a lab of A Tour of Proxy-Wasm.\n{}",
        yaml_text(&services)
    )
    .into_bytes();
    bundle.text("envoy.yaml", format!("{HEAD}{}", yaml_text(&whole.tree)));
    bundle.text("upstreams.py", SERVER);
    let told = upstreams::told(lab, &whole, &names, &listens, &mut notes);
    bundle.text("upstreams.json", told);
    let script = verify::script(lab, &whole, &names, port, &mut bundle);
    bundle.text("verify.sh", script);
    if let Some(file) = bundle.files.last_mut() {
        file.executable = true;
    }
    bundle.text("README.md", readme(lab, port, &notes));
    bundle.notes = notes;
    bundle
}

/// Has Envoy listen on every address and find its upstreams on loopback ones.
fn to_loopback(whole: &mut Whole, port: u16, notes: &mut Vec<String>) -> Listens {
    let mut used = BTreeSet::new();
    let mut listens = Listens::new();
    // From every address, since the ports are published.
    set(
        &mut whole.tree,
        "admin",
        map([("address", socket("0.0.0.0", ADMIN))]),
    );
    let Some(resources) = field_mut(&mut whole.tree, "static_resources") else {
        return listens;
    };
    for listener in items_mut(resources, "listeners") {
        set(listener, "address", socket("0.0.0.0", port));
    }
    let clusters = items_mut(resources, "clusters").iter_mut();
    for (cluster, known) in clusters.zip(&whole.config.clusters) {
        let hosts: Vec<(String, u16)> = known
            .hosts
            .iter()
            .map(|(host, at)| free(host, *at, port, &mut used))
            .collect();
        for ((was, at), (is, now)) in known.hosts.iter().zip(&hosts) {
            if (was, at) != (is, now) {
                notes.push(format!(
                    "The host {was}:{at} of the cluster `{}` is {is}:{now} here.",
                    known.name
                ));
            }
        }
        if hosts != known.hosts {
            set(cluster, "type", text("STATIC"));
        }
        let mut moved = hosts.iter();
        let assignment = field_mut(cluster, "load_assignment");
        for group in assignment.map_or(&mut [][..], |node| items_mut(node, "endpoints")) {
            for host in items_mut(group, "lb_endpoints") {
                if let (Some(endpoint), Some((address, at))) =
                    (field_mut(host, "endpoint"), moved.next())
                {
                    set(endpoint, "address", socket(address, *at));
                }
            }
        }
        listens.push((known.name.clone(), hosts));
    }
    listens
}

/// A loopback address that nobody else listens on: the host's own when it is one.
fn free(host: &str, port: u16, listener: u16, used: &mut BTreeSet<(String, u16)>) -> (String, u16) {
    let own = host
        .parse::<std::net::Ipv4Addr>()
        .is_ok_and(|ip| ip.is_loopback());
    // Ports below 1024 are not everybody's, and these three are taken on every address.
    let port = match port {
        0..1024 => port + 10_000,
        taken if [listener, ADMIN, CONTROL].contains(&taken) => taken.wrapping_add(20_000),
        port => port,
    };
    let others = (1..=254).map(|n| format!("127.0.1.{n}"));
    let mut addresses = own.then(|| host.to_owned()).into_iter().chain(others);
    let found = addresses.find(|address| used.insert((address.clone(), port)));
    (found.unwrap_or_else(|| "127.0.2.1".to_owned()), port)
}

fn services(lab: &Lab, names: &Names, port: u16) -> Node {
    let ports = [port, CONTROL, ADMIN].map(|port| text(format!("127.0.0.1:{port}:{port}")));
    let words = |words: &[&str]| list(words.iter().map(|word| text(*word)));
    let mut lies = vec![
        "./upstreams.py:/lab/upstreams.py:ro".to_owned(),
        "./upstreams.json:/lab/upstreams.json:ro".to_owned(),
    ];
    let urls = names.iter().filter(|(path, _)| !path.starts_with('/'));
    lies.extend(urls.map(|(_, name)| format!("./{name}:/lab/{name}:ro")));
    let upstreams = map([
        ("image", text(PYTHON)),
        (
            "command",
            words(&["python3", "/lab/upstreams.py", "/lab/upstreams.json"]),
        ),
        ("volumes", list(lies.into_iter().map(text))),
        // Envoy lives in this service's network, so its ports are published here.
        ("ports", list(ports)),
    ]);
    let mut lies = vec!["./envoy.yaml:/etc/envoy/envoy.yaml:ro".to_owned()];
    let files = names.iter().filter(|(path, _)| path.starts_with('/'));
    lies.extend(files.map(|(path, name)| format!("./{name}:{path}:ro")));
    let concurrency = lab.concurrency.to_string();
    let command = [
        "envoy",
        "-c",
        "/etc/envoy/envoy.yaml",
        "--concurrency",
        &concurrency,
        "--file-flush-interval-msec",
        "100",
        "--component-log-level",
        "wasm:trace",
    ];
    let envoy = map([
        ("image", text(IMAGE)),
        ("network_mode", text("service:upstreams")),
        ("depends_on", words(&["upstreams"])),
        ("command", words(&command)),
        ("volumes", list(lies.into_iter().map(text))),
    ]);
    map([(
        "services",
        map([("upstreams", upstreams), ("envoy", envoy)]),
    )])
}

fn readme(lab: &Lab, port: u16, notes: &[String]) -> String {
    let title = match lab.name.as_str() {
        "" => "A lab",
        name => name,
    };
    format!(
        "# {title}, with Docker\n\n\
         ```sh\n./verify.sh\n```\n\n\
         starts the upstreams and an Envoy for each scenario, sends the lab's requests with curl and checks what the lab expects. \
         What cannot be seen from outside stands in the script as a comment, with the reason. \
         `./verify.sh --local` does the same without Docker, with `envoy` and `python3` from your PATH.\n\n\
         To look around yourself:\n\n\
         ```sh\ndocker compose up -d\ncurl -i http://127.0.0.1:{port}/\ndocker compose logs envoy\n```\n\n\
         Envoy's admin interface is <http://127.0.0.1:{ADMIN}/>.\n{}",
        noted(notes)
    )
}
